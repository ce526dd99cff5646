//! Objects that tests send.

use serde_json::{Value, json};

/// A Deployment that is nobody's business.
pub fn busybox(name: &str) -> Value {
    deployment(
        name,
        json!({"containers": [{"name": "main", "image": "docker.io/library/busybox:1.37"}]}),
    )
}

/// A Deployment with this pod.
pub fn deployment(name: &str, pod: Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template(name, pod)},
    })
}

/// The template of a pod with the label `app`.
pub fn template(name: &str, pod: Value) -> Value {
    json!({"metadata": {"labels": {"app": name}}, "spec": pod})
}
