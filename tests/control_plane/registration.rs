//! The two webhook configurations, as a chart would write them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::api::Api;
use crate::room::HOME;
use crate::service::{PORT, Service};

/// What happens to a call that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailurePolicy {
    /// The request goes through.
    Ignore,
    /// The request is refused.
    Fail,
}

/// Whether objects that a controller owns reach the webhook at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owned {
    /// The API server drops them by `matchConditions`, as the chart says.
    Dropped,
    /// The webhook itself must tell them.
    Sent,
}

/// The kinds that the Immich pack speaks of.
fn rules() -> Value {
    let rule = |groups: &str, resources: &[&str]| {
        json!({
            "apiGroups": [groups], "apiVersions": ["*"], "resources": resources,
            "operations": ["CREATE", "UPDATE"], "scope": "Namespaced",
        })
    };
    json!([
        rule("", &["pods", "replicationcontrollers", "services"]),
        rule(
            "apps",
            &["deployments", "statefulsets", "daemonsets", "replicasets"]
        ),
        rule("batch", &["jobs", "cronjobs"]),
        rule("postgresql.cnpg.io", &["clusters"]),
    ])
}

/// The Mutating- and the ValidatingWebhookConfiguration for one namespace, reached through a Service.
pub fn configurations(
    room: &Api,
    service: &Service,
    ca: &str,
    failure: FailurePolicy,
    owned: Owned,
) -> [Value; 2] {
    let webhook = |name: &str, path: &str, timeout: u32| {
        let mut webhook = json!({
            "name": format!("{name}.fixative.dev"),
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "matchPolicy": "Equivalent",
            "failurePolicy": format!("{failure:?}"),
            "timeoutSeconds": timeout,
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": room.namespace}},
            "clientConfig": {
                "service": {"namespace": HOME, "name": service.name, "port": PORT, "path": path},
                "caBundle": STANDARD.encode(ca),
            },
            "rules": rules(),
        });
        if owned == Owned::Dropped {
            webhook["matchConditions"] = json!([{
                "name": "not-owned",
                "expression": "!object.metadata.?ownerReferences.orValue([]).exists(o, o.?controller.orValue(false))",
            }]);
        }
        webhook
    };
    let configuration = |kind: &str, webhook: Value| {
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind,
            "metadata": {"name": format!("fixative-{}", service.name)}, "webhooks": [webhook],
        })
    };
    let mut mutate = webhook("mutate", "/mutate", 3);
    mutate["reinvocationPolicy"] = "IfNeeded".into();
    [
        configuration("MutatingWebhookConfiguration", mutate),
        configuration(
            "ValidatingWebhookConfiguration",
            webhook("validate", "/validate", 5),
        ),
    ]
}
