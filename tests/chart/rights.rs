//! What the program may do in the cluster: each rule by name, or not at all.

use serde_json::{Value, json};

use crate::chart::{NAMESPACE, NO_API, names, object, objects};

/// All rules of a role, checked to be bound to the program's account and to nothing else.
#[track_caller]
fn rules(objects: &[Value], kind: &str, name: &str) -> Value {
    rules_of("fixative", objects, kind, name)
}

/// The rules of a role, which must be bound to this account.
fn rules_of(account: &str, objects: &[Value], kind: &str, name: &str) -> Value {
    let binding = object(objects, &format!("{kind}Binding"), name);
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name});
    assert_eq!(binding["roleRef"], role);
    let account = json!([{"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}]);
    assert_eq!(binding["subjects"], account);
    object(objects, kind, name)["rules"].clone()
}

/// Of the program; what `helm test` brings goes with it.
fn roles(objects: &[Value]) -> Vec<String> {
    let is_test = |object: &Value| object["metadata"]["annotations"]["helm.sh/hook"] == "test";
    let own: Vec<Value> = objects
        .iter()
        .filter(|object| !is_test(object))
        .cloned()
        .collect();
    let mut names = names(&own);
    names.retain(|name| name.starts_with("Role ") || name.starts_with("ClusterRole "));
    names
}

#[test]
fn by_default_it_may_do_three_things() {
    let objects = objects("");
    let expected = [
        "ClusterRole fixative-webhooks",
        "Role fixative-certificates",
        "Role fixative-events",
    ];
    assert_eq!(roles(&objects), expected);
    assert_eq!(
        rules(&objects, "ClusterRole", "fixative-webhooks"),
        json!([{
            "apiGroups": ["admissionregistration.k8s.io"],
            "resources": ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
            "resourceNames": ["fixative"],
            "verbs": ["get", "patch"],
        }])
    );
    assert_eq!(
        rules(&objects, "Role", "fixative-certificates"),
        json!([{"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["fixative-tls"], "verbs": ["get", "update", "patch"]}])
    );
    assert_eq!(
        rules(&objects, "Role", "fixative-events"),
        json!([{"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"]}])
    );
    // The rights by name are rights on what the chart makes.
    object(&objects, "Secret", "fixative-tls");
    object(&objects, "MutatingWebhookConfiguration", "fixative");
    object(&objects, "ValidatingWebhookConfiguration", "fixative");
}

#[test]
fn facts_are_only_read() {
    let objects = objects("facts: {enabled: true}");
    for rule in rules(&objects, "ClusterRole", "fixative-facts")
        .as_array()
        .unwrap()
    {
        assert_eq!(rule["verbs"], json!(["get", "list", "watch"]));
    }
    let own =
        "facts: {enabled: true, rules: [{apiGroups: [''], resources: [nodes], verbs: [get, list, watch]}]}";
    let objects = crate::chart::objects(own);
    let expected = json!([{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]}]);
    assert_eq!(rules(&objects, "ClusterRole", "fixative-facts"), expected);
}

#[test]
fn a_certificate_of_somebody_else_needs_no_right_on_secrets() {
    let objects = objects("certificates: {source: certManager}");
    assert_eq!(
        roles(&objects),
        ["ClusterRole fixative-webhooks", "Role fixative-events"]
    );
}

#[test]
fn without_the_api_server_there_is_no_token_and_no_role() {
    for (values, asks) in [("", true), ("facts: {enabled: true}", true), (NO_API, false)] {
        let objects = objects(values);
        let pod = &object(&objects, "Deployment", "fixative")["spec"]["template"]["spec"];
        assert_eq!(pod["automountServiceAccountToken"], asks);
        assert_eq!(roles(&objects).is_empty(), !asks);
        let variables = pod["containers"][0]["env"].as_array().unwrap();
        // It records Events on its own Pod where it knows the name.
        assert_eq!(
            variables.iter().any(|variable| variable["name"] == "POD_NAME"),
            asks
        );
        assert!(
            variables
                .iter()
                .any(|variable| variable["name"] == "POD_NAMESPACE")
        );
        let account = object(&objects, "ServiceAccount", "fixative");
        assert_eq!(account["automountServiceAccountToken"], false);
        let test = object(&objects, "Pod", "fixative-test");
        assert_eq!(test["spec"]["automountServiceAccountToken"], false);
    }
}

#[test]
fn a_test_may_create_deployments_where_it_tries_one_and_only_while_it_runs() {
    const NAME: &str = "fixative-test-webhook";
    let found = objects("test: {namespace: photos}");
    let expected = json!([{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["create"]}]);
    assert_eq!(rules_of(NAME, &found, "Role", NAME), expected);
    for kind in ["Role", "RoleBinding", "ServiceAccount"] {
        let metadata = &object(&found, kind, NAME)["metadata"];
        let namespace = if kind == "ServiceAccount" {
            NAMESPACE
        } else {
            "photos"
        };
        assert_eq!(metadata["namespace"], namespace, "{kind}");
        let policy = &metadata["annotations"]["helm.sh/hook-delete-policy"];
        assert_eq!(policy, "before-hook-creation,hook-succeeded", "{kind}");
    }
    let pod = &object(&found, "Pod", NAME)["spec"];
    assert_eq!(pod["serviceAccountName"], NAME);
    let arguments = [
        "probe",
        "--namespace=photos",
        "--wait=30",
        "--webhook=mutate",
        "--webhook=validate",
    ];
    assert_eq!(pod["containers"][0]["args"], json!(arguments));
    for off in [
        "test: {namespace: ''}",
        "test: {enabled: false}",
        "webhook: {mutate: {enabled: false}, validate: {enabled: false}}",
    ] {
        assert!(
            !names(&objects(off)).iter().any(|name| name.contains(NAME)),
            "{off}"
        );
    }
}
