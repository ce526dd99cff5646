//! A world made of objects in hand: those of a stream and of `--facts`. What is not among them may still be
//! in the cluster, so it is Unknown and never absent.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Key, Listing, Query, World, release_of};
use crate::json::Value;
use crate::kube::{GroupKind, Gvk};
use crate::unknown::{Fact, Why};

/// The objects of one kind, in order.
#[derive(Clone, Debug, Default)]
struct OfKind {
    all: Vec<Arc<Value>>,
    /// Positions of those that name a release, by its name.
    by_release: HashMap<String, Vec<usize>>,
    /// Positions of those that name none.
    without_release: Vec<usize>,
}

/// Objects by kind and name.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    by_name: HashMap<(GroupKind, String), Vec<Arc<Value>>>,
    by_kind: HashMap<GroupKind, OfKind>,
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
        self.by_kind.entry(kind).or_default().add(object);
    }

    fn listing<'o>(&self, query: &Query, items: impl Iterator<Item = &'o Arc<Value>>) -> Listing {
        let inside = |object: &&Arc<Value>| {
            query.namespace.is_none() || self.is_in(object, query.namespace.as_deref())
        };
        Listing {
            items: items.filter(inside).map(Arc::clone).collect(),
            missing: Some(query.unknown(Why::NotInInput)),
        }
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
        let items = self.by_kind.get(&query.kind).into_iter();
        self.listing(query, items.flat_map(|of_kind| &of_kind.all))
    }

    fn list_of_release(&self, query: &Query, release: &str) -> Listing {
        let items = self.by_kind.get(&query.kind).into_iter();
        self.listing(query, items.flat_map(|of_kind| of_kind.of_release(release)))
    }
}

impl OfKind {
    fn add(&mut self, object: Arc<Value>) {
        let position = self.all.len();
        match release_of(&object) {
            Some(release) => self
                .by_release
                .entry(release.to_owned())
                .or_default()
                .push(position),
            None => self.without_release.push(position),
        }
        self.all.push(object);
    }

    /// In order: those that name the release, and those that name none.
    fn of_release(&self, release: &str) -> impl Iterator<Item = &Arc<Value>> {
        let named = self.by_release.get(release).map_or(&[][..], Vec::as_slice);
        let mut positions = [named, self.without_release.as_slice()].concat();
        positions.sort_unstable();
        positions
            .into_iter()
            .filter_map(|position| self.all.get(position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn a_release_is_what_the_list_says_without_the_others() {
        let mut world = Objects::new(None);
        for (name, release) in [("a", "x"), ("b", ""), ("c", "y"), ("d", "x"), ("e", "")] {
            let mut object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}});
            if !release.is_empty() {
                object["metadata"]["labels"] = json!({"app.kubernetes.io/instance": release});
            }
            world.add(Arc::new(object));
        }
        let query = Query {
            kind: GroupKind::new("Pod", ""),
            namespace: None,
        };
        for (release, expected) in [("x", "abde"), ("y", "bce"), ("z", "be")] {
            let listing = world.list_of_release(&query, release);
            let names = listing
                .items
                .iter()
                .map(|object| object["metadata"]["name"].as_str());
            assert_eq!(names.map(Option::unwrap).collect::<String>(), expected);
        }
    }
}
