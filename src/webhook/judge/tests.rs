use super::*;
use crate::json::json;
use crate::kube::GroupKind;
use crate::policy::{LoadOptions, load};
use crate::rfc6902::Operation as Op;
use crate::source::Source;
use crate::world::Unwatched;

/// The embedded pack, configured.
fn rules(config: &str) -> Rules {
    let config = Source::new(
        "config",
        format!("apiVersion: fixative.dev/v1alpha1\nkind: Config\n{config}"),
    );
    let options = LoadOptions {
        config: Some(config),
        ..LoadOptions::default()
    };
    Rules::new(load(&options).unwrap())
}

/// A Deployment of the Immich server as the API server sends it: defaulted, with the library on a claim.
fn server() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "immich-server", "namespace": "photos"},
        "spec": {"replicas": 1, "strategy": {"type": "Recreate"}, "selector": {"matchLabels": {"app": "immich"}}, "template": {
            "metadata": {"labels": {"app": "immich"}},
            "spec": {
                "enableServiceLinks": true,
                "containers": [{
                    "name": "main", "image": "ghcr.io/immich-app/immich-server:v2.6.3",
                    "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                }],
                "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "library"}}],
            },
        }},
        "status": {},
    })
}

/// The library where no volume is mounted: nothing can repair that.
fn adrift() -> Value {
    let mut object = server();
    object["spec"]["template"]["spec"]["enableServiceLinks"] = json!(false);
    object["spec"]["template"]["spec"]["containers"][0]["volumeMounts"][0]["mountPath"] = json!("/elsewhere");
    object
}

struct Call {
    operation: &'static str,
    object: Value,
    old: Value,
    namespace: &'static str,
    sub_resource: Option<&'static str>,
}

fn create(object: Value) -> Call {
    Call {
        operation: "CREATE",
        object,
        old: Value::Null,
        namespace: "photos",
        sub_resource: None,
    }
}

fn update(old: Value, object: Value) -> Call {
    Call {
        operation: "UPDATE",
        old,
        ..create(object)
    }
}

/// As the server does it, which must be the same whether the object is read with the envelope or later.
fn judged_in(body: &str, webhook: Webhook, rules: &Rules, world: &dyn World) -> Judged {
    let body = bytes::Bytes::copy_from_slice(body.as_bytes());
    let judged = |request: &Request| match concerns(request, rules, Some("fixative")) {
        Some(operation) => judge(webhook, operation, request, rules, world, &Allowance::default()).unwrap(),
        None => Judged::default(),
    };
    let at_once = Request::read_with(&body, |head| wish(head, &body, rules, Some("fixative"))).unwrap();
    assert!(!matches!(at_once.object, Some(Object::Text(_))));
    let (at_once, later) = (judged(&at_once), judged(&Request::read(&body).unwrap()));
    assert_eq!(
        (&at_once.answer, &at_once.findings),
        (&later.answer, &later.findings)
    );
    at_once
}

fn judged_by(rules: &Rules, webhook: Webhook, call: &Call) -> Judged {
    let text = |key: &str| call.object[key].as_str().unwrap_or_default().to_owned();
    let (group, version) = match text("apiVersion").split_once('/') {
        Some((group, version)) => (group.to_owned(), version.to_owned()),
        None => (String::new(), text("apiVersion")),
    };
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "kind": {"group": group, "version": version, "kind": text("kind")},
        "name": "n", "namespace": call.namespace, "operation": call.operation, "subResource": call.sub_resource,
        "userInfo": {"username": "admin"}, "object": call.object, "oldObject": call.old, "dryRun": false,
    }});
    let body = review.to_string();
    judged_in(&body, webhook, rules, &Unwatched)
}

fn mutate(call: &Call) -> Vec<Op> {
    judged_by(&rules(""), Webhook::Mutate, call).answer.patch
}

fn validate(call: &Call) -> Answer {
    judged_by(&rules(""), Webhook::Validate, call).answer
}

fn links_off() -> Vec<Op> {
    vec![Op::Replace {
        path: "/spec/template/spec/enableServiceLinks".into(),
        value: json!(false),
    }]
}

#[test]
fn a_new_object_is_repaired_by_the_least_operations() {
    assert_eq!(mutate(&create(server())), links_off());
    let mut repaired = server();
    repaired["spec"]["template"]["spec"]["enableServiceLinks"] = json!(false);
    assert_eq!(mutate(&create(repaired.clone())), []);
    assert_eq!(validate(&create(repaired)).denied, None);
}

#[test]
fn a_probe_is_told_that_it_was_seen() {
    let mut probe = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "probe", "annotations": {"fixative.dev/probe": ""}},
        "spec": {"replicas": 0, "template": {"spec": {"containers": [{"name": "probe", "image": "probe"}]}}},
    });
    let rules = rules("");
    let warnings = |object: &Value, webhook| {
        judged_by(&rules, webhook, &create(object.clone()))
            .answer
            .warnings
    };
    for webhook in Webhook::ALL {
        let policies = rules.set.digest.to_string();
        assert_eq!(
            warnings(&probe, webhook),
            [Answered { webhook, policies }.to_string()]
        );
    }
    probe["metadata"]["annotations"] = json!({"another": "fixative.dev/probe"});
    assert_eq!(warnings(&probe, Webhook::Validate), [] as [&str; 0]);
}

#[test]
fn what_somebody_wrote_and_is_changed_is_said_and_what_is_added_is_not() {
    let said = judged_by(&rules(""), Webhook::Mutate, &create(server()))
        .answer
        .warnings;
    let expected = "fixative set spec.template.spec.enableServiceLinks to false (was true) \
                    (service-links/disable: Immich pods get no service-link variables)";
    assert_eq!(said, [expected]);
    let mut silent = server();
    silent["spec"]["template"]["spec"]
        .as_object_mut()
        .unwrap()
        .shift_remove("enableServiceLinks");
    let answer = judged_by(&rules(""), Webhook::Mutate, &create(silent)).answer;
    assert!(answer.warnings.is_empty() && answer.audit["repairs"].contains("service-links/disable"));
}

#[test]
fn what_cannot_be_repaired_is_denied_with_policy_and_place() {
    let denied = validate(&create(adrift())).denied.unwrap();
    assert!(
        denied.starts_with("media-location/mounted: Immich v2.6.3 writes to /data"),
        "{denied}"
    );
    assert!(
        denied.contains("(spec.template.spec.containers[name=main])"),
        "{denied}"
    );
}

#[test]
fn r1_the_owner_decides() {
    for mut object in [server(), adrift()] {
        object["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "x/v1", "kind": "Release", "name": "r", "uid": "1", "controller": true}]);
        assert_eq!(mutate(&create(object.clone())), []);
        let answer = validate(&create(object));
        assert_eq!(answer.denied, None);
        assert!(!answer.warnings.is_empty());
    }
}

#[test]
fn r2_an_update_is_judged_by_what_it_changes() {
    let mut labelled = server();
    labelled["metadata"]["labels"] = json!({"team": "home"});
    labelled["spec"]["replicas"] = json!(2);
    assert_eq!(mutate(&update(server(), labelled.clone())), []);
    assert_eq!(validate(&update(server(), labelled)).denied, None);
    let mut changed = server();
    changed["spec"]["template"]["metadata"]["annotations"] = json!({"restartedAt": "now"});
    assert_eq!(mutate(&update(server(), changed)), links_off());
}

#[test]
fn r3_what_was_wrong_before_is_no_reason_to_deny() {
    let mut scaled = adrift();
    scaled["spec"]["template"]["metadata"]["annotations"] = json!({"restartedAt": "now"});
    let answer = validate(&update(adrift(), scaled));
    assert_eq!(answer.denied, None);
    assert!(
        answer
            .warnings
            .iter()
            .any(|it| it.contains("media-location/mounted")),
        "{:?}",
        answer.warnings
    );
    let mut good = server();
    good["spec"]["template"]["spec"]["enableServiceLinks"] = json!(false);
    assert!(
        validate(&update(good, adrift())).denied.is_some(),
        "a new wrong is denied"
    );
}

#[test]
fn r5_factual_repairs_are_reported_unless_they_are_switched_on() {
    let world: Value = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "library", "namespace": "photos"},
        "spec": {"accessModes": ["ReadWriteOnce"], "volumeName": "pv"}});
    let mut facts = crate::world::Objects::default();
    facts.add(Arc::new(world));
    let mut rolling = server();
    rolling["spec"]["strategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}});
    let body = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "kind": {"group": "apps", "version": "v1", "kind": "Deployment"}, "namespace": "photos",
        "operation": "CREATE", "object": rolling}})
    .to_string();
    let strategy = |rules: &Rules| {
        let judged = judged_in(&body, Webhook::Mutate, rules, &facts);
        judged.answer.patch.iter().any(|it| matches!(it, Op::Replace { path, .. } | Op::Add { path, .. } | Op::Remove { path } if path.starts_with("/spec/strategy")))
    };
    assert!(!strategy(&rules("")));
    assert!(strategy(&rules("admission: {factualRepairs: true}")));
    let held = judged_in(&body, Webhook::Validate, &rules(""), &facts);
    assert!(held.answer.denied.unwrap().contains("rollout-strategy"));
}

#[test]
fn r5_a_repair_by_what_a_config_map_says_is_factual_too() {
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "photos"},
        "data": {"IMMICH_MEDIA_LOCATION": "/old"}});
    let mut facts = crate::world::Objects::default();
    facts.add(Arc::new(map));
    let mut object = server();
    let container = &mut object["spec"]["template"]["spec"]["containers"][0];
    container["envFrom"] = json!([{"configMapRef": {"name": "settings"}}]);
    container["volumeMounts"][0]["mountPath"] = json!("/old");
    let moves = |object: &Value, config: &str| {
        let body = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "u", "kind": {"group": "apps", "version": "v1", "kind": "Deployment"}, "namespace": "photos",
            "operation": "CREATE", "object": object}})
        .to_string();
        let rules = rules(&format!(
            "policies: {{media-location: {{params: {{path: /new}}}}}}\n{config}"
        ));
        let judged = judged_in(&body, Webhook::Mutate, &rules, &facts);
        judged
            .answer
            .audit
            .get("repairs")
            .is_some_and(|it| it.contains("media-location"))
    };
    assert!(!moves(&object, ""));
    assert!(moves(&object, "admission: {factualRepairs: true}"));
    let container = &mut object["spec"]["template"]["spec"]["containers"][0];
    container["env"] = json!([{"name": "IMMICH_MEDIA_LOCATION", "value": "/old"}]);
    assert!(moves(&object, ""), "what the object says itself is local");
}

#[test]
fn r9_what_cannot_be_changed_is_held() {
    let pod = |links: bool, image: &str| {
        let mut pod = server()["spec"]["template"].clone();
        pod["apiVersion"] = json!("v1");
        pod["kind"] = json!("Pod");
        pod["metadata"]["name"] = json!("immich");
        pod["spec"]["enableServiceLinks"] = json!(links);
        pod["spec"]["containers"][0]["image"] = json!(image);
        pod
    };
    let (old, new) = ("immich-server:v2.6.3", "immich-server:v2.6.4");
    assert_eq!(mutate(&update(pod(true, old), pod(true, new))), []);
    let warnings = validate(&update(pod(true, old), pod(true, new))).warnings;
    assert!(
        warnings.iter().any(|it| it.contains("service-links")),
        "{warnings:?}"
    );
}

#[test]
fn what_must_pass_passes() {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut object = adrift();
        change(&mut object);
        object
    };
    let leaving = with(&|it| it["metadata"]["deletionTimestamp"] = json!("2026-11-21T00:00:00Z"));
    let mut mirror = server()["spec"]["template"].clone();
    mirror["apiVersion"] = json!("v1");
    mirror["kind"] = json!("Pod");
    mirror["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "1"});
    let calls = [
        create(leaving.clone()),
        update(adrift(), leaving),
        create(mirror),
        Call {
            namespace: "kube-system",
            ..create(adrift())
        },
        Call {
            namespace: "fixative",
            ..create(adrift())
        },
        Call {
            operation: "DELETE",
            ..create(adrift())
        },
        Call {
            sub_resource: Some("status"),
            ..update(server(), adrift())
        },
        Call {
            sub_resource: Some("scale"),
            ..update(server(), adrift())
        },
    ];
    for call in calls {
        assert_eq!(mutate(&call), [], "{}", call.object);
        assert_eq!(validate(&call), Answer::default(), "{}", call.object);
    }
}

#[test]
fn a_lost_repair_is_a_warning_and_is_counted() {
    let judged = judged_by(&rules(""), Webhook::Validate, &create(server()));
    assert_eq!(judged.lost_repairs, 1);
    assert_eq!(judged.answer.denied, None);
    assert!(judged.answer.warnings[0].contains("a repair is missing"));
}

#[test]
fn kinds_that_hold_the_cluster_are_judged_only_by_name() {
    let namespace = GroupKind::new("Namespace", "");
    let policy = "apiVersion: fixative.dev/v1alpha1\nkind: Policy\nmetadata: {name: labelled}\nspec:\n  title: t\n  description: d\n  severity: low\n  action: Warn\n  subject: Object\n  match: {kinds: [Namespace]}\n  rules:\n  - {name: a, assert: \"has(object.metadata.labels)\"}\n";
    let with = |config: &str| {
        let packs = vec![crate::policy::PackSource {
            origin: "mine".into(),
            files: vec![Source::new("labelled.yaml", policy)],
            tests: Vec::new(),
        }];
        let config = Source::new("config", format!("kind: Config\n{config}"));
        Rules::new(
            load(&LoadOptions {
                config: Some(config),
                packs: Some(packs),
                ..LoadOptions::default()
            })
            .unwrap(),
        )
    };
    assert!(!with("").may_concern(&namespace));
    assert!(with("admission: {kinds: [Namespace]}").may_concern(&namespace));
    assert!(!with("admission: {kinds: [Namespace]}").may_concern(&GroupKind::new("Pod", "")));
}

#[test]
fn a_patch_that_the_api_server_could_not_make_is_told() {
    let before = json!({"spec": {"list": [1, 2], "a": 1}});
    let at = |path: &[&str]| {
        path.iter()
            .fold(crate::pointer::Pointer::root(), |at, key| match key.parse() {
                Ok(index) => at.index(index),
                Err(_) => at.key(*key),
            })
    };
    let add = |path: &[&str]| Change {
        pointer: at(path),
        action: Action::Add(json!(0)),
    };
    let replace = |path: &[&str], old: Value| Change {
        pointer: at(path),
        action: Action::Replace { old, new: json!(0) },
    };
    let remove = |path: &[&str], old: Value| Change {
        pointer: at(path),
        action: Action::Remove { old },
    };
    let cases = [
        (add(&["spec", "b"]), true),
        (add(&["spec", "list", "2"]), true),
        (add(&["spec", "list", "3"]), false),
        (add(&["spec", "missing", "b"]), false),
        (add(&["spec", "a"]), false),
        (add(&["spec", "a", "b"]), false),
        (replace(&["spec", "a"], json!(1)), true),
        (replace(&["spec", "a"], json!(2)), false),
        (replace(&["spec", "b"], json!(null)), false),
        (remove(&["spec", "list", "0"], json!(1)), true),
        (remove(&["spec", "list", "2"], json!(1)), false),
    ];
    for (change, expected) in cases {
        assert_eq!(fits(&before, &change), expected, "{change:?}");
    }
}
