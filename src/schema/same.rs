//! Exact equality of values that most likely are alike.

use crate::json::Value;

/// Whether two values are exactly the same, whatever the order of their keys. A value that was copied and changed a
/// little has its keys in the order of the first: those are compared side by side, without being looked up.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let mut neighbours = b.iter();
            a.len() == b.len()
                && a.iter().all(|(key, value)| {
                    let beside = neighbours.next().filter(|(other, _)| *other == key);
                    let other = beside.map(|(_, other)| other).or_else(|| b.get(key));
                    other.is_some_and(|other| same(value, other))
                })
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::json;

    #[test]
    fn the_order_of_keys_does_not_count() {
        let a = json!({"a": 1, "b": [{"c": null, "d": "x"}]});
        assert!(same(&a, &json!({"b": [{"d": "x", "c": null}], "a": 1})));
        for other in [
            json!({"a": 1}),
            json!({"a": 1, "b": [{"c": null, "e": "x"}]}),
            json!({"a": 1, "b": [{"c": null, "d": "x"}], "c": 1}),
            json!({"a": 1.0, "b": [{"c": null, "d": "x"}]}),
            json!([]),
        ] {
            assert!(!same(&a, &other) && !same(&other, &a), "{other}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..3).prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 20, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
                prop::collection::vec(("[abc]", inner), 0..3)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_is_equality(a in value(), b in value()) {
            prop_assert_eq!(same(&a, &b), a == b);
            prop_assert!(same(&a, &a.clone()));
        }
    }
}
