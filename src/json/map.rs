//! The map of a value: its entries in order.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher as _, Hash, Hasher};

use compact_str::CompactString;
use hashbrown::HashTable;

use super::Value;

/// A map with more entries than this is searched by hash: a ConfigMap may have thousands, and whoever sends one is not
/// to make us compare each key with all others.
const LARGEST_SEARCHED: usize = 24;

/// Keys and values, in the order in which they came.
#[derive(Clone, Default)]
pub struct Map {
    entries: Vec<(CompactString, Value)>,
    /// The positions of a large map's keys.
    index: Option<Box<Positions>>,
}

#[derive(Clone)]
struct Positions {
    table: HashTable<usize>,
    /// Keyed at random: nobody can choose keys that all meet.
    hasher: RandomState,
}

impl Map {
    /// Without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Without entries, with room for so many.
    pub fn with_capacity(entries: usize) -> Self {
        Self {
            entries: Vec::with_capacity(entries),
            index: None,
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let position = self.position(key)?;
        self.entries.get(position).map(|(_, value)| value)
    }

    /// The same, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        let position = self.position(key)?;
        self.entries.get_mut(position).map(|(_, value)| value)
    }

    /// Whether the key is there.
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Puts a value at a key: in place of the one that is there, else behind all others.
    pub fn insert(&mut self, key: CompactString, value: Value) -> Option<Value> {
        match self.get_mut(&key) {
            Some(there) => Some(std::mem::replace(there, value)),
            None => {
                self.push(key, value);
                None
            }
        }
    }

    /// Takes an entry out; those behind it move up.
    pub fn shift_remove(&mut self, key: &str) -> Option<Value> {
        let position = self.position(key)?;
        if let Some(index) = &mut self.index {
            let hash = index.hasher.hash_one(key);
            if let Ok(entry) = index.table.find_entry(hash, |there| *there == position) {
                entry.remove();
            }
            let behind = index.table.iter_mut().filter(|there| **there > position);
            behind.for_each(|there| *there -= 1);
        }
        let (_, value) = self.entries.remove(position);
        Some(value)
    }

    /// The place of a key, filled or not.
    pub fn entry(&mut self, key: impl Into<CompactString>) -> Entry<'_> {
        Entry {
            map: self,
            key: key.into(),
        }
    }

    /// Keeps the entries that hold.
    pub fn retain(&mut self, mut holds: impl FnMut(&CompactString, &mut Value) -> bool) {
        self.entries.retain_mut(|(key, value)| holds(key, value));
        self.reindex();
    }

    /// All entries, in order.
    pub fn iter(&self) -> Iter<'_> {
        self.entries.iter().map(by_ref)
    }

    /// All keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &CompactString> + ExactSizeIterator {
        self.entries.iter().map(|(key, _)| key)
    }

    /// All values, in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.entries.iter().map(|(_, value)| value)
    }

    fn position(&self, key: &str) -> Option<usize> {
        let is_it = |position: usize| self.entries.get(position).is_some_and(|(there, _)| there == key);
        match &self.index {
            None => self.entries.iter().position(|(there, _)| there == key),
            Some(index) => {
                let hash = index.hasher.hash_one(key);
                index.table.find(hash, |position| is_it(*position)).copied()
            }
        }
    }

    /// Adds an entry whose key is not there.
    fn push(&mut self, key: CompactString, value: Value) {
        if let Some(index) = &mut self.index {
            let Positions { table, hasher } = &mut **index;
            let entries = &self.entries;
            let hash = hasher.hash_one(key.as_str());
            table.insert_unique(hash, entries.len(), |position| {
                hash_at(hasher, entries, *position)
            });
        }
        self.entries.push((key, value));
        if self.index.is_none() && self.entries.len() > LARGEST_SEARCHED {
            self.reindex();
        }
    }

    /// Positions as they are now, where there are enough entries for them.
    fn reindex(&mut self) {
        if self.entries.len() <= LARGEST_SEARCHED {
            self.index = None;
            return;
        }
        let hasher = self
            .index
            .take()
            .map_or_else(RandomState::new, |index| index.hasher);
        let mut table = HashTable::with_capacity(self.entries.len());
        for position in 0..self.entries.len() {
            let hash_of = |position: &usize| hash_at(&hasher, &self.entries, *position);
            table.insert_unique(hash_of(&position), position, hash_of);
        }
        self.index = Some(Box::new(Positions { table, hasher }));
    }
}

fn hash_at(hasher: &RandomState, entries: &[(CompactString, Value)], position: usize) -> u64 {
    let key = entries.get(position).map_or("", |(key, _)| key.as_str());
    hasher.hash_one(key)
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
        self.entries.into_iter()
    }
}

impl<K: Into<CompactString>> Extend<(K, Value)> for Map {
    fn extend<T: IntoIterator<Item = (K, Value)>>(&mut self, entries: T) {
        for (key, value) in entries {
            self.insert(key.into(), value);
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
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
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
    #[allow(
        clippy::indexing_slicing,
        reason = "the position was found or filled the line before"
    )]
    pub fn or_insert_with(self, make: impl FnOnce() -> Value) -> &'m mut Value {
        let Self { map, key } = self;
        let position = map.position(&key).unwrap_or_else(|| {
            map.push(key, make());
            map.entries.len() - 1
        });
        &mut map.entries[position].1
    }
}
