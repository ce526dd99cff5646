//! Facts about other objects: the model. What holds them (a stream, a snapshot, a cluster) stands beside it.

pub mod objects;

use std::fmt::Debug;
use std::sync::Arc;

use crate::json::Value;
use crate::kube::GroupKind;
use crate::unknown::{Fact, Unknown, Why};

pub use objects::Objects;

/// Which object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Kind and group.
    pub kind: GroupKind,
    /// `None` for cluster-scoped kinds, and where the text does not say.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

/// Which objects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    /// Kind and group.
    pub kind: GroupKind,
    /// `None`: every namespace.
    pub namespace: Option<String>,
}

/// Objects, and whether they are all.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// What is known.
    pub items: Vec<Arc<Value>>,
    /// What may be missing; `None`: these are all.
    pub missing: Option<Unknown>,
}

/// Where facts come from.
pub trait World: Sync + Debug {
    /// One object; `Ok(None)` only where it is known not to exist.
    fn get(&self, key: &Key) -> Fact<Option<Arc<Value>>>;
    /// Objects of a kind.
    fn list(&self, query: &Query) -> Listing;
    /// Of the objects of a kind those that may belong to a Helm release: they name it in their labels, or none.
    /// A world of thousands of releases has these at hand.
    fn list_of_release(&self, query: &Query, release: &str) -> Listing {
        let mut listing = self.list(query);
        listing
            .items
            .retain(|object| release_of(object).is_none_or(|own| own == release));
        listing
    }
}

/// The Helm release that an object names in its labels, as charts do.
/// Source: helm.sh/docs/chart_best_practices/labels.
pub fn release_of(object: &Value) -> Option<&str> {
    let labels = object.get("metadata")?.get("labels")?;
    labels.get("app.kubernetes.io/instance")?.as_str()
}

/// A world of which nothing is known: every answer is Unknown.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl World for Nothing {
    fn get(&self, key: &Key) -> Fact<Option<Arc<Value>>> {
        Err(key.unknown(Why::NotInInput))
    }

    fn list(&self, query: &Query) -> Listing {
        Listing {
            items: Vec::new(),
            missing: Some(query.unknown(Why::NotInInput)),
        }
    }
}

/// A cluster of which nothing is watched: every answer is Unknown.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl World for Unwatched {
    fn get(&self, key: &Key) -> Fact<Option<Arc<Value>>> {
        Err(key.unknown(Why::NotWatched))
    }

    fn list(&self, query: &Query) -> Listing {
        Listing {
            items: Vec::new(),
            missing: Some(query.unknown(Why::NotWatched)),
        }
    }
}

impl Key {
    /// A key of a namespaced kind.
    pub fn new(kind: &str, group: &str, namespace: Option<&str>, name: &str) -> Self {
        let kind = GroupKind {
            kind: kind.into(),
            group: group.into(),
        };
        Self {
            kind,
            namespace: namespace.map(str::to_owned),
            name: name.into(),
        }
    }

    /// This object is not known.
    pub fn unknown(&self, why: Why) -> Unknown {
        let namespace = self
            .namespace
            .as_ref()
            .map(|namespace| format!("{namespace}/"))
            .unwrap_or_default();
        Unknown::new(format!("{} {namespace}{}", self.kind.kind, self.name), why)
    }
}

impl Query {
    /// Not all of these objects are known.
    pub fn unknown(&self, why: Why) -> Unknown {
        let place = self
            .namespace
            .as_ref()
            .map(|namespace| format!(" in {namespace}"))
            .unwrap_or_default();
        Unknown::new(format!("the list of every {}{place}", self.kind.kind), why)
    }
}
