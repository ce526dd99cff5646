//! The repairing verbs: what each makes of the value at one place. A verb that changes nothing semantically
//! leaves the value as it is spelt, so a repair is its own check.

use serde_json::Value;

use crate::cel::{Fault, Program};
use crate::kube::affinity;
use crate::policy::{Template, Verb};
use crate::schema::{self, Type};

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
        one => vec![one],
    };
    if wanted.is_empty() {
        return Ok(());
    }
    if list.is_null() {
        *list = Value::Array(Vec::new());
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
