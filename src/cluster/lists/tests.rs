use super::*;
use crate::cluster::testing::{Server, kinds, object};
use crate::json::json;

async fn read(server: &Server, names: &[&str], within: Within) -> Result<Inventory, ListError> {
    Inventory::read(&server.client(), &kinds(names), within, &mut |_, _| {}).await
}

fn with_claims(count: usize) -> Server {
    let server = Server::new(&[
        "PersistentVolumeClaim",
        "StorageClass.storage.k8s.io",
        "Namespace",
        "Secret",
    ]);
    // Not in the order of their names.
    for number in (0..count).rev() {
        let namespace = if number % 2 == 0 { "even" } else { "odd" };
        let name = format!("c{number:04}");
        server.create("persistentvolumeclaims", object(namespace, &name, json!({})));
    }
    server
}

fn names(inventory: &Inventory) -> Vec<String> {
    let name = |object: &Arc<Value>| {
        let metadata = &object["metadata"];
        [&metadata["namespace"], &metadata["name"]]
            .map(|text| text.as_str().unwrap_or("-").to_owned())
            .join("/")
    };
    inventory.all().map(name).collect()
}

#[tokio::test]
async fn everything_is_read_page_by_page_in_one_order() {
    let server = with_claims(1203);
    let mut seen = Vec::new();
    let client = server.client();
    let wanted = kinds(&["PersistentVolumeClaim"]);
    let inventory = Inventory::read(&client, &wanted, Within::Cluster, &mut |_, read| seen.push(read))
        .await
        .unwrap();
    assert_eq!(seen, [500, 1000, 1203]);
    let names = names(&inventory);
    assert_eq!(names.len(), 1203);
    assert!(names.is_sorted());
    assert_eq!(
        (names[0].as_str(), names[602].as_str()),
        ("even/c0000", "odd/c0001")
    );
    let first = inventory.all().next().unwrap();
    assert_eq!(first["apiVersion"], "v1");
    assert_eq!(first["kind"], "PersistentVolumeClaim");
}

#[tokio::test]
async fn expired_pages_begin_the_list_anew() {
    let server = with_claims(5);
    server.page(2);
    server.expire_pages("persistentvolumeclaims", 2);
    let inventory = read(&server, &["PersistentVolumeClaim"], Within::Cluster)
        .await
        .unwrap();
    assert_eq!(inventory.all().count(), 5);
    let lists = server
        .requests()
        .into_iter()
        .filter(|uri| uri.contains("persistentvolumeclaims"))
        .count();
    assert_eq!(lists, 2 + 2 + 3);
    server.expire_pages("persistentvolumeclaims", 100);
    let error = read(&server, &["PersistentVolumeClaim"], Within::Cluster)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot list every PersistentVolumeClaim: the provided continue parameter is too old"
    );
}

#[tokio::test]
async fn what_is_read_is_known_and_the_rest_says_why_not() {
    let server = with_claims(2);
    server.create("storageclasses", object("", "fast", json!({"provisioner": "x"})));
    server.install("PersistentVolume");
    server.refuse("persistentvolumes", 403);
    let asked = [
        "PersistentVolumeClaim",
        "PersistentVolume",
        "StorageClass.storage.k8s.io",
        "Cluster.postgresql.cnpg.io",
        "Secret",
    ];
    let inventory = read(&server, &asked, Within::Cluster).await.unwrap();
    assert!(!server.requests().iter().any(|uri| uri.contains("secrets")));
    assert_eq!(
        inventory.forbidden().map(ToString::to_string).collect::<Vec<_>>(),
        ["PersistentVolume"]
    );
    let get = |kind: &str, group: &str, namespace: Option<&str>, name: &str| {
        let found = inventory.get(&Key::new(kind, group, namespace, name));
        found
            .map(|object| object.is_some())
            .map_err(|unknown| unknown.to_string())
    };
    let claim = "PersistentVolumeClaim";
    assert_eq!(get(claim, "", Some("even"), "c0000"), Ok(true));
    assert_eq!(get(claim, "", Some("odd"), "c0000"), Ok(false));
    assert_eq!(
        get(claim, "", None, "c0000"),
        Err("PersistentVolumeClaim c0000 is not given".into())
    );
    assert_eq!(get("StorageClass", "storage.k8s.io", None, "fast"), Ok(true));
    assert_eq!(
        get("StorageClass", "storage.k8s.io", Some("even"), "fast"),
        Ok(true)
    );
    assert_eq!(get("StorageClass", "storage.k8s.io", None, "slow"), Ok(false));
    assert_eq!(
        get("Cluster", "postgresql.cnpg.io", Some("even"), "db"),
        Ok(false)
    );
    assert_eq!(
        get("PersistentVolume", "", None, "pv"),
        Err("PersistentVolume pv may not be read".into())
    );
    assert_eq!(
        get("ConfigMap", "", Some("a"), "b"),
        Err("ConfigMap a/b was not read from the cluster".into())
    );
    let secret = "the content of Secret a/b stands in a Secret, which is not read";
    assert_eq!(get("Secret", "", Some("a"), "b"), Err(secret.into()));
    let list = |kind: &str, namespace: Option<&str>| {
        let namespace = namespace.map(str::to_owned);
        let listing = inventory.list(&Query {
            kind: GroupKind::parse(kind),
            namespace,
        });
        (listing.items.len(), listing.missing.map(|unknown| unknown.why))
    };
    assert_eq!(list(claim, None), (2, None));
    assert_eq!(list(claim, Some("odd")), (1, None));
    assert_eq!(list("Cluster.postgresql.cnpg.io", None), (0, None));
    assert_eq!(list("PersistentVolume", None), (0, Some(Why::Forbidden)));
    assert_eq!(list("Secret", None), (0, Some(Why::Secret)));
    assert_eq!(list("ConfigMap", None), (0, Some(Why::NotRead)));
}

#[tokio::test]
async fn of_one_namespace_only_that_is_read() {
    let server = with_claims(4);
    server.create("namespaces", object("", "odd", json!({})));
    server.create("namespaces", object("", "even", json!({})));
    server.create("storageclasses", object("", "fast", json!({})));
    let asked = [
        "PersistentVolumeClaim",
        "Namespace",
        "StorageClass.storage.k8s.io",
    ];
    let inventory = read(&server, &asked, Within::Namespace("odd".into()))
        .await
        .unwrap();
    assert_eq!(names(&inventory), ["-/odd", "odd/c0001", "odd/c0003", "-/fast"]);
    let get = |namespace: &str, name: &str| {
        let found = inventory.get(&Key::new("PersistentVolumeClaim", "", Some(namespace), name));
        found
            .map(|object| object.is_some())
            .map_err(|unknown| unknown.why)
    };
    assert_eq!(get("odd", "c0001"), Ok(true));
    assert_eq!(get("odd", "gone"), Ok(false));
    assert_eq!(get("even", "c0000"), Err(Why::OtherNamespace));
    let kind = GroupKind::parse("PersistentVolumeClaim");
    let listing = inventory.list(&Query {
        kind,
        namespace: None,
    });
    let missing = listing.missing.map(|unknown| unknown.why);
    assert_eq!((listing.items.len(), missing), (2, Some(Why::OtherNamespace)));
}

#[tokio::test]
async fn any_other_failure_ends_it() {
    let server = with_claims(1);
    server.refuse("persistentvolumeclaims", 500);
    let error = read(&server, &["PersistentVolumeClaim"], Within::Cluster)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot list every PersistentVolumeClaim: persistentvolumeclaims: refused with 500"
    );
    server.refuse("persistentvolumeclaims", 403);
    let (claim, namespace, absent) = ("PersistentVolumeClaim", "Namespace", "Cluster.postgresql.cnpg.io");
    let inventory = read(&server, &[claim, namespace, absent], Within::Cluster)
        .await
        .unwrap();
    let cases: [(&[&str], bool); 5] = [
        (&[claim], true),
        (&[claim, absent], true),
        (&[claim, namespace], false),
        (&[absent], false),
        (&[], false),
    ];
    for (names, closed) in cases {
        assert_eq!(inventory.is_closed_to(&kinds(names)), closed, "{names:?}");
    }
}
