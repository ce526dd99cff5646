//! From the object before and after to edits with names: one keyed structural diff, each hunk blamed on the
//! rules that wrote there, the last one first.

use super::Edit;
use super::mutate::Settled;
use super::wish::named_addition;
use super::writes::Write;
use crate::attributes::Attributes;
use crate::change::Action;
use crate::finding::RuleRef;
use crate::json::Value;
use crate::pointer::Place;
use crate::policy::{Disposition, Severity};
use crate::resource::Origin;
use crate::schema;

/// What differs between the object as it came and as it was settled.
pub(crate) fn edits(attrs: &Attributes<'_>, before: &Value, settled: &Settled<'_, '_>) -> Vec<Edit> {
    if settled.writes.is_empty() {
        return Vec::new();
    }
    let ty = schema::of(&attrs.resource.id.gvk);
    let from_text = attrs.resource.origin != Origin::Api;
    let changes = schema::diff(ty, before, &settled.value);
    let keyed = schema::KeyedPaths::new(ty, before);
    let writes = settled.writes.index();
    changes
        .into_iter()
        .map(|change| {
            let keyed = keyed.path(&change.pointer);
            let place = Place {
                pointer: change.pointer.clone(),
                keyed: named_addition(keyed, ty, &change),
            };
            // A write is known by the keys that its place had then; where those are others now, any rule that
            // wrote on this object may have been it, and the most careful of them counts.
            let mut writers = writes.at(&place.keyed);
            if writers.is_empty() {
                writers = settled.writes.latest_first();
            }
            let overrides = match &change.action {
                Action::Add(_) => false,
                // A null in a text says nothing, so a value in its place overrides nothing.
                Action::Replace { old, .. } | Action::Remove { old } => !(from_text && old.is_null()),
            };
            Edit {
                by: names(&writers),
                reason: writers
                    .first()
                    .map(|write| write.reason.clone())
                    .unwrap_or_default(),
                overrides,
                sensitive: writers.iter().any(|write| write.by.policy.sensitive),
                action: writers
                    .iter()
                    .map(|write| write.by.rule.action)
                    .max()
                    .unwrap_or(Disposition::Warn),
                severity: writers
                    .iter()
                    .map(|write| write.by.policy.severity)
                    .max()
                    .unwrap_or(Severity::Medium),
                place,
                change,
                location: None,
                replacement: None,
            }
        })
        .collect()
}

fn names(writers: &[&Write<'_>]) -> Vec<RuleRef> {
    let mut names = Vec::new();
    for write in writers {
        let name = write.by.name();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
