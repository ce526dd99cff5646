//! The reviews that are sent.

use serde_json::{Value, json};

/// A review of about so many bytes.
pub fn sized(bytes: usize, immich: bool) -> Vec<u8> {
    let image = if immich {
        "ghcr.io/immich-app/immich-server:v2.6.3"
    } else {
        "docker.io/library/nginx:1.29"
    };
    let review = |count: usize| {
        let env: Vec<Value> = (0..count)
            .map(|number| json!({"name": format!("SETTING_{number}"), "value": "some text that a chart carries along"}))
            .collect();
        let object = json!({
            "kind": "Deployment", "apiVersion": "apps/v1",
            "metadata": {"name": "web", "namespace": "photos", "labels": {"app.kubernetes.io/instance": "photos"}},
            "spec": {"replicas": 1, "strategy": {"type": "Recreate"}, "selector": {"matchLabels": {"app": "web"}}, "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "enableServiceLinks": true,
                    "containers": [{"name": "main", "image": image, "env": env,
                        "ports": [{"containerPort": 2283, "protocol": "TCP"}],
                        "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
                    "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "library"}}],
                },
            }},
            "status": {},
        });
        json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
            "uid": "24eb94bd-dc2c-4a67-b3f8-76cd8e873f39",
            "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
            "resource": {"group": "apps", "version": "v1", "resource": "deployments"},
            "name": "web", "namespace": "photos", "operation": "CREATE",
            "userInfo": {"username": "admin", "groups": ["system:masters", "system:authenticated"]},
            "object": object, "oldObject": null, "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        }})
        .to_string()
        .into_bytes()
    };
    let (none, ten) = (review(0).len(), review(10).len());
    review(bytes.saturating_sub(none) * 10 / (ten - none))
}
