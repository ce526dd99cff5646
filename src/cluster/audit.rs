//! The plan over the objects of a cluster, as they were read.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::lists::Inventory;
use crate::attributes::Attributes;
use crate::cel::Allowance;
use crate::finding::{Judged, Report};
use crate::json::Value;
use crate::parallel;
use crate::plan::{self, gate};
use crate::policy::{self, Door, PolicySet};
use crate::resource::{Origin, Resource};
use crate::unknown::{Fact, Unknown, Why};
use crate::world::{Key, World as _};

/// Fewer objects than this are not worth a thread.
const WORTH_A_THREAD: usize = 8;

/// Judges every object of the kinds in `judged` that nothing else is responsible for.
pub fn audit(set: &PolicySet, judged: &policy::Judged, inventory: &Inventory) -> Report {
    let objects: Vec<&Arc<Value>> = inventory
        .objects(judged.0.keys())
        .filter(|object| is_judged(object))
        .collect();
    let judged = parallel::map(&objects, WORTH_A_THREAD, |object| judge(set, inventory, object));
    Report {
        forbidden: inventory.forbidden().cloned().collect(),
        ..Report::new(set, judged.into_iter().flatten().collect())
    }
}

/// Not what a controller made: its owner is judged.
fn is_judged(object: &Value) -> bool {
    gate::controller(object).is_none() && !gate::is_left_alone(object)
}

fn judge(set: &PolicySet, inventory: &Inventory, object: &Arc<Value>) -> Option<(Judged, BTreeSet<usize>)> {
    let resource = Resource::new(Arc::clone(object), Origin::Api)?;
    let namespace_object = namespace_object(inventory, resource.id.namespace.as_deref());
    let at_admission = |what: &str| Unknown::new(what, Why::OnlyAtAdmission);
    let allowance = Allowance::default();
    let attrs = Attributes {
        door: Door::Audit,
        operation: Err(at_admission("whether the object is new")),
        resource: &resource,
        old: Err(at_admission("the object as it was before")),
        namespace: resource.id.namespace.as_deref().ok_or_else(no_namespace),
        namespace_object: namespace_object.as_deref().map_err(Clone::clone),
        request: Err(at_admission("the admission request")),
        allowance: Some(&allowance),
    };
    let planned = plan::plan(set, inventory, &attrs);
    let decision = plan::decide(&planned, &resource.id, None, Door::Audit);
    let verdicts = planned.verdicts;
    Some(Judged::new(resource.id, None, decision, &verdicts))
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
