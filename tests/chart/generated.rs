//! Files of the chart that the program prints: when policies change, these are printed anew.

use std::fs;

use serde_json::Value;

use crate::chart::{object, objects, read};
use crate::program::{Folder, repository};

/// Params with which every policy of the pack and nearly every rule is active: the chart must do for whoever sets them.
const ALL_ACTIVE: [&str; 11] = [
    "nvme-affinity.label=example.com/nvme",
    "resources.defaults={}",
    "database-storage-class.classes=[encrypted]",
    "session-affinity.services=[immich-server]",
    "session-affinity.timeoutSeconds=600",
    "colocate.near={app: db}",
    "media-location.path=/library",
    "gpu-runtime.vendor=nvidia",
    "gpu-runtime.runtimeClass=nvidia",
    "gpu-runtime.resource=nvidia.com/gpu",
    "gpu-runtime.tolerations=[{operator: Exists}]",
];
/// With these besides, the rules are that those exclude.
const OTHER_MODES: [&str; 2] = ["nvme-affinity.mode=prefer", "colocate.mode=require"];

fn file(name: &str) -> Value {
    let text = fs::read_to_string(repository("charts/fixative/files").join(name)).unwrap();
    read(&text).remove(0)
}

/// What the program prints with every rule active: the same with those of either mode.
#[track_caller]
fn printed(command: &str) -> Value {
    let with = |more: &[&str]| {
        let params = ALL_ACTIVE.iter().chain(more).flat_map(|param| ["--param", param]);
        let arguments: Vec<&str> = ["policies", command].into_iter().chain(params).collect();
        read(&Folder::new().fixative(&arguments, b"").good()).remove(0)
    };
    let printed = with(&[]);
    assert_eq!(with(&OTHER_MODES), printed);
    printed
}

#[test]
fn the_rules_are_what_the_program_prints() {
    assert_eq!(file("webhook-rules.yaml"), printed("webhook-rules"));
}

#[test]
fn the_rights_for_facts_are_what_the_program_prints() {
    assert_eq!(file("facts-rbac.yaml"), printed("rbac"));
}

#[test]
fn the_files_are_what_is_rendered() {
    let objects = objects("facts: {enabled: true}");
    for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
        let rules = &object(&objects, kind, "fixative")["webhooks"][0]["rules"];
        assert_eq!(*rules, file("webhook-rules.yaml"));
    }
    let rules = &object(&objects, "ClusterRole", "fixative-facts")["rules"];
    assert_eq!(*rules, file("facts-rbac.yaml")["rules"]);
}
