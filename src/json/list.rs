//! The list of a value: made only where somebody looks into it.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;
use std::{fmt, slice, vec};

use super::Value;
use super::tape::Unread;

/// Items, in order; a slice of values for whoever reads.
#[derive(Clone)]
pub struct List(Kept);

#[derive(Clone)]
enum Kept {
    Made(Vec<Value>),
    Unread(Arc<Unread<Vec<Value>>>),
}

impl List {
    /// Whether the other one is a copy of this one that nobody changed, as far as that can be told without looking.
    pub fn is(&self, other: &List) -> bool {
        match (&self.0, &other.0) {
            (Kept::Unread(one), Kept::Unread(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// The items.
    pub fn as_slice(&self) -> &[Value] {
        self
    }

    /// The last item before position `end` that is a map with this text at the key, and its position. No other item is
    /// made for it.
    pub fn rfind(&self, key: &str, text: &str, end: usize) -> Option<(usize, &Value)> {
        let position = match &self.0 {
            Kept::Made(items) => {
                let mut items = items.get(..end).unwrap_or(items).iter();
                items.rposition(|item| item.text(key) == Some(text))
            }
            Kept::Unread(unread) => unread.rposition(key, text, end),
        }?;
        Some((position, self.get(position)?))
    }

    /// The items, for this copy alone.
    pub fn own(&mut self) -> &mut Vec<Value> {
        if let Kept::Unread(unread) = &self.0 {
            *self = unread.items().clone().into();
        }
        match &mut self.0 {
            Kept::Made(items) => items,
            Kept::Unread(_) => unreachable!("it was made the line before"),
        }
    }
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        match &self.0 {
            Kept::Made(items) => items,
            Kept::Unread(unread) => unread.items(),
        }
    }
}

impl Default for List {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl From<Vec<Value>> for List {
    fn from(items: Vec<Value>) -> Self {
        Self(Kept::Made(items))
    }
}

impl From<Arc<Unread<Vec<Value>>>> for List {
    fn from(unread: Arc<Unread<Vec<Value>>>) -> Self {
        Self(Kept::Unread(unread))
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Vec::from_iter(items).into()
    }
}

impl<'l> IntoIterator for &'l List {
    type Item = &'l Value;
    type IntoIter = slice::Iter<'l, Value>;

    fn into_iter(self) -> slice::Iter<'l, Value> {
        self.iter()
    }
}

impl IntoIterator for List {
    type Item = Value;
    type IntoIter = vec::IntoIter<Value>;

    fn into_iter(self) -> vec::IntoIter<Value> {
        match self.0 {
            Kept::Made(items) => items.into_iter(),
            Kept::Unread(unread) => unread.items().clone().into_iter(),
        }
    }
}

impl Eq for List {}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        self.is(other) || **self == **other
    }
}

impl Hash for List {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
