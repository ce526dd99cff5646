//! Values while an expression is evaluated: borrowed from the object where they come from it.
//!
//! Nothing of the object is copied: a map of it stays that map, and a field is looked up when
//! it is asked for.

mod bound;

use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use chrono::{DateTime, TimeDelta, Utc};
use compact_str::CompactString;
use indexmap::IndexMap;

use super::Fault;
use super::budget::Budget;
use super::library::Opaque;
use crate::json::{self, Value};
use crate::unknown::Unknown;

use bound::LazyMap;

/// Values nested deeper than this are refused: recursion over values must end before the stack does.
pub(super) const MAX_VALUE_DEPTH: usize = 128;

/// A string: of the object, of the program, or computed.
#[derive(Clone, Debug)]
pub(super) enum Text<'a> {
    Borrowed(&'a str),
    Shared(Rc<str>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Text::Borrowed(text) => text,
            Text::Shared(text) => text,
        }
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text<'_> {}

impl std::hash::Hash for Text<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Text::Shared(text.into())
    }
}

/// A value of CEL.
#[derive(Clone, Debug)]
pub(super) enum Cel<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Text<'a>),
    Bytes(Rc<[u8]>),
    List(List<'a>),
    Map(Map<'a>),
    Optional(Option<Rc<Cel<'a>>>),
    Type(&'static str),
    Duration(TimeDelta),
    Timestamp(DateTime<Utc>),
    Opaque(Rc<Opaque>),
}

/// A list: of an object, or computed.
#[derive(Clone, Debug)]
pub(super) enum List<'a> {
    Json { items: &'a json::List, hide_null: bool },
    Owned(Rc<Items<'a>>),
}

/// The items of a computed list.
#[derive(Debug, Default)]
pub(super) struct Items<'a> {
    pub items: Vec<Cel<'a>>,
    /// Says that there may be more items than these, anywhere in the list.
    pub missing: Option<Unknown>,
}

/// A map: of an object, computed, or computed entry by entry when asked for.
#[derive(Clone, Debug)]
pub(super) enum Map<'a> {
    Json {
        /// Always an object.
        object: &'a Value,
        hide_null: bool,
    },
    Owned(Rc<Entries<'a>>),
    Lazy(LazyMap<'a>),
}

/// The entries of a computed map, in the order in which they were written.
pub(super) type Entries<'a> = IndexMap<Key<'a>, Cel<'a>>;

/// A key of a map.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key<'a> {
    Bool(bool),
    Int(i64),
    /// Only what does not fit [`Key::Int`], so that equal numbers are equal keys.
    Uint(u64),
    String(Text<'a>),
}

impl<'a> Cel<'a> {
    /// A computed string.
    pub fn string(text: impl Into<String>) -> Self {
        Cel::String(Text::from(text.into()))
    }

    /// A complete, computed list.
    pub fn list(items: Vec<Cel<'a>>) -> Self {
        Cel::List(List::Owned(Rc::new(Items { items, missing: None })))
    }

    /// A computed map.
    pub fn map(entries: Entries<'a>) -> Self {
        Cel::Map(Map::Owned(Rc::new(entries)))
    }

    /// `optional.of(value)`.
    pub fn some(value: Cel<'a>) -> Self {
        Cel::Optional(Some(Rc::new(value)))
    }

    /// `optional.none()`.
    pub fn none() -> Self {
        Cel::Optional(None)
    }

    /// Of a value that outlives the evaluation; nothing is copied.
    pub fn borrowed(value: &'a Value, hide_null: bool) -> Self {
        match value {
            Value::String(text) => Cel::String(Text::Borrowed(text)),
            Value::Array(items) => Cel::List(List::Json { items, hide_null }),
            Value::Object(_) => Cel::Map(Map::Json {
                object: value,
                hide_null,
            }),
            scalar => Self::scalar(scalar),
        }
    }

    /// Of a value that does not outlive the evaluation; all of it is copied.
    pub fn copied(value: &Value, hide_null: bool, budget: &mut Budget) -> Result<Self, Fault> {
        Self::copied_at(value, hide_null, 0, budget)
    }

    fn copied_at(value: &Value, hide_null: bool, depth: usize, budget: &mut Budget) -> Result<Self, Fault> {
        check_depth(depth)?;
        budget.element()?;
        Ok(match value {
            Value::String(text) => {
                budget.bytes(text.len())?;
                Cel::String(Text::Shared(text.as_str().into()))
            }
            Value::Array(items) => {
                let mut copies = Vec::with_capacity(items.len());
                for item in items {
                    copies.push(Self::copied_at(item, hide_null, depth + 1, budget)?);
                }
                Cel::list(copies)
            }
            Value::Object(fields) => {
                let mut entries = Entries::with_capacity(fields.len());
                for (key, value) in fields {
                    if hide_null && value.is_null() {
                        continue;
                    }
                    let copy = Self::copied_at(value, hide_null, depth + 1, budget)?;
                    entries.insert(Key::String(Text::Shared(key.as_str().into())), copy);
                }
                Cel::map(entries)
            }
            scalar => Self::scalar(scalar),
        })
    }

    fn scalar(value: &Value) -> Self {
        match value {
            Value::Bool(truth) => Cel::Bool(*truth),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(int), _) => Cel::Int(int),
                (None, Some(uint)) => Cel::Uint(uint),
                (None, None) => Cel::Double(number.as_f64().unwrap_or(f64::NAN)),
            },
            _ => Cel::Null,
        }
    }

    /// The name of its type, as CEL calls it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Cel::Null => "null_type",
            Cel::Bool(_) => "bool",
            Cel::Int(_) => "int",
            Cel::Uint(_) => "uint",
            Cel::Double(_) => "double",
            Cel::String(_) => "string",
            Cel::Bytes(_) => "bytes",
            Cel::List(_) => "list",
            Cel::Map(_) => "map",
            Cel::Optional(_) => "optional_type",
            Cel::Type(_) => "type",
            Cel::Duration(_) => "google.protobuf.Duration",
            Cel::Timestamp(_) => "google.protobuf.Timestamp",
            Cel::Opaque(opaque) => opaque.type_name(),
        }
    }

    /// As a key of a map; a double counts as the integer that it equals.
    pub fn as_key(&self) -> Option<Key<'a>> {
        Some(match self {
            Cel::Bool(truth) => Key::Bool(*truth),
            Cel::Int(int) => Key::Int(*int),
            Cel::Uint(uint) => i64::try_from(*uint).map_or(Key::Uint(*uint), Key::Int),
            Cel::Double(double) => {
                let whole = *double as i64;
                if whole as f64 == *double && whole != i64::MAX {
                    Key::Int(whole)
                } else {
                    return None;
                }
            }
            Cel::String(text) => Key::String(text.clone()),
            _ => return None,
        })
    }
}

impl<'a> From<Key<'a>> for Cel<'a> {
    fn from(key: Key<'a>) -> Self {
        match key {
            Key::Bool(truth) => Cel::Bool(truth),
            Key::Int(int) => Cel::Int(int),
            Key::Uint(uint) => Cel::Uint(uint),
            Key::String(text) => Cel::String(text),
        }
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Bool(truth) => write!(f, "{truth}"),
            Key::Int(int) => write!(f, "{int}"),
            Key::Uint(uint) => write!(f, "{uint}"),
            Key::String(text) => f.write_str(text),
        }
    }
}

impl<'a> List<'a> {
    /// How many items are known.
    pub fn known_len(&self) -> usize {
        match self {
            List::Json { items, .. } => items.len(),
            List::Owned(list) => list.items.len(),
        }
    }

    /// A known item.
    pub fn known(&self, index: usize) -> Option<Cel<'a>> {
        match self {
            List::Json { items, hide_null } => items.get(index).map(|item| Cel::borrowed(item, *hide_null)),
            List::Owned(list) => list.items.get(index).cloned(),
        }
    }

    /// The known items.
    pub fn iter(&self) -> impl Iterator<Item = Cel<'a>> + '_ {
        (0..self.known_len()).filter_map(|index| self.known(index))
    }

    /// What may be missing.
    pub fn missing(&self) -> Option<&Unknown> {
        match self {
            List::Json { .. } => None,
            List::Owned(list) => list.missing.as_ref(),
        }
    }

    /// Fails if items may be missing: most questions cannot be answered then.
    pub fn complete(&self) -> Result<(), Fault> {
        match self.missing() {
            Some(unknown) => Err(Fault::Unknown(unknown.clone())),
            None => Ok(()),
        }
    }
}

impl<'a> Map<'a> {
    /// The entry of a text key.
    pub fn field(&self, name: &str, budget: &mut Budget) -> Result<Option<Cel<'a>>, Fault> {
        match self {
            Map::Json { object, hide_null } => Ok(object
                .get(name)
                .filter(|value| !(*hide_null && value.is_null()))
                .map(|value| Cel::borrowed(value, *hide_null))),
            Map::Owned(entries) => Ok(position(entries, name)
                .and_then(|index| entries.get_index(index))
                .map(|(_, value)| value.clone())),
            Map::Lazy(map) => map.field(name, budget),
        }
    }

    /// The entry of any key.
    pub fn get(&self, key: &Key<'a>, budget: &mut Budget) -> Result<Option<Cel<'a>>, Fault> {
        match (self, key) {
            (_, Key::String(name)) => self.field(name, budget),
            (Map::Owned(entries), key) => Ok(entries.get(key).cloned()),
            _ => Ok(None),
        }
    }

    /// The entry of a key that may come from another map.
    pub fn find(&self, key: &Key<'_>, budget: &mut Budget) -> Result<Option<Cel<'a>>, Fault> {
        match (self, key) {
            (_, Key::String(name)) => self.field(name, budget),
            (Map::Owned(entries), key) => Ok(key_position(entries, key)
                .and_then(|index| entries.get_index(index))
                .map(|(_, value)| value.clone())),
            _ => Ok(None),
        }
    }

    /// Its keys, in order.
    pub fn keys(&self) -> Result<Vec<Key<'a>>, Fault> {
        match self {
            Map::Json { object, hide_null } => Ok(fields(object)
                .filter(|(_, value)| !(*hide_null && value.is_null()))
                .map(|(key, _)| Key::String(Text::Borrowed(key)))
                .collect()),
            Map::Owned(entries) => Ok(entries.keys().cloned().collect()),
            Map::Lazy(map) => map.keys(),
        }
    }

    /// The number of its entries.
    pub fn len(&self) -> Result<usize, Fault> {
        match self {
            Map::Json { object, hide_null } => Ok(fields(object)
                .filter(|(_, value)| !(*hide_null && value.is_null()))
                .count()),
            Map::Owned(entries) => Ok(entries.len()),
            Map::Lazy(map) => Ok(map.keys()?.len()),
        }
    }
}

fn fields(object: &Value) -> impl Iterator<Item = (&CompactString, &Value)> {
    object.as_object().into_iter().flatten()
}

/// Where a key is, whatever it borrows from.
fn key_position<'n>(entries: &'n Entries<'n>, key: &'n Key<'n>) -> Option<usize> {
    entries.get_index_of(key)
}

/// Where a text key is; the map is only borrowed for as long as the name.
fn position<'n>(entries: &'n Entries<'n>, name: &'n str) -> Option<usize> {
    entries.get_index_of(&Key::String(Text::Borrowed(name)))
}

/// Fails for a value nested too deeply.
pub(super) fn check_depth(depth: usize) -> Result<(), Fault> {
    if depth > MAX_VALUE_DEPTH {
        return Err(Fault::Budget(format!(
            "a value is nested more than {MAX_VALUE_DEPTH} levels deep"
        )));
    }
    Ok(())
}
