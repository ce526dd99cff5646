//! `fixative audit` of a real cluster: what came in before there was a webhook, with no more rights than
//! `policies rbac` prints.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::api::Api;
use crate::objects::{deployment, good_pod, linked_pod, unmounted_pod};
use crate::plane::plane;
use crate::process::{FIXATIVE, wait};
use crate::room::room;
use crate::streams::run;
use crate::yaml::objects;

/// The program in an empty folder: status, answer, what it said.
fn fixative(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(FIXATIVE);
    command
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .args(arguments);
    let (status, stdout, said) = run(&mut command, b"");
    (status, String::from_utf8(stdout).unwrap(), said)
}

/// What denies or warns: `Deny service-links/disable Deployment/linked`.
fn findings(report: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(report).unwrap();
    let all = report["findings"].as_array().unwrap().iter();
    let mut said: Vec<String> = all
        .filter(|finding| finding["action"] != "Audit")
        .map(|finding| {
            let text = |pointer: &str| finding.pointer(pointer).unwrap().as_str().unwrap();
            format!(
                "{} {}/{} {}/{}",
                text("/action"),
                text("/policy"),
                text("/rule"),
                text("/object/kind"),
                text("/object/name")
            )
        })
        .collect();
    said.sort();
    said
}

/// A kubeconfig that may do what `policies rbac --door audit` prints, in the whole cluster.
fn auditor(room: &Api, folder: &Path) -> String {
    let (status, rules, said) = fixative(folder, &["policies", "rbac", "--door", "audit"]);
    assert_eq!(status, Some(0), "{said}");
    let [rules] = &objects(&rules)[..] else {
        panic!("{rules}")
    };
    let kind = |kind: &str| json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": "live-auditor"}});
    let mut role = kind("ClusterRole");
    role["rules"] = rules["rules"].clone();
    room.create(&role).accepts();
    let mut binding = kind("ClusterRoleBinding");
    binding["roleRef"] =
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "live-auditor"});
    binding["subjects"] = json!([{"kind": "ServiceAccount", "name": "default", "namespace": room.namespace}]);
    room.create(&binding).accepts();
    plane().kubeconfig_of(room, "default").display().to_string()
}

#[test]
fn an_audit_finds_what_is_there() {
    let room = room("live");
    let claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "photo-library"},
        "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}},
    });
    room.create(&claim).accepts();
    for (name, pod) in [
        ("good", good_pod()),
        ("linked", linked_pod()),
        ("unmounted", unmounted_pod()),
    ] {
        room.create(&deployment(name, pod)).accepts();
    }
    // What controllers make of them is theirs and is not told a second time.
    wait(Duration::from_secs(20), "Pods", || {
        (room.list("v1", "Pod").len() == 3).then_some(())
    });
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = auditor(&room, folder.path());
    let audit = ["audit", "--kubeconfig", &kubeconfig, "--namespace", "live"];
    let more = ["--format", "json", "--snapshot", "cluster.yaml"];
    let (status, report, said) = fixative(folder.path(), &[&audit[..], &more].concat());
    assert_eq!(status, Some(1), "{said}");
    assert_eq!(
        findings(&report),
        [
            "Deny media-location/mounted Deployment/unmounted",
            "Deny service-links/disable Deployment/linked",
        ]
    );
    assert!(!said.contains("cannot list"), "a right is missing: {said}");

    // Offline the same claim is known.
    let snapshot = std::fs::read_to_string(folder.path().join("cluster.yaml")).unwrap();
    let items = objects(&snapshot)[0]["items"].clone();
    let claims = items.as_array().unwrap().iter();
    let claims = claims
        .filter(|item| item["kind"] == "PersistentVolumeClaim" && item["metadata"]["namespace"] == "live");
    assert_eq!(claims.count(), 1, "{snapshot}");

    // Without a right that is said, and nothing is taken for good.
    let nobody = plane().kubeconfig_of(&crate::room::room("live-nobody"), "default");
    let (status, stdout, said) = fixative(
        folder.path(),
        &[
            "audit",
            "--kubeconfig",
            &nobody.display().to_string(),
            "--namespace",
            "live",
        ],
    );
    assert_eq!((status, stdout.as_str()), (Some(2), ""), "{said}");
}
