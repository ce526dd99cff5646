//! What is to change in one value: the language between the structural diff and every writer.

use crate::json::Value;
use crate::pointer::{Pointer, Token};

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

/// Applies `changes` to `value`, list by list from the end, so that every position means what it meant
/// before. A change whose place is not there is left out: a set that was made of a diff has none.
pub fn apply(value: &mut Value, changes: &[Change]) {
    for change in in_order(changes) {
        apply_one(value, change);
    }
}

/// The order in which changes can be made one after the other, each at its place of the value before: keys are
/// added first, then everything else from the end.
pub fn in_order<'c>(changes: impl IntoIterator<Item = &'c Change>) -> impl Iterator<Item = &'c Change> {
    let mut order: Vec<(usize, &Change)> = changes.into_iter().enumerate().collect();
    order.sort_by(|(a_index, a), (b_index, b)| {
        b.pointer
            .0
            .cmp(&a.pointer.0)
            .then_with(|| rank(&a.action).cmp(&rank(&b.action)))
            .then(b_index.cmp(a_index))
    });
    // Keys are added in the order in which they were given; only positions must go from the end.
    let (added_keys, rest): (Vec<_>, Vec<_>) = order.into_iter().partition(|(_, change)| {
        matches!(change.action, Action::Add(_)) && matches!(change.pointer.0.last(), Some(Token::Key(_)))
    });
    let mut added_keys: Vec<(usize, &Change)> = added_keys;
    added_keys.sort_by_key(|(index, _)| *index);
    // Where keys are added to an item, the item still stands where it stood.
    added_keys.into_iter().chain(rest).map(|(_, change)| change)
}

/// At one position the old item is dealt with before others are put in front of it.
fn rank(action: &Action) -> u8 {
    match action {
        Action::Replace { .. } | Action::Remove { .. } => 0,
        Action::Add(_) => 1,
    }
}

fn apply_one(value: &mut Value, change: &Change) {
    let Some((parent, last)) = change.pointer.split_last() else {
        if let Action::Add(new) | Action::Replace { new, .. } = &change.action {
            *value = new.clone();
        }
        return;
    };
    match (parent.get_mut(value), last, &change.action) {
        (Some(Value::Object(map)), Token::Key(key), Action::Add(new) | Action::Replace { new, .. }) => {
            map.insert(key.clone(), new.clone());
        }
        (Some(Value::Object(map)), Token::Key(key), Action::Remove { .. }) => {
            map.shift_remove(key.as_str());
        }
        (Some(Value::Array(items)), Token::Index(index), Action::Add(new)) if *index <= items.len() => {
            items.own().insert(*index, new.clone());
        }
        (Some(Value::Array(items)), Token::Index(index), Action::Replace { new, .. }) => {
            if let Some(item) = items.own().get_mut(*index) {
                *item = new.clone();
            }
        }
        (Some(Value::Array(items)), Token::Index(index), Action::Remove { .. }) if *index < items.len() => {
            items.own().remove(*index);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    fn change(pointer: Pointer, action: Action) -> Change {
        Change { pointer, action }
    }

    #[test]
    fn every_place_is_one_of_the_value_before() {
        let list = Pointer::root().key("l");
        let remove = |index: usize, old| change(list.index(index), Action::Remove { old });
        let add = |index: usize, new| change(list.index(index), Action::Add(new));
        let changes = [
            add(0, json!("first")),
            remove(0, json!("a")),
            add(2, json!("x")),
            add(2, json!("y")),
            change(
                list.index(2),
                Action::Replace {
                    old: json!("c"),
                    new: json!("C"),
                },
            ),
            add(4, json!("end")),
            add(4, json!("last")),
            change(Pointer::root().key("n"), Action::Add(json!(1))),
            change(Pointer::root().key("m"), Action::Add(json!(2))),
        ];
        let mut value = json!({"l": ["a", "b", "c", "d"]});
        apply(&mut value, &changes);
        assert_eq!(
            value.to_string(),
            r#"{"l":["first","b","x","y","C","d","end","last"],"n":1,"m":2}"#
        );
    }

    #[test]
    fn keys_of_an_item_are_added_before_the_item_moves() {
        let list = Pointer::root().key("l");
        let mut value = json!({"l": [{"a": 1}, {"b": 1}]});
        let changes = [
            change(list.index(0), Action::Remove { old: json!({"a": 1}) }),
            change(list.index(1).key("c"), Action::Add(json!(2))),
        ];
        apply(&mut value, &changes);
        assert_eq!(value, json!({"l": [{"b": 1, "c": 2}]}));
    }

    #[test]
    fn the_root_can_be_replaced() {
        let mut value = json!(1);
        apply(
            &mut value,
            &[change(
                Pointer::root(),
                Action::Replace {
                    old: json!(1),
                    new: json!({}),
                },
            )],
        );
        assert_eq!(value, json!({}));
    }
}
