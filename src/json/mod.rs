//! The value of an object: JSON's six kinds, with maps that keep the order in which somebody wrote their keys.
//!
//! It has the shape of `serde_json::Value` and is read and written by that crate. What differs are the maps: those of
//! Kubernetes are small, so they are lists that are searched, in place of a hash table each under a keyed hash, and
//! copies share them until one changes. Short keys and texts need no allocation. What is [`Reading`] makes them of a text
//! makes only those that somebody looks into. Reading, copying and asking objects is most of what every door does.

mod convert;
mod entries;
mod list;
mod map;
mod tape;
#[cfg(test)]
mod tests;
mod text;
mod typed;

use std::borrow::Cow;

use compact_str::CompactString;

pub use list::List;
pub use map::{Entry, Map};
pub use serde_json::Number;
pub use tape::Reading;
pub use text::{Without, to_value};

/// A value of JSON.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number: i64, u64 or a finite f64.
    Number(Number),
    /// A text; the short ones, which most are, need no allocation.
    String(CompactString),
    /// A list.
    Array(List),
    /// A map.
    Object(Map),
}

/// The value of a JSON literal, as `serde_json::json!`.
#[macro_export]
#[doc(hidden)]
macro_rules! json_value {
    ($($json:tt)+) => {
        $crate::json::Value::from(::serde_json::json!($($json)+))
    };
}
pub use crate::json_value as json;

/// What values are asked by: a key or a position.
pub trait Index {
    /// What is there.
    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value>;
    /// The same, to change.
    fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value>;
}

impl Index for str {
    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        value.as_object()?.get(self)
    }

    fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        value.as_object_mut()?.get_mut(self)
    }
}

impl Index for usize {
    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        value.as_array()?.get(*self)
    }

    fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        value.as_array_mut()?.get_mut(*self)
    }
}

impl Index for String {
    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.as_str().of(value)
    }

    fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        self.as_str().of_mut(value)
    }
}

impl<I: Index + ?Sized> Index for &I {
    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        (**self).of(value)
    }

    fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        (**self).of_mut(value)
    }
}

impl Value {
    /// What is at a key of a map or a position of a list.
    pub fn get<I: Index>(&self, index: I) -> Option<&Value> {
        index.of(self)
    }

    /// The same, to change.
    pub fn get_mut<I: Index>(&mut self, index: I) -> Option<&mut Value> {
        index.of_mut(self)
    }

    /// What is at a JSON pointer (RFC 6901).
    pub fn pointer(&self, pointer: &str) -> Option<&Value> {
        steps(pointer)?.try_fold(self, |value, step| match value {
            Value::Object(map) => map.get(&step),
            Value::Array(items) => items.get(position(&step)?),
            _ => None,
        })
    }

    /// The same, to change.
    pub fn pointer_mut(&mut self, pointer: &str) -> Option<&mut Value> {
        steps(pointer)?.try_fold(self, |value, step| match value {
            Value::Object(map) => map.get_mut(&step),
            Value::Array(items) => items.own().get_mut(position(&step)?),
            _ => None,
        })
    }

    /// The value, with null left in its place.
    pub fn take(&mut self) -> Value {
        std::mem::take(self)
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text at a key of a map, for lists that are searched for one item: [`Map::text`].
    pub fn text(&self, key: &str) -> Option<&str> {
        self.as_object()?.text(key)
    }

    /// The truth of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The number.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// A whole number that fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.as_i64()
    }

    /// A whole number that fits.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_number()?.as_u64()
    }

    /// A number, rounded.
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number()?.as_f64()
    }

    /// The items of a list.
    pub fn as_array(&self) -> Option<&List> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The items of a list, to change.
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Value>> {
        match self {
            Value::Array(items) => Some(items.own()),
            _ => None,
        }
    }

    /// The entries of a map.
    pub fn as_object(&self) -> Option<&Map> {
        match self {
            Value::Object(map) => Some(map),
            _ => None,
        }
    }

    /// The entries of a map, to change.
    pub fn as_object_mut(&mut self) -> Option<&mut Map> {
        match self {
            Value::Object(map) => Some(map),
            _ => None,
        }
    }

    /// Whether the other one is a copy of this one that nobody changed, as far as that can be told without looking into
    /// it; what is not may be equal all the same.
    pub fn is(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Object(one), Value::Object(other)) => one.is(other),
            (Value::Array(one), Value::Array(other)) => one.is(other),
            (one, other) => one == other,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Whether it is true or false.
    pub fn is_boolean(&self) -> bool {
        matches!(self, Value::Bool(_))
    }

    /// Whether it is a number.
    pub fn is_number(&self) -> bool {
        matches!(self, Value::Number(_))
    }

    /// Whether it is a whole number.
    pub fn is_i64(&self) -> bool {
        self.as_number().is_some_and(Number::is_i64)
    }

    /// Whether it is a whole number that is not negative.
    pub fn is_u64(&self) -> bool {
        self.as_number().is_some_and(Number::is_u64)
    }

    /// Whether it is a text.
    pub fn is_string(&self) -> bool {
        matches!(self, Value::String(_))
    }

    /// Whether it is a list.
    pub fn is_array(&self) -> bool {
        matches!(self, Value::Array(_))
    }

    /// Whether it is a map.
    pub fn is_object(&self) -> bool {
        matches!(self, Value::Object(_))
    }
}

/// The steps of a JSON pointer; `None` for a text that is none.
fn steps(pointer: &str) -> Option<impl Iterator<Item = Cow<'_, str>>> {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return None;
    }
    Some(pointer.split('/').skip(1).map(|step| match step.contains('~') {
        true => Cow::Owned(step.replace("~1", "/").replace("~0", "~")),
        false => Cow::Borrowed(step),
    }))
}

/// A position as a JSON pointer writes it: digits without a leading zero.
fn position(step: &str) -> Option<usize> {
    if step.starts_with('+') || (step.starts_with('0') && step.len() > 1) {
        return None;
    }
    step.parse().ok()
}
