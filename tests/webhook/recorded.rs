//! Every review that a real kube-apiserver sent is answered, and rightly.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::process::Server;

/// What is repaired, and nothing else is: new objects that run Immich, have no controller and leave service links
/// on, and updates of workloads that change the pod template. Not among them: Pods of a ReplicaSet (R1), updates of
/// metadata alone (R2), updates of a bare Pod (R9), `rclone` on its own. Value: the pod spec's place.
const REPAIRED: [(&str, &str); 12] = [
    ("create-deployment", "/spec/template/spec"),
    ("create-deployment-dryrun", "/spec/template/spec"),
    ("create-deployment-dryrun-validating", "/spec/template/spec"),
    ("create-deployment-machine-learning", "/spec/template/spec"),
    ("create-deployment-server-side-apply", "/spec/template/spec"),
    ("create-pod", "/spec"),
    ("create-pod-generatename", "/spec"),
    ("create-statefulset", "/spec/template/spec"),
    ("update-deployment", "/spec/template/spec"),
    ("update-deployment-replace", "/spec/template/spec"),
    ("update-deployment-rollout-restart", "/spec/template/spec"),
    ("update-deployment-server-side-apply", "/spec/template/spec"),
];

#[test]
fn every_recorded_review_is_answered_rightly() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/admission");
    if !folder.exists() {
        // A clone without the recordings has its own reviews in the other files.
        return;
    }
    let server = Server::start();
    let mut repaired = BTreeMap::new();
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        count += 1;
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let body = fs::read_to_string(&path).unwrap();
        let review: Value = serde_json::from_str(&body).unwrap();
        for path in ["/mutate?timeout=3s", "/validate?timeout=5s"] {
            let response = server.review(path, &body);
            assert_eq!(response["uid"], review["request"]["uid"], "{name}");
            assert_eq!(response["allowed"], true, "{name}: {response}");
            assert_eq!(
                response.get("patch").is_some(),
                response.get("patchType").is_some(),
                "{name}"
            );
            if let Some(patch) = response["patch"].as_str() {
                assert!(
                    path.starts_with("/mutate"),
                    "{name}: a validating webhook must not patch"
                );
                let patch: Value = serde_json::from_slice(&STANDARD.decode(patch).unwrap()).unwrap();
                check_patch(&name, &review["request"]["object"], &patch);
                repaired.insert(name.clone(), patch);
            }
        }
    }
    assert_eq!(count, 66);
    let places: BTreeMap<&str, &str> = REPAIRED.into_iter().collect();
    let found: Vec<&String> = repaired.keys().collect();
    assert_eq!(found, places.keys().collect::<Vec<_>>());
    for (name, patch) in &repaired {
        let path = format!("{}/enableServiceLinks", places[name.as_str()]);
        let op = &patch[0];
        assert!(
            op["path"] == json!(path) && op["value"] == json!(false),
            "{name}: {patch}"
        );
    }
    assert_eq!(
        server.metric(r#"fixative_admission_requests_total{webhook="mutate",result="error"}"#),
        0.0
    );
}

/// An independent implementation applies it, and a second call has nothing to add.
fn check_patch(name: &str, object: &Value, patch: &Value) {
    let patch: json_patch::Patch = serde_json::from_value(patch.clone()).unwrap();
    let mut after = object.clone();
    json_patch::patch(&mut after, &patch).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_ne!(after, *object, "{name}: a patch that changes nothing");
}
