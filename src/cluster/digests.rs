//! By which policies the webhooks of a cluster judge: the digest stands on their configurations.

use ::kube::api::{Api, DynamicObject, ListParams};
use ::kube::core::ApiResource;
use ::kube::{Client, ResourceExt as _};
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration,
};

use super::lists::ListError;
use crate::kube::GroupKind;

/// The annotation in which the digest stands.
pub const POLICIES: &str = "fixative.dev/policies";

/// One webhook configuration, and by which policies its webhook judges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// `ValidatingWebhookConfiguration fixative`.
    pub configuration: String,
    /// The digest.
    pub digest: String,
}

/// Every configuration of the cluster that names policies.
pub async fn announced(client: &Client) -> Result<Vec<Announced>, ListError> {
    let kinds = [
        ApiResource::erase::<MutatingWebhookConfiguration>(&()),
        ApiResource::erase::<ValidatingWebhookConfiguration>(&()),
    ];
    let mut found = Vec::new();
    for kind in kinds {
        let api: Api<DynamicObject> = Api::all_with(client.clone(), &kind);
        let listed = api.list_metadata(&ListParams::default()).await;
        let listed = listed.map_err(|error| ListError {
            kind: GroupKind::new(&kind.kind, &kind.group),
            error: Box::new(error),
        })?;
        for object in listed {
            if let Some(digest) = object.annotations().get(POLICIES) {
                found.push(Announced {
                    configuration: format!("{} {}", kind.kind, object.name_any()),
                    digest: digest.clone(),
                });
            }
        }
    }
    Ok(found)
}
