//! An object as the API server sends it, without what no policy asks for.

use std::borrow::Cow;
use std::sync::Arc;

use ::kube::Resource;
use ::kube::core::{ApiResource, DynamicResourceScope, ObjectMeta};
use serde::de::DeserializeSeed as _;
use serde::{Deserialize, Deserializer};

use crate::json::{Map, Value, Without};
use crate::resource::MANAGED_FIELDS;

/// What kubectl keeps of the last `apply`: the object once more.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An object, and what the client needs of its metadata.
#[derive(Clone, Debug)]
pub(super) struct Object {
    metadata: ObjectMeta,
    /// The object itself.
    pub(super) body: Arc<Value>,
}

impl Object {
    /// With `apiVersion` and `kind`, which the items of a list often lack.
    pub(super) fn complete(&mut self, resource: &ApiResource) {
        let has = |name: &str| self.body.get(name).is_some_and(Value::is_string);
        if has("apiVersion") && has("kind") {
            return;
        }
        let mut whole = Map::new();
        whole.insert("apiVersion".into(), resource.api_version.clone().into());
        whole.insert("kind".into(), resource.kind.clone().into());
        if let Value::Object(fields) = self.body.as_ref() {
            let fields = fields.iter().filter(|(name, _)| !whole.contains_key(name));
            let fields: Vec<_> = fields
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            whole.extend(fields);
        }
        self.body = Arc::new(Value::Object(whole));
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut body = Without(&MANAGED_FIELDS).deserialize(deserializer)?;
        forget_applied(&mut body);
        let text = |name: &str| {
            let value = body.get("metadata")?.get(name)?.as_str()?;
            Some(value.to_owned())
        };
        let metadata = ObjectMeta {
            name: text("name"),
            namespace: text("namespace"),
            resource_version: text("resourceVersion"),
            ..ObjectMeta::default()
        };
        Ok(Self {
            metadata,
            body: Arc::new(body),
        })
    }
}

/// Takes out what is large and tells nothing: the object as it was applied. Nothing is patched here, so it need not stay.
fn forget_applied(body: &mut Value) {
    let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    let annotations = metadata.get_mut("annotations").and_then(Value::as_object_mut);
    let is_empty = annotations.is_some_and(|annotations| {
        let had = annotations.shift_remove(LAST_APPLIED).is_some();
        had && annotations.is_empty()
    });
    if is_empty {
        metadata.shift_remove("annotations");
    }
}

impl Resource for Object {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(resource: &ApiResource) -> Cow<'_, str> {
        resource.kind.as_str().into()
    }

    fn group(resource: &ApiResource) -> Cow<'_, str> {
        resource.group.as_str().into()
    }

    fn version(resource: &ApiResource) -> Cow<'_, str> {
        resource.version.as_str().into()
    }

    fn api_version(resource: &ApiResource) -> Cow<'_, str> {
        resource.api_version.as_str().into()
    }

    fn plural(resource: &ApiResource) -> Cow<'_, str> {
        resource.plural.as_str().into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn what_nobody_asks_for_is_not_kept() {
        let applied = json!({LAST_APPLIED: "{}"});
        let kept = json!({LAST_APPLIED: "{}", "a": "b"});
        let cases = [
            (
                json!({"metadata": {"name": "a", "managedFields": [{}]}}),
                json!({"metadata": {"name": "a"}}),
            ),
            (
                json!({"metadata": {"name": "a", "annotations": applied}}),
                json!({"metadata": {"name": "a"}}),
            ),
            (
                json!({"metadata": {"annotations": kept}}),
                json!({"metadata": {"annotations": {"a": "b"}}}),
            ),
            (
                json!({"metadata": {"annotations": {}}}),
                json!({"metadata": {"annotations": {}}}),
            ),
            (json!({"spec": 1}), json!({"spec": 1})),
        ];
        for (sent, kept) in cases {
            let object: Object = serde_json::from_value(sent.clone().into()).unwrap();
            assert_eq!(*object.body, kept, "{sent}");
        }
    }

    #[test]
    fn items_of_a_list_get_their_kind() {
        let resource = ApiResource {
            group: "apps".into(),
            version: "v1".into(),
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            plural: "deployments".into(),
        };
        let mut object: Object =
            serde_json::from_value(json!({"kind": null, "metadata": {"name": "a"}}).into()).unwrap();
        object.complete(&resource);
        let whole = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"}}"#;
        assert_eq!(object.body.to_string(), whole);
    }
}
