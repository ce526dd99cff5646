//! Kinds of others that the streams hold, defined so that they keep whatever they are given.

use std::sync::Once;

use serde_json::json;

use crate::plane::plane;

/// Group, version, kind and plural.
const KINDS: [(&str, &str, &str, &str); 6] = [
    ("postgresql.cnpg.io", "v1", "Cluster", "clusters"),
    ("postgresql.cnpg.io", "v1", "Pooler", "poolers"),
    ("postgresql.cnpg.io", "v1", "ScheduledBackup", "scheduledbackups"),
    ("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"),
    ("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"),
    ("gateway.networking.k8s.io", "v1alpha2", "HTTPRoute", "httproutes"),
];

/// Installs the definitions, once for all tests.
pub fn definitions() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let mut done = Vec::new();
        for (group, _, kind, plural) in KINDS {
            let name = format!("{plural}.{group}");
            if done.contains(&name) {
                continue;
            }
            let versions = KINDS.iter().filter(|other| (other.0, other.2) == (group, kind));
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
