//! A text of JSON, read once into one flat list; a map or list of it is made when somebody looks into it.
//!
//! Policies look at a few fields of an object. To read all of it into values took half the time of judging it, and to
//! read it onto a tape takes less than half of that: no map is allocated, no text copied. The text is checked whole all
//! the same, by `serde_json`.

mod reading;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::Value;
use super::entries::{Entries, LARGEST_SEARCHED};

pub use reading::Reading;

/// What stands where in a text.
#[derive(Default)]
pub(super) struct Tape {
    /// The text, shared with whoever has it.
    text: Bytes,
    /// Texts that are written with escapes, without them.
    unescaped: String,
    nodes: Vec<Node>,
}

/// One value or one key. What a map or a list holds stands behind it: of a map key, value, key, value.
#[derive(Clone, Copy)]
enum Node {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Real(f64),
    /// Bytes of the text that was read.
    Text(Span),
    /// Bytes of [`Tape::unescaped`].
    Unescaped(Span),
    /// Where the first node behind it stands.
    List {
        end: u32,
    },
    /// As of a list.
    Map {
        end: u32,
    },
}

#[derive(Clone, Copy)]
struct Span {
    start: u32,
    length: u32,
}

impl Span {
    fn range(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.length as usize
    }
}

/// A map or a list of a tape, and what was made of it.
pub(super) struct Unread<T> {
    tape: Arc<Tape>,
    at: usize,
    made: OnceLock<T>,
}

impl<T> Unread<T> {
    fn new(tape: &Arc<Tape>, at: usize) -> Arc<Self> {
        Arc::new(Self {
            tape: Arc::clone(tape),
            at,
            made: OnceLock::new(),
        })
    }
}

impl Unread<Entries> {
    pub(super) fn entries(&self) -> &Entries {
        self.made.get_or_init(|| {
            let mut entries = Entries::default();
            for at in self.tape.keys(self.at) {
                let key = self.tape.text(at).unwrap_or_default();
                entries.insert(key.into(), Tape::value(&self.tape, at + 1));
            }
            entries
        })
    }

    /// The value of a key. No small map is made for one that is not there, as most that are asked for are not; a large one
    /// has an index once it is made.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        if self.made.get().is_none() {
            let mut keys = self.tape.keys(self.at);
            let mut first = keys.by_ref().take(LARGEST_SEARCHED);
            let is_there = first.any(|at| self.tape.bytes(at) == Some(key.as_bytes()));
            if !is_there && keys.next().is_none() {
                return None;
            }
        }
        self.entries().get(key)
    }

    /// The text at a key. The map is not made for it.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.made.get() {
            Some(entries) => entries.get(key)?.as_str(),
            None => self.tape.text(self.tape.find(self.at, key)?),
        }
    }
}

impl Unread<Vec<Value>> {
    pub(super) fn items(&self) -> &Vec<Value> {
        let make = || self.tape.items(self.at).map(|at| Tape::value(&self.tape, at));
        self.made.get_or_init(|| make().collect())
    }

    /// The position of the last item before `end` that is a map with this text at the key. No item is made for it.
    pub(super) fn rposition(&self, key: &str, text: &str, end: usize) -> Option<usize> {
        let items = self.tape.items(self.at).take(end).enumerate();
        let named = |at: usize| self.tape.bytes(self.tape.find(at, key)?);
        let found = items.filter(|(_, at)| named(*at) == Some(text.as_bytes()));
        found.last().map(|(position, _)| position)
    }
}

impl Tape {
    fn node(&self, at: usize) -> Node {
        self.nodes.get(at).copied().unwrap_or(Node::Null)
    }

    /// The first node behind a value.
    fn behind(&self, at: usize) -> usize {
        match self.node(at) {
            Node::List { end } | Node::Map { end } => end as usize,
            _ => at + 1,
        }
    }

    fn bytes(&self, at: usize) -> Option<&[u8]> {
        match self.node(at) {
            Node::Text(span) => self.text.get(span.range()),
            Node::Unescaped(span) => self.unescaped.as_bytes().get(span.range()),
            _ => None,
        }
    }

    fn text(&self, at: usize) -> Option<&str> {
        // They were a text when they were read.
        std::str::from_utf8(self.bytes(at)?).ok()
    }

    /// Where the items of the list at `at` stand.
    fn items(&self, at: usize) -> impl Iterator<Item = usize> {
        let (mut next, end) = (at + 1, self.behind(at));
        std::iter::from_fn(move || {
            let here = next;
            next = self.behind(here);
            (here < end).then_some(here)
        })
    }

    /// Where the keys of the map at `at` stand; each has its value behind it.
    fn keys(&self, at: usize) -> impl Iterator<Item = usize> {
        let (mut next, end) = (at + 1, self.behind(at));
        std::iter::from_fn(move || {
            let key = next;
            next = self.behind(key + 1);
            (key < end).then_some(key)
        })
    }

    /// Where the value of a key of the map at `at` stands. Of equal keys the last one counts.
    fn find(&self, at: usize, key: &str) -> Option<usize> {
        if !matches!(self.node(at), Node::Map { .. }) {
            return None;
        }
        let named = |at: &usize| self.bytes(*at) == Some(key.as_bytes());
        self.keys(at).filter(named).last().map(|key| key + 1)
    }

    fn value(tape: &Arc<Self>, at: usize) -> Value {
        match tape.node(at) {
            Node::Null => Value::Null,
            Node::Bool(truth) => truth.into(),
            Node::Unsigned(number) => number.into(),
            Node::Signed(number) => number.into(),
            Node::Real(number) => number.into(),
            Node::Text(_) | Node::Unescaped(_) => tape.text(at).unwrap_or_default().into(),
            Node::List { .. } => Value::Array(Unread::new(tape, at).into()),
            Node::Map { .. } => Value::Object(Unread::new(tape, at).into()),
        }
    }
}
