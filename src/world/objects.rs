//! A world made of objects in hand: those of a stream and of `--facts`. What is not among them may still be
//! in the cluster, so it is Unknown and never absent.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Key, Listing, Query, World};
use crate::kube::{GroupKind, Gvk};
use crate::unknown::{Fact, Why};

/// Objects by kind and name.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    by_name: HashMap<(GroupKind, String), Vec<Arc<Value>>>,
    by_kind: HashMap<GroupKind, Vec<Arc<Value>>>,
    release_namespace: Option<String>,
}

impl Objects {
    /// An empty world; objects that state no namespace are in `release_namespace`.
    pub fn new(release_namespace: Option<String>) -> Self {
        Self {
            release_namespace,
            ..Self::default()
        }
    }

    /// Adds an object; of two with one name the first one counts (a stream's own object before a fact).
    pub fn add(&mut self, object: Arc<Value>) {
        let Some(gvk) = Gvk::of(&object) else { return };
        let kind = gvk.group_kind();
        if let Some(name) = object.pointer("/metadata/name").and_then(Value::as_str) {
            self.by_name
                .entry((kind.clone(), name.to_owned()))
                .or_default()
                .push(Arc::clone(&object));
        }
        self.by_kind.entry(kind).or_default().push(object);
    }

    /// Whether an object is where `wanted` says. Text often leaves the release's namespace out: a side that
    /// says nothing means the release's, and where that is not known either it may be any.
    fn is_in(&self, object: &Value, wanted: Option<&str>) -> bool {
        let stated = object
            .pointer("/metadata/namespace")
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty());
        let release = self.release_namespace.as_deref();
        match (stated.or(release), wanted.or(release)) {
            (Some(there), Some(wanted)) => there == wanted,
            _ => true,
        }
    }
}

impl World for Objects {
    fn get(&self, key: &Key) -> Fact<Option<Arc<Value>>> {
        let candidates = self.by_name.get(&(key.kind.clone(), key.name.clone()));
        let found = candidates
            .and_then(|all| {
                all.iter()
                    .find(|object| self.is_in(object, key.namespace.as_deref()))
            })
            .map(Arc::clone);
        found.map(Some).ok_or_else(|| key.unknown(Why::NotInInput))
    }

    fn list(&self, query: &Query) -> Listing {
        let items = self.by_kind.get(&query.kind).into_iter().flatten();
        let inside = |object: &&Arc<Value>| {
            query.namespace.is_none() || self.is_in(object, query.namespace.as_deref())
        };
        Listing {
            items: items.filter(inside).map(Arc::clone).collect(),
            missing: Some(query.unknown(Why::NotInInput)),
        }
    }
}
