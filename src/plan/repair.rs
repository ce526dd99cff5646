//! The repairing verbs: what each makes of the value at one place. A verb that changes nothing semantically
//! leaves the value as it is spelt, so a repair is its own check.

use crate::cel::{Fault, Program};
use crate::change::Change;
use crate::json::{List, Map, Value};
use crate::kube::affinity;
use crate::pointer::Pointer;
use crate::policy::{Template, Verb};
use crate::schema::{self, Patch, Type};

/// Why a repair cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RepairError {
    /// An expression gave no value.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The patch and the object do not fit.
    #[error(transparent)]
    Merge(#[from] schema::MergeError),
    /// The node affinity has another shape.
    #[error(transparent)]
    Affinity(#[from] affinity::Misshapen),
    /// What came out does not fit its field.
    #[error(transparent)]
    Misfit(#[from] schema::Misfit),
    /// `ensure` on something that is no list.
    #[error("there is no list to add to, but {found}")]
    NoList {
        /// What is there.
        found: String,
    },
}

/// Evaluates a program at the place that is repaired.
pub type Evaluate<'e> = &'e mut dyn FnMut(&Program) -> Result<Value, Fault>;

/// The value that `verb` wants at a place of type `ty` that now holds `current` (null where nothing is
/// there); `None`: nothing is to be there. An assertion wants what there is.
pub fn wanted(
    verb: &Verb,
    ty: Type,
    current: &Value,
    evaluate: Evaluate<'_>,
) -> Result<Option<Value>, RepairError> {
    let mut value = current.clone();
    match verb {
        Verb::Merge(template) => {
            let patch = template.patch(evaluate)?;
            schema::merge(ty, &mut value, &patch)?;
        }
        Verb::Set(template) => {
            let new = template.render(evaluate)?;
            if !schema::equal(ty, &value, &new) {
                value = new;
            }
        }
        Verb::Remove => return Ok(None),
        Verb::Ensure(template) => ensure(ty, &mut value, template.render(evaluate)?)?,
        Verb::RequireNodeAffinity(template) => {
            let requirements = affinity::requirements(template.render(evaluate)?)?;
            affinity::require(ty, &mut value, &requirements)?;
        }
        Verb::PreferNodeAffinity { weight, term } => {
            let weight = weight_of(weight, evaluate)?;
            let requirements = affinity::requirements(term.render(evaluate)?)?;
            affinity::prefer(ty, &mut value, &weight, &requirements)?;
        }
        Verb::Assert(_) => {}
    }
    if value != *current {
        schema::check(ty, &value, false)?;
    }
    Ok(Some(value))
}

/// What a strategic merge changes below `current`. Only the fields that the patch names are copied, merged and
/// checked: a patch of one field costs little on the largest pod.
pub fn merged(ty: Type, current: &Value, patch: &Patch) -> Result<Vec<Change>, RepairError> {
    let mut changes = Vec::new();
    match merge_fields(ty, current, patch, &Pointer::root(), &mut changes) {
        Ok(()) => Ok(changes),
        // Once more on the whole value, since the error names a place in it.
        Err(_) => whole(ty, current, patch),
    }
}

fn merge_fields(
    ty: Type,
    current: &Value,
    patch: &Patch,
    at: &Pointer,
    changes: &mut Vec<Change>,
) -> Result<(), RepairError> {
    let (Value::Object(map), Patch::Map(entries)) = (current, patch) else {
        changes.extend(below(at, whole(ty, current, patch)?));
        return Ok(());
    };
    if !are_independent(entries) {
        changes.extend(below(at, whole(ty, current, patch)?));
        return Ok(());
    }
    for (key, patch) in entries {
        match map.get(key) {
            Some(inner @ Value::Object(_)) if matches!(patch, Patch::Map(_)) => {
                merge_fields(ty.field(key), inner, patch, &at.key(key), changes)?;
            }
            inner => {
                let alone: Map = inner.map(|it| (key.clone(), it.clone())).into_iter().collect();
                let patch = Patch::Map(vec![(key.clone(), patch.clone())]);
                changes.extend(below(at, whole(ty, &Value::Object(alone), &patch)?));
            }
        }
    }
    Ok(())
}

/// Whether each field of a patch can be merged by itself: none is an explicit null, which is sent only with what it
/// belongs to, and none is there twice.
fn are_independent(entries: &[(String, Patch)]) -> bool {
    entries.iter().enumerate().all(|(position, (key, patch))| {
        let is_first = !entries.iter().take(position).any(|(other, _)| other == key);
        is_first && *patch != Patch::Value(Value::Null)
    })
}

fn whole(ty: Type, current: &Value, patch: &Patch) -> Result<Vec<Change>, RepairError> {
    let mut value = current.clone();
    schema::merge(ty, &mut value, patch)?;
    if value == *current {
        return Ok(Vec::new());
    }
    schema::check(ty, &value, false)?;
    Ok(schema::diff(ty, current, &value))
}

fn below(at: &Pointer, changes: Vec<Change>) -> impl Iterator<Item = Change> {
    changes.into_iter().map(move |change| Change {
        pointer: at.join(&change.pointer),
        ..change
    })
}

fn weight_of(template: &Template, evaluate: Evaluate<'_>) -> Result<Value, Fault> {
    let weight = template.render(evaluate)?;
    match weight.as_i64() {
        Some(1..=100) => Ok(weight),
        _ => Err(Fault::Failed(format!(
            "the weight must be a whole number from 1 to 100, but is {weight}"
        ))),
    }
}

/// Adds the item, or each of a list, unless an equal one is there.
fn ensure(ty: Type, list: &mut Value, wanted: Value) -> Result<(), RepairError> {
    let wanted = match wanted {
        Value::Array(items) => items,
        one => vec![one].into(),
    };
    if wanted.is_empty() {
        return Ok(());
    }
    if list.is_null() {
        *list = Value::Array(List::default());
    }
    let Some(items) = list.as_array_mut() else {
        return Err(RepairError::NoList {
            found: super::brief(list),
        });
    };
    for one in wanted {
        if !items.iter().any(|there| schema::equal(ty.items(), there, &one)) {
            items.push(one);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::change;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..3).prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::vec(("[abcd]", inner), 0..3)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    fn patch() -> impl Strategy<Value = Patch> {
        let leaf = prop_oneof![Just(Patch::Absent), value().prop_map(Patch::Value)];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(("[abcd]", inner.clone()), 1..3).prop_map(Patch::Map),
                prop::collection::vec(inner, 0..2).prop_map(Patch::List),
            ]
        })
    }

    proptest! {
        #[test]
        fn field_by_field_is_the_same_as_all_at_once(current in value(), patch in patch()) {
            let ty = schema::of(&crate::kube::Gvk::new("example.com/v1", "Unknown"));
            let (Ok(whole), Ok(parts)) = (whole(ty, &current, &patch), merged(ty, &current, &patch)) else {
                return Ok(());
            };
            let applied = |changes: &[Change]| {
                let mut value = current.clone();
                change::apply(&mut value, changes);
                value
            };
            prop_assert_eq!(applied(&parts), applied(&whole));
        }
    }
}
