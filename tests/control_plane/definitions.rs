//! Kinds of others: those that our chart and our reports have objects of by their real definitions, and those that
//! only the streams hold defined so that they keep whatever they are given.

use std::fs;
use std::path::PathBuf;
use std::sync::Once;

use serde_json::{Value, json};

use crate::plane::plane;
use crate::process::repository;
use crate::yaml::objects;

/// Group, version, kind and plural.
const KEPT: [(&str, &str, &str, &str); 5] = [
    ("postgresql.cnpg.io", "v1", "Cluster", "clusters"),
    ("postgresql.cnpg.io", "v1", "Pooler", "poolers"),
    ("postgresql.cnpg.io", "v1", "ScheduledBackup", "scheduledbackups"),
    ("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"),
    ("gateway.networking.k8s.io", "v1alpha2", "HTTPRoute", "httproutes"),
];

/// Installs the definitions, once for all tests.
pub fn definitions() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        for definition in real() {
            plane().api("default").create(&definition).accepts();
        }
        let mut done = Vec::new();
        for (group, _, kind, plural) in KEPT {
            let name = format!("{plural}.{group}");
            if done.contains(&name) {
                continue;
            }
            let versions = KEPT.iter().filter(|other| (other.0, other.2) == (group, kind));
            let versions = versions.enumerate().map(|(index, (_, version, ..))| {
                json!({
                    "name": version, "served": true, "storage": index == 0,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
                })
            });
            let definition = json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                // Groups below k8s.io ask whether somebody approved them.
                "metadata": {"name": name, "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"}},
                "spec": {
                    "group": group, "scope": "Namespaced", "versions": versions.collect::<Vec<_>>(),
                    "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
                },
            });
            plane().api("default").create(&definition).accepts();
            done.push(name);
        }
    });
}

/// What `make tools` took out of the modules of cert-manager, the Prometheus operator and OpenReports.
fn real() -> Vec<Value> {
    let folder = repository("target/tools/crds");
    assert!(
        folder.join("made").is_file(),
        "{} is not made: run `make tools`",
        folder.display()
    );
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files
        .flat_map(|path: PathBuf| objects(&fs::read_to_string(path).unwrap()))
        .collect()
}
