//! The two webhook configurations in the cluster: they hold the CA by which the API server knows us, and the digest
//! of the policies that judge.

use std::fmt;

use ::kube::api::{Api, DynamicObject, Patch, PatchParams};
use ::kube::core::ApiResource;
use ::kube::{Client, Error};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration,
};

// Other doors compare theirs with it (law 2).
use crate::cluster::digests::POLICIES;
use crate::json::{Value, json};

/// The mutating and the validating configuration of one name; either may be missing.
#[derive(Clone)]
pub struct Configurations {
    client: Client,
    name: String,
}

impl Configurations {
    /// Those called `name`.
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// Puts the CAs into every webhook that has others.
    pub async fn announce_bundle(&self, bundle: &str) -> Result<(), Error> {
        self.patch_each(|object| bundle_patch(&Value::from(object.data.clone()), bundle))
            .await
    }

    /// Writes which policies judge.
    pub async fn announce_digest(&self, digest: &str) -> Result<(), Error> {
        self.patch_each(|object| {
            let there = object
                .metadata
                .annotations
                .as_ref()
                .and_then(|all| all.get(POLICIES));
            let patch = || json!({"metadata": {"annotations": {POLICIES: digest}}});
            (there.map(String::as_str) != Some(digest)).then(patch)
        })
        .await
    }

    async fn patch_each(&self, patch: impl Fn(&DynamicObject) -> Option<Value>) -> Result<(), Error> {
        let kinds = [
            ApiResource::erase::<MutatingWebhookConfiguration>(&()),
            ApiResource::erase::<ValidatingWebhookConfiguration>(&()),
        ];
        for kind in kinds {
            let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &kind);
            let Some(object) = api.get_opt(&self.name).await? else {
                continue;
            };
            if let Some(patch) = patch(&object) {
                api.patch(&self.name, &PatchParams::default(), &Patch::Strategic(patch))
                    .await?;
                tracing::info!(kind = kind.kind, name = self.name, "brought up to date");
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Configurations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Configurations({})", self.name)
    }
}

/// A strategic patch keyed by the webhooks' names, so that the order of the list does not matter; `None` where all
/// is well.
fn bundle_patch(configuration: &Value, bundle: &str) -> Option<Value> {
    let encoded = STANDARD.encode(bundle);
    let all = configuration.get("webhooks").and_then(Value::as_array);
    let there = |hook: &Value| {
        hook.get("clientConfig")
            .and_then(|it| it.get("caBundle")?.as_str().map(str::to_owned))
    };
    let other = all
        .into_iter()
        .flatten()
        .filter(|hook| there(hook).as_ref() != Some(&encoded));
    let webhooks: Vec<Value> = other
        .filter_map(|hook| hook.get("name"))
        .map(|name| json!({"name": name, "clientConfig": {"caBundle": encoded}}))
        .collect();
    (!webhooks.is_empty()).then(|| json!({"webhooks": webhooks}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_patched_by_name_and_only_where_it_differs() {
        let hook = |name: &str, bundle: Option<&str>| {
            let encoded = bundle.map(|text| STANDARD.encode(text));
            json!({"name": name, "clientConfig": {"caBundle": encoded, "service": {"name": "s"}}})
        };
        let good = json!({"webhooks": [hook("a", Some("new"))]});
        assert_eq!(bundle_patch(&good, "new"), None);
        let mixed = json!({"webhooks": [hook("a", Some("new")), hook("b", Some("old")), hook("c", None)]});
        let encoded = STANDARD.encode("new");
        assert_eq!(
            bundle_patch(&mixed, "new"),
            Some(json!({"webhooks": [
                {"name": "b", "clientConfig": {"caBundle": encoded}},
                {"name": "c", "clientConfig": {"caBundle": encoded}},
            ]}))
        );
    }
}
