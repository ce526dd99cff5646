//! What the API server asks, when, and what it does without an answer.

use serde_json::{Value, json};

use crate::chart::{EVERYTHING, NAMESPACE, names, object, objects};

const KINDS: [(&str, &str); 2] = [
    ("mutate", "MutatingWebhookConfiguration"),
    ("validate", "ValidatingWebhookConfiguration"),
];

/// The one webhook of each configuration.
#[track_caller]
fn webhook<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let webhooks = object(objects, kind, "fixative")["webhooks"].as_array().unwrap();
    assert_eq!(webhooks.len(), 1);
    &webhooks[0]
}

#[test]
fn by_default_nothing_waits_for_it() {
    let objects = objects("");
    for ((name, kind), timeout) in KINDS.into_iter().zip([3, 5]) {
        let webhook = webhook(&objects, kind);
        assert_eq!(webhook["name"], format!("{name}.fixative.dev"));
        assert_eq!(webhook["failurePolicy"], "Ignore");
        assert_eq!(webhook["timeoutSeconds"], timeout);
        assert_eq!(webhook["admissionReviewVersions"], json!(["v1"]));
        assert_eq!(webhook["sideEffects"], "None");
        assert_eq!(webhook["matchPolicy"], "Equivalent");
        let service =
            json!({"name": "fixative", "namespace": NAMESPACE, "path": format!("/{name}"), "port": 443});
        assert_eq!(webhook["clientConfig"]["service"], service);
    }
    assert_eq!(webhook(&objects, KINDS[0].1)["reinvocationPolicy"], "IfNeeded");
    assert!(webhook(&objects, KINDS[1].1)["reinvocationPolicy"].is_null());
}

#[test]
fn its_own_namespace_and_the_systems_are_never_judged() {
    let not_in =
        |values: Value| json!({"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": values});
    for (values, expected) in [
        ("", json!([not_in(json!([NAMESPACE, "kube-system"]))])),
        (
            "webhook: {excludeNamespaces: [kube-system, a]}",
            json!([not_in(json!(["a", NAMESPACE, "kube-system"]))]),
        ),
        (
            EVERYTHING,
            json!([not_in(json!([NAMESPACE, "kube-system", "monitoring"])), {"key": "team", "operator": "Exists"}]),
        ),
    ] {
        let objects = objects(values);
        for (_, kind) in KINDS {
            assert_eq!(
                webhook(&objects, kind)["namespaceSelector"]["matchExpressions"],
                expected
            );
        }
    }
}

#[test]
fn owned_objects_and_those_that_go_are_not_even_asked_about() {
    let conditions = |values: &str, kind: &str| -> Vec<String> {
        let objects = objects(values);
        let conditions = webhook(&objects, kind)["matchConditions"]
            .as_array()
            .unwrap()
            .clone();
        conditions
            .iter()
            .map(|condition| condition["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let fixed = [
        "not-owned-by-a-controller",
        "not-being-deleted",
        "not-a-mirror-pod",
    ];
    for (_, kind) in KINDS {
        assert_eq!(conditions("", kind), fixed);
        assert_eq!(conditions(EVERYTHING, kind), [&fixed[..], &["mine"]].concat());
    }
}

#[test]
fn rules_hold_no_deletion_and_no_subresource() {
    let own = "webhook: {rules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]}";
    for values in ["", own] {
        let objects = objects(values);
        for (_, kind) in KINDS {
            let rules = webhook(&objects, kind)["rules"].as_array().unwrap();
            assert!(!rules.is_empty());
            for rule in rules {
                for operation in rule["operations"].as_array().unwrap() {
                    assert!(["CREATE", "UPDATE"].contains(&operation.as_str().unwrap()));
                }
                for resource in rule["resources"].as_array().unwrap() {
                    assert!(!resource.as_str().unwrap().contains('/'));
                }
            }
        }
    }
    let objects = objects(own);
    let expected = json!([{"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}]);
    assert_eq!(webhook(&objects, KINDS[0].1)["rules"], expected);
}

#[test]
fn each_door_is_configured_by_itself() {
    for ((on, kind), (off, gone)) in [(KINDS[0], KINDS[1]), (KINDS[1], KINDS[0])] {
        let values = format!(
            "webhook: {{{on}: {{failurePolicy: Fail, timeoutSeconds: 9}}, {off}: {{enabled: false}}}}"
        );
        let objects = objects(&values);
        let webhook = webhook(&objects, kind);
        assert_eq!(
            (&webhook["failurePolicy"], &webhook["timeoutSeconds"]),
            (&json!("Fail"), &json!(9))
        );
        assert!(!names(&objects).contains(&format!("{gone} fixative")));
    }
}

#[test]
fn a_selector_of_objects_is_a_choice() {
    let without = objects("");
    let with = objects(EVERYTHING);
    for (_, kind) in KINDS {
        assert!(webhook(&without, kind)["objectSelector"].is_null());
        let expected = json!({"matchLabels": {"judged": "please"}});
        assert_eq!(webhook(&with, kind)["objectSelector"], expected);
        let labels = &webhook(&with, kind)["namespaceSelector"]["matchLabels"];
        assert_eq!(*labels, json!({"fixative": "please"}));
    }
}

/// `helm template | kubectl apply` must not meet the empty configurations that a removal begins with.
#[test]
fn a_rendering_without_a_cluster_has_no_hooks_but_the_test() {
    let objects = objects(EVERYTHING);
    let hooks: Vec<&Value> = objects
        .iter()
        .map(|object| &object["metadata"]["annotations"]["helm.sh/hook"])
        .filter(|hook| !hook.is_null())
        .collect();
    assert!(
        !hooks.is_empty() && hooks.iter().all(|hook| *hook == "test"),
        "{hooks:?}"
    );
}
