//! The entries of a map: a list in order, and where its keys are if they are many.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use compact_str::CompactString;
use hashbrown::HashTable;

use super::Value;

/// More entries than this are searched by hash: a ConfigMap may have thousands, and whoever sends one is not to make us
/// compare each key with all others.
pub(super) const LARGEST_SEARCHED: usize = 24;

/// Keys and values, in the order in which they came; each key once.
#[derive(Clone, Default)]
pub(super) struct Entries {
    list: Vec<(CompactString, Value)>,
    /// The positions of the keys, where there are many.
    index: Option<Box<Positions>>,
}

#[derive(Clone)]
struct Positions {
    table: HashTable<usize>,
    /// Keyed at random: nobody can choose keys that all meet.
    hasher: RandomState,
}

impl Entries {
    pub(super) fn as_slice(&self) -> &[(CompactString, Value)] {
        &self.list
    }

    pub(super) fn into_list(self) -> Vec<(CompactString, Value)> {
        self.list
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.list.get(self.position(key)?).map(|(_, value)| value)
    }

    pub(super) fn at_mut(&mut self, position: usize) -> Option<&mut Value> {
        self.list.get_mut(position).map(|(_, value)| value)
    }

    pub(super) fn position(&self, key: &str) -> Option<usize> {
        let is_it = |position: usize| self.list.get(position).is_some_and(|(there, _)| there == key);
        match &self.index {
            None => self.list.iter().position(|(there, _)| there == key),
            Some(index) => {
                let hash = index.hasher.hash_one(key);
                index.table.find(hash, |position| is_it(*position)).copied()
            }
        }
    }

    /// Puts a value at a key: in place of the one that is there, else behind all others.
    pub(super) fn insert(&mut self, key: CompactString, value: Value) -> Option<Value> {
        match self.position(&key).and_then(|position| self.at_mut(position)) {
            Some(there) => Some(std::mem::replace(there, value)),
            None => {
                self.push(key, value);
                None
            }
        }
    }

    /// The value that is there, else one that is made.
    #[allow(
        clippy::indexing_slicing,
        reason = "the position was found or filled the line before"
    )]
    pub(super) fn get_or_insert_with(
        &mut self,
        key: CompactString,
        make: impl FnOnce() -> Value,
    ) -> &mut Value {
        let position = self.position(&key).unwrap_or_else(|| {
            self.push(key, make());
            self.list.len() - 1
        });
        &mut self.list[position].1
    }

    /// Takes an entry out; those behind it move up.
    pub(super) fn remove_at(&mut self, position: usize) -> Option<Value> {
        let (key, _) = self.list.get(position)?;
        if let Some(index) = &mut self.index {
            let hash = index.hasher.hash_one(key.as_str());
            if let Ok(entry) = index.table.find_entry(hash, |there| *there == position) {
                entry.remove();
            }
            let behind = index.table.iter_mut().filter(|there| **there > position);
            behind.for_each(|there| *there -= 1);
        }
        let (_, value) = self.list.remove(position);
        Some(value)
    }

    /// Keeps the entries that hold.
    pub(super) fn retain(&mut self, mut holds: impl FnMut(&CompactString, &mut Value) -> bool) {
        self.list.retain_mut(|(key, value)| holds(key, value));
        self.reindex();
    }

    /// Adds an entry whose key is not there.
    fn push(&mut self, key: CompactString, value: Value) {
        if let Some(index) = &mut self.index {
            let Positions { table, hasher } = &mut **index;
            let list = &self.list;
            let hash = hasher.hash_one(key.as_str());
            table.insert_unique(hash, list.len(), |position| hash_at(hasher, list, *position));
        }
        self.list.push((key, value));
        if self.index.is_none() && self.list.len() > LARGEST_SEARCHED {
            self.reindex();
        }
    }

    /// Positions as they are now, where there are enough entries for them.
    fn reindex(&mut self) {
        if self.list.len() <= LARGEST_SEARCHED {
            self.index = None;
            return;
        }
        let hasher = self
            .index
            .take()
            .map_or_else(RandomState::new, |index| index.hasher);
        let mut table = HashTable::with_capacity(self.list.len());
        for position in 0..self.list.len() {
            let hash_of = |position: &usize| hash_at(&hasher, &self.list, *position);
            table.insert_unique(hash_of(&position), position, hash_of);
        }
        self.index = Some(Box::new(Positions { table, hasher }));
    }
}

fn hash_at(hasher: &RandomState, list: &[(CompactString, Value)], position: usize) -> u64 {
    let key = list.get(position).map_or("", |(key, _)| key.as_str());
    hasher.hash_one(key)
}
