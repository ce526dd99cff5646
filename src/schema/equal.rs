//! Semantic equality (R4).

use super::types::{ListKind, Shape, Type};
use crate::json::{Map, Value};
use crate::kube::Quantity;

/// Semantic equality (R4): quantities and int-or-strings by value, key defaults filled; null, absent and an
/// empty map or list are one. Lists are ordered.
pub fn equal(ty: Type, a: &Value, b: &Value) -> bool {
    if is_nothing(a) || is_nothing(b) {
        return is_nothing(a) && is_nothing(b);
    }
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => maps(ty, a, b, |_| None),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| items(ty, a, b))
        }
        (a, b) => scalars(ty, a, b),
    }
}

/// What says no more than a field that is not there.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.values().all(is_nothing),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn maps(ty: Type, a: &Map, b: &Map, default: impl Fn(&str) -> Option<Value>) -> bool {
    let mut keys: Vec<_> = a
        .keys()
        .chain(b.keys().filter(|key| !a.contains_key(key)))
        .collect();
    keys.retain(|key| {
        let fallback = default(key).unwrap_or(Value::Null);
        let (a, b) = (a.get(key).unwrap_or(&fallback), b.get(key).unwrap_or(&fallback));
        !equal(ty.field(key), a, b)
    });
    keys.is_empty()
}

/// Two items of a list, with the defaults of its merge keys.
fn items(list: Type, a: &Value, b: &Value) -> bool {
    match (list.list_kind(), a, b) {
        (ListKind::Map(keys), Value::Object(a), Value::Object(b)) => maps(list.items(), a, b, |key| {
            keys.contains(&key)
                .then(|| list.key_default(key).map(Value::from))
                .flatten()
        }),
        _ => equal(list.items(), a, b),
    }
}

fn scalars(ty: Type, a: &Value, b: &Value) -> bool {
    match (ty.shape(), a, b) {
        (Shape::Quantity, a, b) => match (quantity(a), quantity(b)) {
            (Some(a), Some(b)) => a == b,
            _ => a == b,
        },
        (Shape::IntOrString, Value::Number(number), Value::String(text))
        | (Shape::IntOrString, Value::String(text), Value::Number(number)) => number.to_string() == *text,
        (_, Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (_, a, b) => a == b,
    }
}

fn quantity(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => Quantity::parse(text),
        Value::Number(number) => Quantity::parse(&number.to_string()),
        _ => None,
    }
}
