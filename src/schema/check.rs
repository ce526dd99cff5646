//! Whether a value fits its type.

use super::keys::keyed_path;
use super::types::{Shape, Type};
use crate::json::Value;
use crate::kube::Quantity;
use crate::pointer::{KeyedPath, Pointer};

/// A value that does not fit its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", self.sentence(&self.keyed.to_string()), self.hint())]
pub struct Misfit {
    /// Where, below the value that was checked.
    pub pointer: Pointer,
    /// The same, by key.
    pub keyed: KeyedPath,
    /// What is wrong there.
    pub problem: Problem,
}

/// How a value does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It has another type.
    Type {
        /// What the type wants: `a boolean`.
        expected: &'static str,
        /// What is there: `the string "false"`.
        found: String,
    },
    /// The type has no such field.
    NoField {
        /// Its name.
        name: String,
        /// A field that is like it.
        near: Option<&'static str>,
    },
}

impl Misfit {
    /// One sentence, for the place that is called `place`.
    pub fn sentence(&self, place: &str) -> String {
        match &self.problem {
            Problem::Type { expected, found } => format!("{place} must be {expected}, but is {found}"),
            Problem::NoField { name, .. } if place == name => format!("there is no field {place}"),
            Problem::NoField { name, .. } => match place.strip_suffix(name.as_str()) {
                Some(owner) => format!("{} has no field {name}", owner.trim_end_matches('.')),
                None => format!("{place} has no field {name}"),
            },
        }
    }

    fn hint(&self) -> String {
        self.nearest()
            .map_or_else(String::new, |near| format!(" (did you mean {near}?)"))
    }

    /// What the type wants.
    pub fn expected(&self) -> &str {
        match &self.problem {
            Problem::Type { expected, .. } => expected,
            Problem::NoField { .. } => "absent",
        }
    }

    /// Whether it is a field that does not exist.
    pub fn is_field(&self) -> bool {
        matches!(self.problem, Problem::NoField { .. })
    }

    /// The field that was most likely meant.
    pub fn nearest(&self) -> Option<&'static str> {
        match &self.problem {
            Problem::NoField { near, .. } => *near,
            Problem::Type { .. } => None,
        }
    }
}

/// Checks a value against its type; unknown types accept anything; unknown *fields* of known types are a
/// misfit only where `strict` (literals of policies). Null is absent and fits everywhere.
pub fn check(ty: Type, value: &Value, strict: bool) -> Result<(), Misfit> {
    let mut at = Pointer::root();
    visit(ty, value, strict, &mut at).map_err(|problem| Misfit {
        keyed: keyed_path(ty, value, &at),
        pointer: at,
        problem,
    })
}

/// On a misfit `at` is left at its place.
fn visit(ty: Type, value: &Value, strict: bool, at: &mut Pointer) -> Result<(), Problem> {
    let wrong = |expected: &'static str| {
        Err(Problem::Type {
            expected,
            found: describe(value),
        })
    };
    match (ty.shape(), value) {
        (Shape::Unknown, _) | (_, Value::Null) => Ok(()),
        (Shape::Object(_) | Shape::Open(_) | Shape::Map(_), Value::Object(map)) => {
            for (key, value) in map {
                at.push(crate::pointer::Token::Key(key.as_str().into()));
                if strict && ty.has_field(key) == Some(false) {
                    return Err(Problem::NoField {
                        name: key.to_string(),
                        near: near(ty, key),
                    });
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

fn near(ty: Type, name: &str) -> Option<&'static str> {
    let likeness = |field: &str| strsim::jaro_winkler(name, field);
    let near = ty.fields().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(near) > 0.75).then_some(near)
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
