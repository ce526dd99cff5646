//! Whether the API server's calls reach the webhook: the creation of a probe is tried, and what comes back tells who saw it.

use ::kube::api::PostParams;
use ::kube::client::Body;
use ::kube::core::Request;
use ::kube::{Client, Error};
use http::header::WARNING;
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt as _;

use super::sentence;
use crate::json::{Value, json};
use crate::webhook::probe::{ANNOTATION, Answered};

/// Why it cannot be told who would have been called.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// No answer, or none that can be read.
    #[error("cannot ask the API server: {}", sentence(.0))]
    Unreachable(#[from] Box<Error>),
    /// The API server, or another webhook, says no.
    #[error("the API server does not let a Deployment be tried in namespace {namespace}: {message}")]
    Refused {
        /// Where.
        namespace: String,
        /// What the API server says.
        message: String,
    },
}

/// The webhooks that saw a Deployment whose creation in `namespace` was tried. Nothing is kept of it (dry run).
pub async fn probe(client: &Client, namespace: &str) -> Result<Vec<Answered>, ProbeError> {
    let parameters = PostParams {
        dry_run: true,
        field_manager: Some("fixative".to_owned()),
    };
    let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments");
    let request = Request::new(path).create(&parameters, object().to_string().into_bytes());
    let request = request.map_err(|error| Box::new(Error::BuildRequest(error)))?;
    let response = client.send(request.map(Body::from)).await.map_err(Box::new)?;
    let (head, body) = response.into_parts();
    if head.status.is_success() {
        return Ok(warnings(&head.headers).filter_map(Answered::read).collect());
    }
    let body = body.collect().await.map_err(Box::new)?.to_bytes();
    let status: Value = serde_json::from_slice(&body).unwrap_or_default();
    let message = status.text("message").map(str::to_owned);
    Err(ProbeError::Refused {
        namespace: namespace.to_owned(),
        message: message.unwrap_or_else(|| head.status.to_string()),
    })
}

/// What no policy of anybody's should mind, and nothing starts of.
fn object() -> Value {
    let security = json!({
        "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": true, "runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"},
    });
    let resources = json!({"cpu": "1m", "memory": "1Mi"});
    let labels = json!({"app.kubernetes.io/name": "fixative-probe"});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"generateName": "fixative-probe-", "labels": labels, "annotations": {ANNOTATION: ""}},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels},
            "spec": {"automountServiceAccountToken": false, "containers": [{
                "name": "probe", "image": "fixative.dev/probe:none",
                "resources": {"requests": resources, "limits": resources}, "securityContext": security,
            }]},
        }},
    })
}

/// The texts of `Warning: 299 - "text"`. Source: RFC 7234, 5.5; k8s.io/apimachinery `util/net.NewWarningHeader`.
fn warnings(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let texts = headers.get_all(WARNING).into_iter().map(HeaderValue::to_str);
    texts
        .flatten()
        .filter_map(|text| text.strip_prefix("299 - \"")?.strip_suffix('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_taken_from_their_headers() {
        let mut headers = HeaderMap::new();
        for value in [
            "299 - \"one, and more\"",
            "199 - \"other\"",
            "299 - \"two\"",
            "299",
        ] {
            headers.append(WARNING, HeaderValue::from_static(value));
        }
        assert_eq!(warnings(&headers).collect::<Vec<_>>(), ["one, and more", "two"]);
    }
}
