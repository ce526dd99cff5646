//! The map of a value: shared by its copies until one of them changes.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use compact_str::CompactString;

use super::Value;
use super::entries::Entries;

/// Keys and values, in the order in which they came. A copy costs nothing: an object before and after its repairs has
/// most of its maps in common.
#[derive(Clone, Default)]
pub struct Map(Arc<Entries>);

impl Map {
    /// Without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.as_slice().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.as_slice().is_empty()
    }

    /// Whether the other one is a copy of this one, unchanged; what is not may be equal all the same.
    pub fn is(&self, other: &Map) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let position = self.0.position(key)?;
        self.0.as_slice().get(position).map(|(_, value)| value)
    }

    /// The same, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        let position = self.0.position(key)?;
        self.own().at_mut(position)
    }

    /// Whether the key is there.
    pub fn contains_key(&self, key: &str) -> bool {
        self.0.position(key).is_some()
    }

    /// Puts a value at a key: in place of the one that is there, else behind all others.
    pub fn insert(&mut self, key: CompactString, value: Value) -> Option<Value> {
        self.own().insert(key, value)
    }

    /// Takes an entry out; those behind it move up.
    pub fn shift_remove(&mut self, key: &str) -> Option<Value> {
        let position = self.0.position(key)?;
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
        self.0.as_slice().iter().map(by_ref)
    }

    /// All keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &CompactString> + ExactSizeIterator {
        self.0.as_slice().iter().map(|(key, _)| key)
    }

    /// All values, in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.0.as_slice().iter().map(|(_, value)| value)
    }

    /// The entries, for this copy alone.
    fn own(&mut self) -> &mut Entries {
        Arc::make_mut(&mut self.0)
    }
}

impl From<Entries> for Map {
    fn from(entries: Entries) -> Self {
        Self(Arc::new(entries))
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
        Arc::unwrap_or_clone(self.0).into_list().into_iter()
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
