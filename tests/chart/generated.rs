//! Files of the chart that the program prints: when policies change, these are printed anew.

use std::fs;

use serde_json::Value;

use crate::chart::{object, objects, read};
use crate::program::{Folder, repository};

/// Params without which a policy of the pack is inactive: the chart must do for whoever sets them.
const ALL_ACTIVE: [&str; 10] = [
    "--param",
    "nvme-affinity.label=example.com/nvme",
    "--param",
    "resources.defaults={}",
    "--param",
    "database-storage-class.classes=[encrypted]",
    "--param",
    "session-affinity.services=[immich-server]",
    "--param",
    "colocate.near={app: db}",
];

fn file(name: &str) -> Value {
    let text = fs::read_to_string(repository("charts/fixative/files").join(name)).unwrap();
    read(&text).remove(0)
}

#[track_caller]
fn printed(command: &str) -> Value {
    let arguments = [&["policies", command], &ALL_ACTIVE[..]].concat();
    read(&Folder::new().fixative(&arguments, b"").good()).remove(0)
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
