//! `fixative probe`: whether the API server's calls reach the webhook, asked with no more than the right to create
//! Deployments in one namespace.

use std::process::Command;

use serde_json::json;

use crate::api::Api;
use crate::plane::plane;
use crate::process::FIXATIVE;
use crate::registration::FailurePolicy;
use crate::room::room;
use crate::streams::run;
use crate::webhook::{Settings, Webhook};

const BOTH: &str = "fixative answers the probe: mutate by policies DIGEST
fixative answers the probe: validate by policies DIGEST
";

/// Asks as the ServiceAccount `default` of the room: status, answer, what it said.
fn probe(room: &Api, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(FIXATIVE);
    command
        .env_clear()
        .arg("probe")
        .args(["--namespace", &room.namespace])
        .arg("--kubeconfig")
        .arg(plane().kubeconfig_of(room, "default"))
        .args(arguments);
    let (status, stdout, said) = run(&mut command, b"");
    (status, String::from_utf8(stdout).unwrap(), said)
}

/// The room's ServiceAccount may create Deployments.
fn allow(room: &Api) {
    let kind = |kind: &str| json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": "probe"}});
    let mut role = kind("Role");
    role["rules"] = json!([{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["create"]}]);
    room.create(&role).accepts();
    let mut binding = kind("RoleBinding");
    binding["roleRef"] = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "probe"});
    binding["subjects"] = json!([{"kind": "ServiceAccount", "name": "default", "namespace": room.namespace}]);
    room.create(&binding).accepts();
}

#[test]
fn it_tells_who_was_called_and_leaves_nothing() {
    let room = room("probe");
    allow(&room);
    let settings = Settings {
        failure: FailurePolicy::Ignore,
        ..Settings::default()
    };
    let mut webhook = Webhook::start(&room, settings);
    let digest = webhook.digests().remove(0);
    let (status, answer, said) = probe(&room, &["--wait", "20"]);
    assert_eq!(
        (status, answer),
        (Some(0), BOTH.replace("DIGEST", &digest)),
        "{said}"
    );

    // The object gets in all the same when nobody is called, and that is not taken for an answer.
    webhook.unregister_validation();
    let only = |name: &str| format!("fixative answers the probe: {name} by policies {digest}\n");
    crate::process::wait(std::time::Duration::from_secs(20), "one webhook less", || {
        let (status, answer, said) = probe(&room, &[]);
        let is_told = said.contains("nobody answered for validate");
        (status == Some(1) && answer == only("mutate") && is_told).then_some(())
    });
    let (status, ..) = probe(&room, &["--webhook", "mutate"]);
    assert_eq!(status, Some(0));
    webhook.kill_replica();
    let (status, answer, said) = probe(&room, &[]);
    assert_eq!((status, answer.as_str()), (Some(1), ""), "{said}");
    assert!(said.contains("nobody answered for mutate and validate"), "{said}");
    assert!(room.list("apps/v1", "Deployment").is_empty());
}

#[test]
fn without_the_right_nothing_is_told() {
    let room = room("probe-forbidden");
    let (status, answer, said) = probe(&room, &[]);
    assert_eq!((status, answer.as_str()), (Some(2), ""), "{said}");
    assert!(
        said.contains("in namespace probe-forbidden: deployments.apps is forbidden"),
        "{said}"
    );
}
