//! Who wrote where while an object was settled.

use std::collections::{BTreeMap, HashSet};

use super::Pair;
use crate::pointer::{KeyedPath, Step};

/// One place that a rule wrote.
#[derive(Debug)]
pub(crate) struct Write<'p> {
    pub(crate) keyed: KeyedPath,
    pub(crate) by: Pair<'p>,
    pub(crate) reason: String,
}

/// All of them, in order; of a rule's writes to one place the last one.
#[derive(Debug, Default)]
pub(crate) struct Writes<'p> {
    all: Vec<Write<'p>>,
}

impl<'p> Writes<'p> {
    /// A rule wrote at these places, for these reasons.
    pub(crate) fn record(&mut self, by: Pair<'p>, places: Vec<(KeyedPath, String)>) {
        let again: HashSet<&KeyedPath> = places.iter().map(|(keyed, _)| keyed).collect();
        self.all
            .retain(|write| !write.by.is(by) || !again.contains(&write.keyed));
        self.all.extend(
            places
                .into_iter()
                .map(|(keyed, reason)| Write { keyed, by, reason }),
        );
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Where a rule wrote.
    pub(crate) fn by(&self, pair: Pair<'_>) -> impl Iterator<Item = &KeyedPath> {
        self.all
            .iter()
            .filter(move |write| write.by.is(pair))
            .map(|write| &write.keyed)
    }

    /// All of them, the last one first.
    pub(crate) fn latest_first(&self) -> Vec<&Write<'p>> {
        self.all.iter().rev().collect()
    }

    /// For many questions of who wrote at a place.
    pub(crate) fn index(&self) -> Index<'_, 'p> {
        let mut by_place: BTreeMap<&[Step], Vec<usize>> = BTreeMap::new();
        for (position, write) in self.all.iter().enumerate() {
            by_place.entry(&write.keyed.0).or_default().push(position);
        }
        Index {
            writes: self,
            by_place,
        }
    }
}

/// Writes by place.
#[derive(Debug)]
pub(crate) struct Index<'w, 'p> {
    writes: &'w Writes<'p>,
    by_place: BTreeMap<&'w [Step], Vec<usize>>,
}

impl<'w, 'p> Index<'w, 'p> {
    /// Where a rule wrote.
    pub(crate) fn by(&self, pair: Pair<'_>) -> impl Iterator<Item = &'w KeyedPath> {
        self.writes.by(pair)
    }

    /// The writes at a place, above it and below it, the last one first.
    pub(crate) fn at(&self, place: &KeyedPath) -> Vec<&'w Write<'p>> {
        let steps = place.0.as_slice();
        let above = (0..steps.len()).filter_map(|length| self.by_place.get(steps.get(..length)?));
        let here_and_below = self
            .by_place
            .range(steps..)
            .take_while(|(other, _)| other.starts_with(steps));
        let mut found: Vec<usize> = above
            .chain(here_and_below.map(|(_, positions)| positions))
            .flatten()
            .copied()
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found
            .into_iter()
            .filter_map(|position| self.writes.all.get(position))
            .collect()
    }
}
