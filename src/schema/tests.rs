use proptest::prelude::*;

use super::*;
use crate::change;
use crate::json::{Value, json};
use crate::kube::Gvk;
use crate::pointer::{Pointer, Token};

fn deployment() -> Type {
    of(&Gvk::new("apps/v1", "Deployment"))
}

pub(super) fn pod_spec() -> Type {
    pod_template().field("spec")
}

/// A patch as a policy writes it: null is absent, `"$null"` an explicit null.
fn patch(value: &Value) -> Patch {
    match value {
        Value::Null => Patch::Absent,
        Value::String(text) if text == "$null" => Patch::Value(Value::Null),
        Value::Object(map) => Patch::Map(
            map.iter()
                .map(|(key, value)| (key.to_string(), patch(value)))
                .collect(),
        ),
        Value::Array(items) => Patch::List(items.iter().map(patch).collect()),
        other => Patch::Value(other.clone()),
    }
}

#[track_caller]
fn merges(ty: Type, target: Value, with: Value, expected: Value) {
    let mut merged = target.clone();
    merge(ty, &mut merged, &patch(&with)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        merged.to_string(),
        expected.to_string(),
        "{target} merged with {with}"
    );
    let mut twice = merged.clone();
    merge(ty, &mut twice, &patch(&with)).unwrap();
    assert_eq!(twice, merged, "a second time");
}

#[test]
fn the_table_knows_lists_keys_and_types() {
    let container = pod_spec().field("containers").items();
    let cases = [
        (pod_spec().field("containers"), ListKind::Map(&["name"])),
        (
            container.field("ports"),
            ListKind::Map(&["containerPort", "protocol"]),
        ),
        (container.field("volumeMounts"), ListKind::Map(&["mountPath"])),
        (container.field("args"), ListKind::Atomic),
        (pod_spec().field("tolerations"), ListKind::Atomic),
        (pod_spec().field("volumes"), ListKind::Map(&["name"])),
        (
            of(&Gvk::new("v1", "Service"))
                .field("metadata")
                .field("finalizers"),
            ListKind::Set,
        ),
    ];
    for (ty, kind) in cases {
        assert_eq!(ty.list_kind(), kind);
    }
    assert_eq!(container.field("ports").key_default("protocol"), Some("TCP"));
    assert_eq!(pod_spec().has_field("enableServiceLinks"), Some(true));
    assert_eq!(pod_spec().has_field("enableServiceLink"), Some(false));
    let cluster = of(&Gvk::new("postgresql.cnpg.io/v1", "Cluster"));
    assert_eq!(cluster.field("spec").has_field("bootstrap"), None);
    assert_eq!(
        cluster.field("spec").field("affinity").field("nodeAffinity"),
        pod_spec().field("affinity").field("nodeAffinity")
    );
    assert_eq!(of(&Gvk::new("example.com/v1", "Thing")), Type::UNKNOWN);
    assert_ne!(of(&Gvk::new("apps/v1beta2", "Deployment")), Type::UNKNOWN);
}

/// After `strategicpatch`'s and kyaml's cases: maps, keyed lists, sets, atomic lists, removal.
#[test]
fn merges_are_strategic() {
    let spec = pod_spec();
    merges(
        spec,
        json!({}),
        json!({"enableServiceLinks": false}),
        json!({"enableServiceLinks": false}),
    );
    merges(
        spec,
        json!({"enableServiceLinks": true, "a": 1}),
        json!({"enableServiceLinks": false}),
        json!({"enableServiceLinks": false, "a": 1}),
    );
    merges(
        spec,
        json!({"nodeSelector": {"a": "1"}}),
        json!({"nodeSelector": {"b": "2"}}),
        json!({"nodeSelector": {"a": "1", "b": "2"}}),
    );
    merges(
        spec,
        json!({"nodeSelector": {"a": "1", "b": "2"}}),
        json!({"nodeSelector": {"a": null}}),
        json!({"nodeSelector": {"b": "2"}}),
    );
    merges(
        spec,
        json!({"nodeSelector": null}),
        json!({"nodeSelector": {"b": "2"}}),
        json!({"nodeSelector": {"b": "2"}}),
    );
    merges(spec, json!({}), json!({"nodeSelector": {"a": null}}), json!({}));
    merges(
        spec,
        json!({"tolerations": [{"key": "a"}]}),
        json!({"tolerations": [{"key": "b"}]}),
        json!({"tolerations": [{"key": "b"}]}),
    );
    merges(
        spec,
        json!({"containers": [{"name": "a", "image": "x"}, {"name": "b"}]}),
        json!({"containers": [{"name": "c", "image": "z"}, {"name": "b", "image": "y"}]}),
        json!({"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}, {"name": "c", "image": "z"}]}),
    );
    merges(
        spec,
        json!({"containers": [{"name": "a", "env": [{"name": "X", "valueFrom": {"fieldRef": {"fieldPath": "f"}}}]}]}),
        json!({"containers": [{"name": "a", "env": [{"name": "X", "value": "1", "valueFrom": null}]}]}),
        json!({"containers": [{"name": "a", "env": [{"name": "X", "value": "1"}]}]}),
    );
    let metadata = deployment().field("metadata");
    merges(
        metadata,
        json!({"finalizers": ["a"]}),
        json!({"finalizers": ["a", "b"]}),
        json!({"finalizers": ["a", "b"]}),
    );
    merges(
        Type::UNKNOWN,
        json!({"l": [{"name": "a"}]}),
        json!({"l": [{"name": "b"}], "m": {"x": 1}}),
        json!({"l": [{"name": "b"}], "m": {"x": 1}}),
    );
}

/// Two items of one key are one, in a list that is made anew as in one that is there.
#[test]
fn items_of_one_key_are_one() {
    let container = pod_spec().field("containers").items();
    let twice = json!({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}, {"name": "A", "value": "3"}]});
    let once = json!({"env": [{"name": "A", "value": "3"}, {"name": "B", "value": "2"}]});
    merges(container, json!({}), twice.clone(), once.clone());
    merges(container, json!({"env": null}), twice.clone(), once.clone());
    merges(container, json!({"env": []}), twice.clone(), once);
    merges(
        pod_spec(),
        json!({}),
        json!({"containers": [{"name": "a", "image": "x"}, {"name": "a", "ports": [{"containerPort": 1}, {"containerPort": 1, "protocol": "TCP", "name": "p"}]}]}),
        json!({"containers": [{"name": "a", "image": "x", "ports": [{"containerPort": 1, "protocol": "TCP", "name": "p"}]}]}),
    );
    merges(
        deployment(),
        json!({"metadata": {"name": "a"}}),
        json!({"metadata": {"finalizers": ["a", "b", "a"]}}),
        json!({"metadata": {"name": "a", "finalizers": ["a", "b"]}}),
    );
    // Atomic lists are as they are written.
    merges(
        container,
        json!({}),
        json!({"args": ["a", "a"]}),
        json!({"args": ["a", "a"]}),
    );
}

/// An explicit null goes along with a change of the map that it stands in, and is none alone.
#[test]
fn explicit_nulls_go_along() {
    let spec = deployment().field("spec");
    let recreate = json!({"strategy": {"type": "Recreate", "rollingUpdate": "$null"}});
    let done = json!({"strategy": {"type": "Recreate", "rollingUpdate": null}});
    let strategy = |strategy: Value| json!({ "strategy": strategy });
    for before in [
        strategy(json!({"type": "RollingUpdate"})),
        strategy(json!({"type": "RollingUpdate", "rollingUpdate": {}})),
        strategy(json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}})),
        strategy(json!({"type": "RollingUpdate", "rollingUpdate": null})),
        strategy(json!({})),
        strategy(json!(null)),
        json!({}),
    ] {
        let mut merged = before.clone();
        merge(spec, &mut merged, &patch(&recreate)).unwrap();
        assert_eq!(merged, done, "{before}");
    }
    merges(
        spec,
        strategy(json!({"type": "Recreate"})),
        recreate.clone(),
        strategy(json!({"type": "Recreate"})),
    );
    merges(spec, done.clone(), recreate, done);
    merges(
        spec,
        strategy(json!({"type": "Recreate"})),
        strategy(json!({"rollingUpdate": "$null"})),
        strategy(json!({"type": "Recreate"})),
    );
}

#[test]
fn defaults_of_merge_keys_count() {
    let container = pod_spec().field("containers").items();
    merges(
        container,
        json!({"ports": [{"containerPort": 80, "name": "http"}]}),
        json!({"ports": [{"containerPort": 80, "protocol": "TCP", "hostPort": 8080}]}),
        json!({"ports": [{"containerPort": 80, "name": "http", "protocol": "TCP", "hostPort": 8080}]}),
    );
    merges(
        container,
        json!({"ports": [{"containerPort": 80, "protocol": "UDP"}]}),
        json!({"ports": [{"containerPort": 80, "name": "x"}]}),
        json!({"ports": [{"containerPort": 80, "protocol": "UDP"}, {"containerPort": 80, "name": "x"}]}),
    );
}

#[test]
fn what_is_equal_keeps_its_spelling() {
    let container = pod_spec().field("containers").items();
    merges(
        container,
        json!({"resources": {"limits": {"memory": "1024Mi", "cpu": 1}}}),
        json!({"resources": {"limits": {"memory": "1Gi", "cpu": "1000m"}}}),
        json!({"resources": {"limits": {"memory": "1024Mi", "cpu": 1}}}),
    );
    merges(
        deployment().field("spec"),
        json!({"strategy": null}),
        json!({"strategy": null}),
        json!({"strategy": null}),
    );
    merges(
        deployment().field("spec"),
        json!({"strategy": {"rollingUpdate": {"maxSurge": 1}}}),
        json!({"strategy": {"type": "Recreate", "rollingUpdate": "$null"}}),
        json!({"strategy": {"rollingUpdate": null, "type": "Recreate"}}),
    );
    merges(
        deployment().field("spec"),
        json!({}),
        json!({"strategy": {"type": "Recreate", "rollingUpdate": "$null"}}),
        json!({"strategy": {"type": "Recreate", "rollingUpdate": null}}),
    );
}

#[test]
fn of_duplicates_the_last_is_edited_and_it_is_said() {
    let mut target = json!({"env": [{"name": "X", "value": "1"}, {"name": "X", "value": "2"}]});
    let with = patch(&json!({"env": [{"name": "X", "value": "3"}]}));
    let notes = merge(pod_spec().field("containers").items(), &mut target, &with).unwrap();
    assert_eq!(
        target,
        json!({"env": [{"name": "X", "value": "1"}, {"name": "X", "value": "3"}]})
    );
    let said: Vec<&str> = notes.iter().map(|note| note.message.as_str()).collect();
    assert_eq!(
        said,
        ["several items are env[name=X]; the last one, which counts, was edited"]
    );
}

#[test]
fn what_cannot_be_merged_says_why() {
    let cases = [
        (
            json!({"containers": []}),
            json!({"containers": [{"image": "x"}]}),
            "an item for containers needs the key name",
        ),
        (
            json!({}),
            json!({"containers": [{"image": "x"}]}),
            "an item for containers needs the key name",
        ),
        (
            json!({"nodeSelector": "x"}),
            json!({"nodeSelector": {"a": "b"}}),
            "nodeSelector is the string \"x\", not a map",
        ),
        (
            json!({"containers": {}}),
            json!({"containers": [{"name": "x"}]}),
            "containers is a map, not a list",
        ),
    ];
    for (mut target, with, message) in cases {
        let error = merge(pod_spec(), &mut target, &patch(&with)).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn equality_is_semantic() {
    let container = pod_spec().field("containers").items();
    let same = [
        (
            container,
            json!({"resources": {"limits": {"cpu": "0.5"}}}),
            json!({"resources": {"limits": {"cpu": "500m"}}}),
        ),
        (container, json!({"env": null}), json!({})),
        (container, json!({"env": []}), json!({})),
        (container, json!({"resources": {}}), json!({})),
        (
            container,
            json!({"ports": [{"containerPort": 80}]}),
            json!({"ports": [{"containerPort": 80, "protocol": "TCP"}]}),
        ),
        (
            deployment(),
            json!({"spec": {"replicas": 1}}),
            json!({"spec": {"replicas": 1.0}}),
        ),
        (
            deployment(),
            json!({"spec": {"strategy": {"rollingUpdate": {"maxSurge": 1}}}}),
            json!({"spec": {"strategy": {"rollingUpdate": {"maxSurge": "1"}}}}),
        ),
    ];
    for (ty, a, b) in same {
        assert!(equal(ty, &a, &b) && equal(ty, &b, &a), "{a} and {b}");
    }
    let different = [
        (
            container,
            json!({"args": ["a", "b"]}),
            json!({"args": ["b", "a"]}),
        ),
        (container, json!({"image": ""}), json!({})),
        (
            container,
            json!({"resources": {"limits": {"cpu": "1"}}}),
            json!({"resources": {"limits": {"cpu": "1m"}}}),
        ),
        (
            container,
            json!({"env": [{"name": "A", "value": "1"}]}),
            json!({"env": [{"name": "A", "value": "01"}]}),
        ),
        (
            pod_spec(),
            json!({"hostNetwork": true}),
            json!({"hostNetwork": "true"}),
        ),
    ];
    for (ty, a, b) in different {
        assert!(!equal(ty, &a, &b), "{a} and {b}");
    }
}

#[test]
fn the_diff_is_small_and_keyed() {
    let before = json!({"containers": [{"name": "a", "args": ["1", "2", "3"]}, {"name": "b"}], "volumes": [{"name": "v"}]});
    let after = json!({"containers": [{"name": "x"}, {"name": "a", "args": ["1", "new", "2", "3"]}], "volumes": [{"name": "v"}], "hostNetwork": true});
    let changes = diff(pod_spec(), &before, &after);
    let shown: Vec<String> = changes
        .iter()
        .map(|change| format!("{} {:?}", change.pointer, change.action))
        .collect();
    insta::assert_debug_snapshot!(shown, @r#"
    [
        "/containers/1 Remove { old: Object {\"name\": String(\"b\")} }",
        "/containers/0 Add(Object {\"name\": String(\"x\")})",
        "/containers/0/args/1 Add(String(\"new\"))",
        "/hostNetwork Add(Bool(true))",
    ]
    "#);
}

#[test]
fn a_mount_that_moves_stays_the_same_item() {
    let before = json!({"volumeMounts": [{"name": "a", "mountPath": "/a"}, {"name": "b", "mountPath": "/b"}, {"name": "c", "mountPath": "/c"}]});
    let after = json!({"volumeMounts": [{"name": "a", "mountPath": "/x"}, {"name": "n", "mountPath": "/n"}, {"name": "b", "mountPath": "/b"}]});
    let container = pod_spec().field("containers").items();
    let changes = diff(container, &before, &after);
    let places: Vec<String> = changes.iter().map(|change| change.pointer.to_string()).collect();
    assert_eq!(
        places,
        ["/volumeMounts/2", "/volumeMounts/0/mountPath", "/volumeMounts/1"]
    );
    let mut made = before;
    change::apply(&mut made, &changes);
    assert_eq!(made, after);
}

#[test]
fn places_are_told_by_keys() {
    let root = json!({"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}],
        "volumeMounts": [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}, {"name": "w", "mountPath": "/c"}]}],
        "tolerations": [{"key": "x"}], "nodeSelector": {"a.b/c": "d"}}});
    let containers = Pointer::root().key("spec").key("containers").index(0);
    let cases = [
        (containers.key("image"), "spec.containers[name=a].image"),
        (
            containers.key("ports").index(1),
            "spec.containers[name=a].ports[containerPort=80,protocol=UDP]",
        ),
        (
            containers.key("volumeMounts").index(1),
            "spec.containers[name=a].volumeMounts[mountPath=/b]",
        ),
        (
            containers.key("volumeMounts").index(2),
            "spec.containers[name=a].volumeMounts[name=w]",
        ),
        (
            Pointer::root().key("spec").key("tolerations").index(0).key("key"),
            "spec.tolerations[0].key",
        ),
        (
            Pointer::root().key("spec").key("nodeSelector").key("a.b/c"),
            "spec.nodeSelector[\"a.b/c\"]",
        ),
    ];
    for (pointer, expected) in cases {
        assert_eq!(keyed_path(pod_template(), &root, &pointer).to_string(), expected);
    }
}

#[test]
fn misfits_are_named() {
    let cases = [
        (
            json!({"enableServiceLinks": "false"}),
            "enableServiceLinks must be a boolean, but is the string \"false\"",
        ),
        (
            json!({"containers": [{"name": "a", "image": 1}]}),
            "containers[name=a].image must be a string, but is the number 1",
        ),
        (
            json!({"containers": [{"name": "a", "resources": {"limits": {"cpu": "lots"}}}]}),
            "containers[name=a].resources.limits.cpu must be a quantity like 500m or 2Gi, but is the string \"lots\"",
        ),
        (
            json!({"tolerations": {}}),
            "tolerations must be a list, but is a map",
        ),
        (
            json!({"priority": 1.5}),
            "priority must be a whole number, but is the number 1.5",
        ),
        (
            json!({"enableServiceLink": false}),
            "there is no field enableServiceLink (did you mean enableServiceLinks?)",
        ),
    ];
    for (value, message) in cases {
        assert_eq!(check(pod_spec(), &value, true).unwrap_err().to_string(), message);
    }
    let fine = json!({"containers": [{"name": "a", "ports": [{"containerPort": 80}], "livenessProbe": {"httpGet": {"port": "http"}}, "env": null}]});
    assert_eq!(check(pod_spec(), &fine, true), Ok(()));
    assert_eq!(check(pod_spec(), &json!({"later": 1}), false), Ok(()));
}

#[test]
fn immutable_is_what_the_api_server_refuses() {
    let at = |steps: &[&str]| Pointer(steps.iter().map(|step| Token::Key((*step).into())).collect());
    let cases = [
        (
            "apps/v1",
            "Deployment",
            at(&["spec", "selector", "matchLabels"]),
            true,
        ),
        ("apps/v1", "Deployment", at(&["spec", "template", "spec"]), false),
        (
            "apps/v1",
            "StatefulSet",
            at(&["spec", "volumeClaimTemplates"]),
            true,
        ),
        ("apps/v1", "StatefulSet", at(&["spec", "template"]), false),
        ("batch/v1", "Job", at(&["spec", "template"]), true),
        (
            "v1",
            "PersistentVolumeClaim",
            at(&["spec", "storageClassName"]),
            true,
        ),
        (
            "v1",
            "PersistentVolumeClaim",
            at(&["metadata", "annotations"]),
            false,
        ),
        ("storage.k8s.io/v1", "StorageClass", at(&["provisioner"]), true),
        ("example.com/v1", "Thing", at(&["spec"]), false),
    ];
    for (api_version, kind, pointer, expected) in cases {
        assert_eq!(
            immutable(&Gvk::new(api_version, kind), &pointer),
            expected,
            "{kind} {pointer}"
        );
    }
}

fn leaf() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!("a"),
        json!("b"),
        json!("1Gi"),
        json!(1),
        json!(true),
        json!(null),
        json!({}),
        json!([]),
    ])
}

/// Pod specs with few names, so that lists share items.
pub(super) fn pod() -> impl Strategy<Value = Value> {
    let env =
        prop::collection::vec((prop::sample::select(vec!["A", "B", "C"]), leaf()), 0..3).prop_map(|all| {
            all.into_iter()
                .map(|(name, value)| json!({"name": name, "value": value}))
                .collect::<Value>()
        });
    let ports = prop::collection::vec((80..82, prop::option::of(Just("UDP"))), 0..3).prop_map(|all| {
        all.into_iter()
            .map(|(port, protocol)| json!({"containerPort": port, "protocol": protocol}))
            .collect::<Value>()
    });
    let args = prop::collection::vec(prop::sample::select(vec!["x", "y", "z"]), 0..4);
    let container = (prop::sample::select(vec!["m", "n", "o"]), env, ports, args)
        .prop_map(|(name, env, ports, args)| json!({"name": name, "env": env, "ports": ports, "args": args}));
    let mounts = prop::collection::vec(
        (
            prop::sample::select(vec!["v", "w"]),
            prop::sample::select(vec!["/a", "/b", "/c"]),
        ),
        0..4,
    )
    .prop_map(|all| {
        all.into_iter()
            .map(|(name, path)| json!({"name": name, "mountPath": path}))
            .collect::<Value>()
    });
    let container = (container, mounts).prop_map(|(mut container, mounts)| {
        container["volumeMounts"] = mounts;
        container
    });
    (prop::collection::vec(container, 0..3), leaf(), leaf())
        .prop_map(|(containers, a, b)| json!({"containers": containers, "nodeSelector": {"k": a}, "x": b}))
}

proptest! {
    #[test]
    fn a_diff_makes_the_other_value(before in pod(), after in pod()) {
        let mut made = before.clone();
        change::apply(&mut made, &diff(pod_spec(), &before, &after));
        prop_assert_eq!(made, after);
    }

    #[test]
    fn a_diff_of_anything_makes_the_other_value(before in pod(), after in pod()) {
        let mut made = before.clone();
        change::apply(&mut made, &diff(Type::UNKNOWN, &before, &after));
        prop_assert_eq!(made, after);
    }

    #[test]
    fn merging_twice_is_merging_once(target in pod(), with in pod()) {
        let mut once = target.clone();
        prop_assume!(merge(pod_spec(), &mut once, &patch(&with)).is_ok());
        let mut twice = once.clone();
        prop_assume!(merge(pod_spec(), &mut twice, &patch(&with)).is_ok());
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn equality_is_reflexive_and_symmetric(a in pod(), b in pod()) {
        prop_assert!(equal(pod_spec(), &a, &a));
        prop_assert_eq!(equal(pod_spec(), &a, &b), equal(pod_spec(), &b, &a));
    }
}
