use std::time::Duration;

use super::*;
use crate::cluster::testing::{Server, kinds, object, until};
use crate::json::json;

const CLAIM: &str = "PersistentVolumeClaim";
const CLAIMS: &str = "persistentvolumeclaims";

fn watch(server: &Server, names: &[&str]) -> Facts {
    let pace = Pace {
        first: Duration::from_millis(5),
        most: Duration::from_millis(20),
        recheck: Duration::from_millis(20),
    };
    Facts::watch_at(server.client(), kinds(names), pace)
}

/// Whether the claim is there.
fn claim(facts: &Facts, name: &str) -> Result<bool, Why> {
    let found = facts.get(&Key::new(CLAIM, "", Some("photos"), name));
    found
        .map(|object| object.is_some())
        .map_err(|unknown| unknown.why)
}

fn claims(facts: &Facts, namespace: Option<&str>) -> (Vec<String>, Option<Why>) {
    let listing = facts.list(&Query {
        kind: GroupKind::parse(CLAIM),
        namespace: namespace.map(str::to_owned),
    });
    let name = |object: &Arc<Value>| object["metadata"]["name"].as_str().unwrap().to_owned();
    let names = listing.items.iter().map(name).collect();
    (names, listing.missing.map(|unknown| unknown.why))
}

fn standing(facts: &Facts, kind: &str) -> Standing {
    let kind = GroupKind::parse(kind);
    facts
        .status()
        .into_iter()
        .find(|status| status.kind == kind)
        .unwrap()
        .standing
}

fn server() -> Server {
    let server = Server::new(&[CLAIM, "StorageClass.storage.k8s.io"]);
    server.create(
        CLAIMS,
        object("photos", "library", json!({"spec": {"volumeName": "pv"}})),
    );
    server.create(CLAIMS, object("other", "library", json!({})));
    server
}

#[tokio::test]
async fn objects_come_change_and_go() {
    let server = server();
    let facts = watch(&server, &[CLAIM, "StorageClass.storage.k8s.io"]);
    // No other task has run yet.
    assert_eq!(claim(&facts, "library"), Err(Why::NotSynced));
    assert_eq!(claims(&facts, None), (Vec::new(), Some(Why::NotSynced)));
    assert!(!facts.is_synced());
    until("everything is synced", || facts.is_synced()).await;
    assert_eq!(
        (claim(&facts, "library"), claim(&facts, "none")),
        (Ok(true), Ok(false))
    );
    assert_eq!(claims(&facts, Some("photos")), (vec!["library".into()], None));
    assert_eq!(claims(&facts, None).0.len(), 2);
    let body = facts
        .get(&Key::new(CLAIM, "", Some("photos"), "library"))
        .unwrap()
        .unwrap();
    assert_eq!(
        (&body["kind"], &body["spec"]["volumeName"]),
        (&json!(CLAIM), &json!("pv"))
    );
    server.create(CLAIMS, object("photos", "database", json!({})));
    until("the new claim is known", || claim(&facts, "database") == Ok(true)).await;
    server.delete(CLAIMS, "library");
    until("the old claim is gone", || claim(&facts, "library") == Ok(false)).await;
    // Of cluster-scoped kinds a namespace in the question means nothing.
    server.create("storageclasses", object("", "fast", json!({})));
    let class = |namespace| facts.get(&Key::new("StorageClass", "storage.k8s.io", namespace, "fast"));
    until("the class is known", || {
        class(None).is_ok_and(|class| class.is_some())
    })
    .await;
    assert!(class(Some("photos")).unwrap().is_some());
}

#[tokio::test]
async fn other_kinds_and_secrets_are_not_watched() {
    let server = server();
    server.install("Secret");
    let facts = watch(&server, &[CLAIM, "Secret"]);
    until("everything is synced", || facts.is_synced()).await;
    let why = |kind: &str| {
        facts
            .get(&Key::new(kind, "", Some("photos"), "a"))
            .unwrap_err()
            .why
    };
    assert_eq!((why("ConfigMap"), why("Secret")), (Why::NotWatched, Why::Secret));
    let unplaced = facts.get(&Key::new(CLAIM, "", None, "library")).unwrap_err();
    assert_eq!(unplaced.why, Why::NotGiven);
    assert_eq!(facts.status().len(), 1);
    assert!(!server.requests().iter().any(|uri| uri.contains("secrets")));
}

#[tokio::test]
async fn what_is_forbidden_is_asked_for_again() {
    let server = server();
    server.refuse(CLAIMS, 403);
    let facts = watch(&server, &[CLAIM]);
    until("it is refused", || standing(&facts, CLAIM) == Standing::Forbidden).await;
    assert_eq!(claim(&facts, "library"), Err(Why::Forbidden));
    assert_eq!(
        facts.status()[0].error.as_deref(),
        Some("persistentvolumeclaims: refused with 403")
    );
    assert!(facts.is_synced());
    server.refuse(CLAIMS, 0);
    until("it is allowed", || claim(&facts, "library") == Ok(true)).await;
    assert_eq!(facts.status()[0].error, None);
    // Permission that is withdrawn is noticed when the watch begins anew.
    server.refuse(CLAIMS, 403);
    server.cut(CLAIMS);
    until("it is refused again", || {
        claim(&facts, "library") == Err(Why::Forbidden)
    })
    .await;
}

#[tokio::test]
async fn a_kind_that_is_not_installed_has_no_objects() {
    let server = server();
    let facts = watch(&server, &["Cluster.postgresql.cnpg.io"]);
    until("it is looked for", || facts.is_synced()).await;
    assert_eq!(
        standing(&facts, "Cluster.postgresql.cnpg.io"),
        Standing::NotInstalled
    );
    let database = || facts.get(&Key::new("Cluster", "postgresql.cnpg.io", Some("photos"), "db"));
    assert!(database().unwrap().is_none());
    let kind = GroupKind::parse("Cluster.postgresql.cnpg.io");
    let listing = facts.list(&Query {
        kind,
        namespace: None,
    });
    assert!(listing.items.is_empty() && listing.missing.is_none());
    // Between the definition and the first list nothing is known, and nothing absent.
    server.refuse("clusters", 503);
    server.install("Cluster.postgresql.cnpg.io");
    server.create("clusters", object("photos", "db", json!({})));
    until("it is being listed", || {
        database().is_err_and(|unknown| unknown.why == Why::NotSynced)
    })
    .await;
    server.refuse("clusters", 0);
    until("it is found", || database().is_ok_and(|found| found.is_some())).await;
}

#[tokio::test]
async fn what_was_known_stays_while_a_lost_watch_is_found_again() {
    let server = server();
    let facts = watch(&server, &[CLAIM]);
    until("everything is synced", || facts.is_synced()).await;
    server.refuse(CLAIMS, 503);
    server.cut(CLAIMS);
    until("the loss is noticed", || facts.status()[0].error.is_some()).await;
    assert_eq!(
        (claim(&facts, "library"), standing(&facts, CLAIM)),
        (Ok(true), Standing::Synced)
    );
    server.refuse(CLAIMS, 0);
    until("it is watched again", || {
        let before = claim(&facts, "late") == Ok(true);
        if !before {
            server.delete_if_there(CLAIMS, "late");
            server.create(CLAIMS, object("photos", "late", json!({})));
        }
        before
    })
    .await;
    assert_eq!(facts.status()[0].error, None);
}

#[tokio::test]
async fn a_watch_that_is_too_old_begins_anew() {
    let server = server();
    let facts = watch(&server, &[CLAIM]);
    until("everything is synced", || facts.is_synced()).await;
    let lists = || {
        server
            .requests()
            .iter()
            .filter(|uri| uri.contains("limit=500"))
            .count()
    };
    assert_eq!(lists(), 1);
    until("it is listed again", || {
        server.expire_watch(CLAIMS);
        lists() > 1
    })
    .await;
    until("it is synced", || claim(&facts, "library") == Ok(true)).await;
}

#[tokio::test]
async fn a_watch_that_cannot_be_taken_up_begins_anew() {
    let server = server();
    let facts = watch(&server, &[CLAIM]);
    until("everything is synced", || facts.is_synced()).await;
    server.refuse_watches(CLAIMS, 410);
    server.cut(CLAIMS);
    server.delete_if_there(CLAIMS, "library");
    until("the loss is noticed by a new list", || {
        claim(&facts, "library") == Ok(false)
    })
    .await;
    server.refuse_watches(CLAIMS, 0);
    until("the error is over", || facts.status()[0].error.is_none()).await;
}

#[tokio::test]
async fn other_policies_ask_for_other_kinds() {
    let server = server();
    let facts = watch(&server, &[CLAIM]);
    until("everything is synced", || facts.is_synced()).await;
    facts.changed(kinds(&[CLAIM, "StorageClass.storage.k8s.io"]));
    // What was watched goes on.
    assert_eq!(claim(&facts, "library"), Ok(true));
    until("everything is synced", || facts.is_synced()).await;
    assert_eq!(standing(&facts, "StorageClass.storage.k8s.io"), Standing::Synced);
    facts.changed(kinds(&["StorageClass.storage.k8s.io"]));
    assert_eq!(claim(&facts, "library"), Err(Why::NotWatched));
    assert_eq!(facts.status().len(), 1);
}
