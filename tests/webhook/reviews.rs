//! Reviews as the API server writes them, around objects of ours.

use serde_json::{Value, json};

/// A Deployment of the Immich server that needs one repair.
pub fn server() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "immich-server", "namespace": "photos"},
        "spec": {"replicas": 1, "strategy": {"type": "Recreate"}, "template": {"spec": {
            "enableServiceLinks": true,
            "containers": [{"name": "main", "image": "ghcr.io/immich-app/immich-server:v2.6.3",
                "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "library"}}],
        }}},
    })
}

pub fn create(object: &Value) -> String {
    with_object(&object.to_string())
}

/// Around any text for an object.
pub fn with_object(object: &str) -> String {
    format!(
        r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"the-uid","kind":{{"group":"apps","version":"v1","kind":"Deployment"}},"resource":{{"group":"apps","version":"v1","resource":"deployments"}},"name":"immich-server","namespace":"photos","operation":"CREATE","userInfo":{{"username":"admin","groups":["system:masters"]}},"object":{object},"oldObject":null,"dryRun":false,"options":{{"kind":"CreateOptions","apiVersion":"meta.k8s.io/v1"}}}}}}"#
    )
}
