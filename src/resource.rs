//! One object, wherever it came from.

use std::sync::Arc;

use crate::json::Value;
use crate::kube::Gvk;

/// Where an object of the API server says who wrote which of its fields: two fifths of what a real one sends. Nobody
/// repairs it, and no door shows it to policies.
pub const MANAGED_FIELDS: [&str; 2] = ["metadata", "managedFields"];

/// Where an object's text came from; decides whether null is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A document of a text; null-valued keys are as good as absent.
    Text {
        /// Which input.
        file: usize,
        /// Which document of it.
        document: u32,
        /// Which item, where the document is a List.
        item: Option<usize>,
    },
    /// The API server: defaults are filled in.
    Api,
}

/// What an object is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId {
    /// Kind.
    pub gvk: Gvk,
    /// Namespace as the object states it.
    pub namespace: Option<String>,
    /// Name.
    pub name: Name,
}

/// A given or a generated name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// `metadata.name`.
    Given(String),
    /// `metadata.generateName`.
    Generated(String),
    /// Neither.
    Missing,
}

/// One object.
#[derive(Clone, Debug)]
pub struct Resource {
    /// What it is called.
    pub id: ResourceId,
    /// What it holds.
    pub body: Arc<Value>,
    /// Where it came from.
    pub origin: Origin,
}

impl Resource {
    /// `None` for a value that is no object of Kubernetes (no `apiVersion` or `kind`).
    pub fn new(body: Arc<Value>, origin: Origin) -> Option<Self> {
        let gvk = Gvk::of(&body)?;
        let text = |key: &str| {
            body.get("metadata")?
                .get(key)?
                .as_str()
                .filter(|text| !text.is_empty())
        };
        let name = match (text("name"), text("generateName")) {
            (Some(name), _) => Name::Given(name.into()),
            (None, Some(prefix)) => Name::Generated(prefix.into()),
            (None, None) => Name::Missing,
        };
        let namespace = text("namespace").map(str::to_owned);
        Some(Self {
            id: ResourceId { gvk, namespace, name },
            body,
            origin,
        })
    }
}

impl Name {
    /// As people read it.
    pub fn as_str(&self) -> &str {
        match self {
            Name::Given(name) | Name::Generated(name) => name,
            Name::Missing => "(no name)",
        }
    }
}

/// `Deployment photos/immich-server`.
impl std::fmt::Display for ResourceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ", self.gvk.kind)?;
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        match &self.name {
            Name::Generated(prefix) => write!(f, "{prefix}*"),
            name => f.write_str(name.as_str()),
        }
    }
}
