//! Whether a value fits its type.

use serde_json::Value;

use super::keys::keyed_path;
use super::types::{Shape, Type};
use crate::kube::Quantity;
use crate::pointer::{KeyedPath, Pointer};

/// A value that does not fit its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{keyed} must be {expected}, but is {found}")]
pub struct Misfit {
    /// Where, below the value that was checked.
    pub pointer: Pointer,
    /// The same, by key.
    pub keyed: KeyedPath,
    /// What the type wants: `a boolean`.
    pub expected: String,
    /// What is there: `the string "false"`.
    pub found: String,
}

/// Checks a value against its type; unknown types accept anything; unknown *fields* of known types are a
/// misfit only where `strict` (literals of policies). Null is absent and fits everywhere.
pub fn check(ty: Type, value: &Value, strict: bool) -> Result<(), Misfit> {
    let mut at = Pointer::root();
    visit(ty, value, strict, &mut at).map_err(|(expected, found)| Misfit {
        keyed: keyed_path(ty, value, &at),
        pointer: at,
        expected,
        found,
    })
}

/// On a misfit `at` is left at its place.
fn visit(ty: Type, value: &Value, strict: bool, at: &mut Pointer) -> Result<(), (String, String)> {
    let wrong = |expected: &str| Err((expected.to_owned(), describe(value)));
    match (ty.shape(), value) {
        (Shape::Unknown, _) | (_, Value::Null) => Ok(()),
        (Shape::Object(_) | Shape::Open(_) | Shape::Map(_), Value::Object(map)) => {
            for (key, value) in map {
                at.push(crate::pointer::Token::Key(key.clone()));
                if strict && ty.has_field(key) == Some(false) {
                    return Err((
                        known_fields(ty, key),
                        "a field that the type does not have".into(),
                    ));
                }
                visit(ty.field(key), value, strict, at)?;
                at.0.pop();
            }
            Ok(())
        }
        (Shape::Atomic(_) | Shape::Set(_) | Shape::Keyed(..), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                at.push(crate::pointer::Token::Index(index));
                visit(ty.items(), item, strict, at)?;
                at.0.pop();
            }
            Ok(())
        }
        (Shape::Object(_) | Shape::Open(_) | Shape::Map(_), _) => wrong("a map"),
        (Shape::Atomic(_) | Shape::Set(_) | Shape::Keyed(..), _) => wrong("a list"),
        (Shape::String | Shape::Bytes, Value::String(_)) => Ok(()),
        (Shape::String | Shape::Bytes, _) => wrong("a string"),
        (Shape::Boolean, Value::Bool(_)) => Ok(()),
        (Shape::Boolean, _) => wrong("a boolean"),
        (Shape::Integer, Value::Number(number)) if !number.is_f64() => Ok(()),
        (Shape::Integer, _) => wrong("a whole number"),
        (Shape::Number, Value::Number(_)) => Ok(()),
        (Shape::Number, _) => wrong("a number"),
        (Shape::IntOrString, Value::String(_)) => Ok(()),
        (Shape::IntOrString, Value::Number(number)) if !number.is_f64() => Ok(()),
        (Shape::IntOrString, _) => wrong("a whole number or a string"),
        (Shape::Quantity, Value::Number(_)) => Ok(()),
        (Shape::Quantity, Value::String(text)) if Quantity::parse(text).is_some() => Ok(()),
        (Shape::Quantity, _) => wrong("a quantity like 500m or 2Gi"),
    }
}

fn known_fields(ty: Type, name: &str) -> String {
    let near = ty.fields().max_by(|a, b| {
        let likeness = |field: &str| strsim::jaro_winkler(name, field);
        likeness(a).total_cmp(&likeness(b))
    });
    near.map_or("a field that exists".into(), |field| {
        format!("a field that exists (did you mean {field}?)")
    })
}

/// A value in a sentence: `the string "false"`.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(truth) => format!("the boolean {truth}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.chars().count() > 40 => "a long string".into(),
        Value::String(text) => format!("the string {text:?}"),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "a map".into(),
    }
}
