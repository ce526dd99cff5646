//! The plan over the objects of a cluster, as they were read.

use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::lists::Inventory;
use crate::attributes::Attributes;
use crate::kube::GroupKind;
use crate::parallel;
use crate::plan::{self, Decision, gate};
use crate::policy::{Door, Judged, PolicySet};
use crate::resource::{Origin, Resource};
use crate::unknown::{Fact, Unknown, Why};
use crate::world::{Key, World as _};

/// Fewer objects than this are not worth a thread.
const WORTH_A_THREAD: usize = 8;

/// A static Pod that the kubelet shows to the API server; nobody can change it there.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// What there is to say of a cluster.
#[derive(Debug)]
pub struct Audit {
    /// What each judged object comes to, by kind, namespace and name.
    pub decisions: Vec<Decision>,
    /// Kinds that the policies judge or ask for and that may not be listed.
    pub forbidden: BTreeSet<GroupKind>,
}

/// Judges every object of the kinds in `judged` that nothing else is responsible for.
pub fn audit(set: &PolicySet, judged: &Judged, inventory: &Inventory) -> Audit {
    let objects: Vec<&Arc<Value>> = inventory
        .objects(judged.0.keys())
        .filter(|object| is_judged(object))
        .collect();
    let decisions = parallel::map(&objects, WORTH_A_THREAD, |object| decide(set, inventory, object));
    Audit {
        decisions: decisions.into_iter().flatten().collect(),
        forbidden: inventory.forbidden().cloned().collect(),
    }
}

/// Not what a controller made (its owner is judged), what is being deleted, and what is only a picture of a
/// static Pod.
fn is_judged(object: &Value) -> bool {
    let metadata = object.get("metadata");
    let is_going = metadata.is_some_and(|metadata| metadata.get("deletionTimestamp").is_some());
    let is_mirror = metadata
        .and_then(|metadata| metadata.get("annotations")?.get(MIRROR))
        .is_some();
    gate::controller(object).is_none() && !is_going && !is_mirror
}

fn decide(set: &PolicySet, inventory: &Inventory, object: &Arc<Value>) -> Option<Decision> {
    let resource = Resource::new(Arc::clone(object), Origin::Api)?;
    let namespace_object = namespace_object(inventory, resource.id.namespace.as_deref());
    let at_admission = |what: &str| Unknown::new(what, Why::OnlyAtAdmission);
    let attrs = Attributes {
        door: Door::Audit,
        operation: Err(at_admission("whether the object is new")),
        resource: &resource,
        old: Err(at_admission("the object as it was before")),
        namespace: resource.id.namespace.as_deref().ok_or_else(no_namespace),
        namespace_object: namespace_object.as_deref().map_err(Clone::clone),
        request: Err(at_admission("the admission request")),
    };
    let planned = plan::plan(set, inventory, &attrs);
    Some(plan::decide(&planned, &resource.id, None, Door::Audit))
}

fn namespace_object(inventory: &Inventory, name: Option<&str>) -> Fact<Arc<Value>> {
    let name = name.ok_or_else(no_namespace)?;
    let key = Key::new("Namespace", "", None, name);
    // It was deleted between two lists.
    inventory.get(&key)?.ok_or_else(|| key.unknown(Why::NotRead))
}

fn no_namespace() -> Unknown {
    Unknown::new("the namespace of an object that stands in none", Why::NotGiven)
}

#[cfg(test)]
mod tests;
