//! What is to change in one value: the language between the structural diff and every writer.

use serde_json::Value;

use crate::pointer::Pointer;

/// One change. All changes of one set speak of places in the value **before** any of them is applied,
/// so a writer may apply them in any order that keeps positions right (from the end).
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The place. For [`Action::Add`] to a list the last step is the position in the list before the
    /// change, in front of which the item goes; the length of the list appends. Several additions at one
    /// position keep their order.
    pub pointer: Pointer,
    /// What happens there.
    pub action: Action,
}

/// What happens at a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A map key that was not there, or a new list item.
    Add(Value),
    /// Another value for what is there.
    Replace {
        /// What was there.
        old: Value,
        /// What is to be there.
        new: Value,
    },
    /// The key or item goes.
    Remove {
        /// What was there.
        old: Value,
    },
}
/// Applies `changes` to `value`, from the end.
#[allow(clippy::todo)]
pub fn apply(_v: &mut Value, _c: &[Change]) {
    todo!()
}
