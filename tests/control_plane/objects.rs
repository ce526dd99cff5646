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

/// Immich's server as it should be: the library is mounted where 3.0 writes, service links are off.
pub fn good_pod() -> Value {
    json!({
        "enableServiceLinks": false,
        "containers": [{
            "name": "main", "image": "ghcr.io/immich-app/immich-server:v3.0.0",
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        }],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "photo-library"}}],
    })
}

/// One that can be repaired: service links are on, as charts before 0.10 asked for.
pub fn linked_pod() -> Value {
    let mut pod = good_pod();
    pod["enableServiceLinks"] = true.into();
    pod
}

/// One that nobody can repair: nothing is mounted, new photos would vanish with the pod.
pub fn unmounted_pod() -> Value {
    let mut pod = good_pod();
    pod["volumes"] = json!([]);
    pod["containers"][0]["volumeMounts"] = json!([]);
    pod
}

/// What is said of it.
pub const UNMOUNTED: [&str; 2] = [
    "media-location",
    "Immich v3.0.0 writes to /data, where nothing is mounted; new photos would vanish with the pod",
];

/// Every kind in which a pod is described, with this pod, and where the pod's spec is in it.
pub fn workloads(name: &str, pod: &Value) -> Vec<(Value, &'static str)> {
    let labels = json!({"matchLabels": {"app": name}});
    let never = |pod: &Value| {
        let mut pod = pod.clone();
        pod["restartPolicy"] = "Never".into();
        pod
    };
    let object = |api_version: &str, kind: &str, spec: Value| json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec});
    let template = template(name, pod.clone());
    let job = json!({"template": {"spec": never(pod)}});
    vec![
        (deployment(name, pod.clone()), "/spec/template/spec"),
        (
            object(
                "apps/v1",
                "StatefulSet",
                json!({"serviceName": name, "selector": labels, "template": template}),
            ),
            "/spec/template/spec",
        ),
        (
            object(
                "apps/v1",
                "DaemonSet",
                json!({"selector": labels, "template": template}),
            ),
            "/spec/template/spec",
        ),
        (
            object(
                "apps/v1",
                "ReplicaSet",
                json!({"selector": labels, "template": template}),
            ),
            "/spec/template/spec",
        ),
        (object("batch/v1", "Job", job.clone()), "/spec/template/spec"),
        (
            object(
                "batch/v1",
                "CronJob",
                json!({"schedule": "0 4 * * *", "jobTemplate": {"spec": job}}),
            ),
            "/spec/jobTemplate/spec/template/spec",
        ),
        (object("v1", "Pod", pod.clone()), "/spec"),
    ]
}
