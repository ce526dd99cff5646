//! From edits to RFC 6902, as the API server applies it (github.com/evanphx/json-patch).

use crate::change::{Action, Change, in_order};
use crate::json::Value;
use crate::plan::Edit;
use crate::pointer::{Pointer, Token};
use crate::rfc6902::Operation;

/// The operations that make the edits, in an order in which each finds its place where it was at first.
pub fn operations(edits: &[Edit]) -> Vec<Operation> {
    in_order(edits.iter().map(|edit| &edit.change))
        .map(operation)
        .collect()
}

fn operation(change: &Change) -> Operation {
    let path = change.pointer.to_string();
    match &change.action {
        Action::Remove { .. } => Operation::Remove { path },
        // A key that holds null may or may not count as there: `add` is right for both.
        Action::Replace {
            old: Value::Null,
            new,
        } if is_key(&change.pointer) => Operation::Add {
            path,
            value: new.clone(),
        },
        Action::Replace { new, .. } => Operation::Replace {
            path,
            value: new.clone(),
        },
        Action::Add(value) => Operation::Add {
            path,
            value: value.clone(),
        },
    }
}

fn is_key(pointer: &Pointer) -> bool {
    matches!(pointer.0.last(), Some(Token::Key(_)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::json;
    use crate::kube::Gvk;
    use crate::schema;

    fn patched(before: &Value, changes: &[Change]) -> Value {
        let operations: Vec<Operation> = in_order(changes).map(operation).collect();
        let patch: json_patch::Patch = serde_json::from_value(serde_json::json!(operations)).unwrap();
        let mut after = serde_json::Value::from(before.clone());
        json_patch::patch(&mut after, &patch).unwrap();
        after.into()
    }

    #[test]
    fn keys_are_escaped_and_nulls_are_added_over() {
        let before = json!({"metadata": {"annotations": {"a.b/c~d": "1"}}, "x": null, "l": [1, 2, 3]});
        let after =
            json!({"metadata": {"annotations": {"a.b/c~d": "2"}}, "x": 1, "l": [1, 3], "n": {"m": 1}});
        let changes = schema::diff(schema::of(&Gvk::new("v1", "Unknown")), &before, &after);
        let operations: Vec<Operation> = in_order(&changes).map(operation).collect();
        let expected = json!([
            {"op": "add", "path": "/n", "value": {"m": 1}},
            {"op": "add", "path": "/x", "value": 1},
            {"op": "replace", "path": "/metadata/annotations/a.b~1c~0d", "value": "2"},
            {"op": "remove", "path": "/l/1"},
        ]);
        assert_eq!(json!(operations), expected);
        assert_eq!(patched(&before, &changes), after);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..4).prop_map(Value::from),
            "[ab/~]{0,2}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[ab/~]{1,2}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Whatever differs, a peer that follows the RFC makes `after` out of `before`.
        #[test]
        fn a_peer_makes_the_same_of_it(before in value(), after in value()) {
            let changes = schema::diff(schema::of(&Gvk::new("v1", "Unknown")), &before, &after);
            prop_assert_eq!(patched(&before, &changes), after);
        }
    }
}
