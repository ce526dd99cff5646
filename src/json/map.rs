//! The map of a value: shared by its copies until one of them changes, and made only where somebody looks into it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use compact_str::CompactString;

use super::Value;
use super::entries::Entries;
use super::tape::Unread;

/// Keys and values, in the order in which they came. A copy costs nothing: an object before and after its repairs has
/// most of its maps in common.
#[derive(Clone)]
pub struct Map(Kept);

#[derive(Clone)]
enum Kept {
    Made(Arc<Entries>),
    Unread(Arc<Unread<Entries>>),
}

impl Map {
    /// Without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries().as_slice().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries().as_slice().is_empty()
    }

    /// Whether the other one is a copy of this one, unchanged; what is not may be equal all the same.
    pub fn is(&self, other: &Map) -> bool {
        match (&self.0, &other.0) {
            (Kept::Made(one), Kept::Made(other)) => Arc::ptr_eq(one, other),
            (Kept::Unread(one), Kept::Unread(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match &self.0 {
            Kept::Made(entries) => entries.get(key),
            Kept::Unread(unread) => unread.get(key),
        }
    }

    /// The text of a key, for lists that are searched for one item: a map that nobody looked into yet is not made for it.
    pub fn text(&self, key: &str) -> Option<&str> {
        match &self.0 {
            Kept::Made(entries) => entries.get(key)?.as_str(),
            Kept::Unread(unread) => unread.text(key),
        }
    }

    /// The same, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        let position = self.entries().position(key)?;
        self.own().at_mut(position)
    }

    /// Whether the key is there.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Puts a value at a key: in place of the one that is there, else behind all others.
    pub fn insert(&mut self, key: CompactString, value: Value) -> Option<Value> {
        self.own().insert(key, value)
    }

    /// Takes an entry out; those behind it move up.
    pub fn shift_remove(&mut self, key: &str) -> Option<Value> {
        let position = self.entries().position(key)?;
        self.own().remove_at(position)
    }

    /// The place of a key, filled or not.
    pub fn entry(&mut self, key: impl Into<CompactString>) -> Entry<'_> {
        Entry {
            map: self,
            key: key.into(),
        }
    }

    /// Keeps the entries that hold.
    pub fn retain(&mut self, holds: impl FnMut(&CompactString, &mut Value) -> bool) {
        self.own().retain(holds);
    }

    /// All entries, in order.
    pub fn iter(&self) -> Iter<'_> {
        self.entries().as_slice().iter().map(by_ref)
    }

    /// All keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &CompactString> + ExactSizeIterator {
        self.entries().as_slice().iter().map(|(key, _)| key)
    }

    /// All values, in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.entries().as_slice().iter().map(|(_, value)| value)
    }

    /// The entries, for this copy alone.
    fn own(&mut self) -> &mut Entries {
        if let Kept::Unread(unread) = &self.0 {
            *self = unread.entries().clone().into();
        }
        match &mut self.0 {
            Kept::Made(entries) => Arc::make_mut(entries),
            Kept::Unread(_) => unreachable!("it was made the line before"),
        }
    }

    fn entries(&self) -> &Entries {
        match &self.0 {
            Kept::Made(entries) => entries,
            Kept::Unread(unread) => unread.entries(),
        }
    }
}

impl Default for Map {
    fn default() -> Self {
        Entries::default().into()
    }
}

impl From<Arc<Unread<Entries>>> for Map {
    fn from(unread: Arc<Unread<Entries>>) -> Self {
        Self(Kept::Unread(unread))
    }
}

impl From<Entries> for Map {
    fn from(entries: Entries) -> Self {
        Self(Kept::Made(Arc::new(entries)))
    }
}

fn by_ref(entry: &(CompactString, Value)) -> (&CompactString, &Value) {
    (&entry.0, &entry.1)
}

/// The entries of a map.
pub type Iter<'m> = std::iter::Map<
    std::slice::Iter<'m, (CompactString, Value)>,
    fn(&'m (CompactString, Value)) -> (&'m CompactString, &'m Value),
>;

impl<'m> IntoIterator for &'m Map {
    type Item = (&'m CompactString, &'m Value);
    type IntoIter = Iter<'m>;

    fn into_iter(self) -> Iter<'m> {
        self.iter()
    }
}

impl IntoIterator for Map {
    type Item = (CompactString, Value);
    type IntoIter = std::vec::IntoIter<(CompactString, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        match self.0 {
            Kept::Made(entries) => Arc::unwrap_or_clone(entries),
            Kept::Unread(unread) => unread.entries().clone(),
        }
        .into_list()
        .into_iter()
    }
}

impl<K: Into<CompactString>> Extend<(K, Value)> for Map {
    fn extend<T: IntoIterator<Item = (K, Value)>>(&mut self, entries: T) {
        let own = self.own();
        for (key, value) in entries {
            own.insert(key.into(), value);
        }
    }
}

impl<K: Into<CompactString>> FromIterator<(K, Value)> for Map {
    fn from_iter<T: IntoIterator<Item = (K, Value)>>(entries: T) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl Eq for Map {}

impl Hash for Map {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut entries: Vec<_> = self.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        entries.hash(state);
    }
}

/// Two maps are the same whatever the order of their entries.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        // Most maps that are compared have their keys in one order: those are not looked up.
        let mut beside = other.iter();
        let mut is_in_other = |(key, value): (&CompactString, &Value)| {
            let beside = beside.next().filter(|(other, _)| *other == key);
            beside.map(|(_, there)| there).or_else(|| other.get(key)) == Some(value)
        };
        self.is(other) || (self.len() == other.len() && self.iter().all(&mut is_in_other))
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

/// The place of a key in a map.
#[derive(Debug)]
pub struct Entry<'m> {
    map: &'m mut Map,
    key: CompactString,
}

impl<'m> Entry<'m> {
    /// The value that is there, else this one.
    pub fn or_insert(self, value: Value) -> &'m mut Value {
        self.or_insert_with(|| value)
    }

    /// The value that is there, else one that is made.
    pub fn or_insert_with(self, make: impl FnOnce() -> Value) -> &'m mut Value {
        self.map.own().get_or_insert_with(self.key, make)
    }
}
