//! A text of JSON, read once into one flat list; a map or list of it is made when somebody looks into it.
//!
//! Policies look at a few fields of an object. To read all of it into values took half the time of judging it, and to
//! read it onto a tape takes less than half of that: no map is allocated, no text copied. The text is checked whole all
//! the same, by `serde_json`.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Value;
use super::entries::{Entries, LARGEST_SEARCHED};

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

/// Reads a part of `text` onto a tape, as a value of which nothing is made yet, and which keeps the text. What is at the
/// path of keys `without` is left out.
pub struct Reading<'t> {
    /// What is read from, from its start: the deserializer borrows from it.
    pub text: &'t Bytes,
    /// Keys, the outermost first; empty where all is wanted.
    pub without: &'static [&'static str],
}

impl<'t> DeserializeSeed<'t> for Reading<'t> {
    type Value = Value;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Value, D::Error> {
        if u32::try_from(self.text.len()).is_err() {
            return Err(D::Error::custom("the text is larger than 4 GiB"));
        }
        let mut tape = Tape {
            text: self.text.clone(),
            ..Tape::default()
        };
        let nodes = self.text.len() / BYTES_A_NODE;
        tape.nodes.reserve(nodes.min(MOST_AT_FIRST));
        let writing = Writing {
            tape: &mut tape,
            without: self.without,
        };
        writing.deserialize(deserializer)?;
        Ok(Tape::value(&Arc::new(tape), 0))
    }
}

/// Bytes of text for each node of an object of Kubernetes, or a little less.
const BYTES_A_NODE: usize = 12;
/// Nodes for which there is room at first: those of one long text are few.
const MOST_AT_FIRST: usize = 1 << 14;

/// Writes what is read behind what a tape has.
struct Writing<'w> {
    tape: &'w mut Tape,
    without: &'static [&'static str],
}

impl Writing<'_> {
    fn push(&mut self, node: Node) {
        self.tape.nodes.push(node);
    }

    /// The same tape, for what is inside.
    fn inside(&mut self, without: &'static [&'static str]) -> Writing<'_> {
        Writing {
            tape: self.tape,
            without,
        }
    }

    /// Says of the map or list at `at` that it ends here.
    fn close(&mut self, at: usize, node: impl FnOnce(u32) -> Node) {
        let end = u32::try_from(self.tape.nodes.len()).unwrap_or(u32::MAX);
        if let Some(open) = self.tape.nodes.get_mut(at) {
            *open = node(end);
        }
    }

    fn push_unescaped(&mut self, text: &str) {
        let span = Span {
            start: u32::try_from(self.tape.unescaped.len()).unwrap_or(u32::MAX),
            length: u32::try_from(text.len()).unwrap_or(u32::MAX),
        };
        self.tape.unescaped.push_str(text);
        self.push(Node::Unescaped(span));
    }
}

impl<'t> DeserializeSeed<'t> for Writing<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Writing<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'t>>(mut self, mut entries: A) -> Result<(), A::Error> {
        let at = self.tape.nodes.len();
        self.push(Node::Null);
        while entries.next_key_seed(self.inside(&[]))?.is_some() {
            let key = self.tape.nodes.len() - 1;
            match self.without.split_first() {
                Some((first, rest)) if self.tape.bytes(key) == Some(first.as_bytes()) => {
                    if rest.is_empty() {
                        entries.next_value::<IgnoredAny>()?;
                        self.tape.nodes.truncate(key);
                    } else {
                        entries.next_value_seed(self.inside(rest))?;
                    }
                }
                _ => entries.next_value_seed(self.inside(&[]))?,
            }
        }
        self.close(at, |end| Node::Map { end });
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'t>>(mut self, mut items: A) -> Result<(), A::Error> {
        let at = self.tape.nodes.len();
        self.push(Node::Null);
        while items.next_element_seed(self.inside(&[]))?.is_some() {}
        self.close(at, |end| Node::List { end });
        Ok(())
    }

    fn visit_unit<E: Error>(mut self) -> Result<(), E> {
        self.push(Node::Null);
        Ok(())
    }

    fn visit_bool<E: Error>(mut self, truth: bool) -> Result<(), E> {
        self.push(Node::Bool(truth));
        Ok(())
    }

    fn visit_i64<E: Error>(mut self, number: i64) -> Result<(), E> {
        self.push(Node::Signed(number));
        Ok(())
    }

    fn visit_u64<E: Error>(mut self, number: u64) -> Result<(), E> {
        self.push(Node::Unsigned(number));
        Ok(())
    }

    fn visit_f64<E: Error>(mut self, number: f64) -> Result<(), E> {
        self.push(Node::Real(number));
        Ok(())
    }

    fn visit_borrowed_str<E: Error>(mut self, text: &'t str) -> Result<(), E> {
        // Where it stands is told by its address; what borrows from elsewhere is kept like what had escapes.
        let all = &self.tape.text;
        let start = text.as_ptr().addr().checked_sub(all.as_ptr().addr());
        let start = start.filter(|start| start + text.len() <= all.len());
        match (start.map(u32::try_from), u32::try_from(text.len())) {
            (Some(Ok(start)), Ok(length)) => self.push(Node::Text(Span { start, length })),
            _ => self.push_unescaped(text),
        }
        Ok(())
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        self.push_unescaped(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::values;
    use super::*;

    /// What is inside of a longer text, as the object of a review is.
    fn taped(json: &str) -> Result<Value, serde_json::Error> {
        let text = Bytes::from(format!("[\"é\", {json}, \"behind\"]"));
        let mut seen = None;
        struct Inside<'s, 't>(&'t Bytes, &'s mut Option<Value>);
        impl<'t> Visitor<'t> for Inside<'_, 't> {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'t>>(self, mut items: A) -> Result<(), A::Error> {
                items.next_element::<IgnoredAny>()?;
                *self.1 = items.next_element_seed(Reading {
                    text: self.0,
                    without: &["out", "side"],
                })?;
                items.next_element::<IgnoredAny>()?;
                Ok(())
            }
        }
        let whole = std::str::from_utf8(&text).unwrap();
        let mut deserializer = serde_json::Deserializer::from_str(whole);
        deserializer.deserialize_any(Inside(&text, &mut seen))?;
        deserializer.end()?;
        Ok(seen.unwrap())
    }

    proptest! {
        #[test]
        fn a_tape_holds_what_the_text_does(theirs in values()) {
            let text = theirs.to_string();
            let eager: Value = text.parse().unwrap();
            let lazy = taped(&text).unwrap();
            prop_assert_eq!(&lazy.clone(), &eager);
            prop_assert_eq!(lazy.to_string(), eager.to_string());
        }

        #[test]
        fn a_text_is_found_made_or_not(theirs in values(), key in "[a-c]", text in ".{0,3}", end in 0_usize..5) {
            let mut theirs = theirs;
            if let serde_json::Value::Array(items) = &mut theirs {
                items.push(serde_json::json!({ key.clone(): text.clone() }));
                items.push(serde_json::json!({ "c": text.clone() }));
            }
            let json = theirs.to_string();
            let (lazy, made) = (taped(&json).unwrap(), Value::from(theirs));
            prop_assert_eq!(lazy.text(&key), made.text(&key));
            if let (Value::Array(lazy), Value::Array(made)) = (&lazy, &made) {
                for end in [end, usize::MAX] {
                    prop_assert_eq!(lazy.rfind(&key, &text, end), made.rfind(&key, &text, end));
                }
            }
            prop_assert_eq!(&lazy, &made);
            prop_assert_eq!(lazy.text(&key), made.text(&key));
        }
    }

    #[test]
    fn of_two_equal_keys_the_last_one_counts_where_the_first_one_was() {
        let value = taped(r#"{"a": "x", "b": 2, "\u0061": "y"}"#).unwrap();
        assert_eq!(value.text("a"), Some("y"));
        assert_eq!(value.to_string(), r#"{"a":"y","b":2}"#);
        assert_eq!(taped(r#"{"a": "x", "a": 3}"#).unwrap().text("a"), None);
    }

    #[test]
    fn keys_are_found_in_maps_of_any_size_made_or_not() {
        for size in [0, 1, LARGEST_SEARCHED, LARGEST_SEARCHED + 1, 100] {
            let entries: Vec<String> = (0..size)
                .map(|number| format!("\"k{number}\": {number}"))
                .collect();
            let text = format!("{{{}}}", entries.join(","));
            for asked in 0..size + 2 {
                let value = taped(&text).unwrap();
                for _ in 0..2 {
                    let found = value.get(format!("k{asked}")).and_then(Value::as_u64);
                    assert_eq!(found, (asked < size).then_some(asked as u64), "{size}");
                    assert_eq!(value.get("other"), None);
                }
            }
        }
    }

    #[test]
    fn what_is_left_out_is_not_there() {
        let cases = [
            (
                r#"{"out": {"a": [1], "side": {"deep": [2]}, "b": "c"}}"#,
                r#"{"out":{"a":[1],"b":"c"}}"#,
            ),
            (
                r#"{"out": {"side": 1, "\u0073ide": 2}, "side": 3}"#,
                r#"{"out":{},"side":3}"#,
            ),
            (
                r#"{"a": {"out": {"side": 1}}, "out": [{"side": 1}]}"#,
                r#"{"a":{"out":{"side":1}},"out":[{"side":1}]}"#,
            ),
        ];
        for (text, kept) in cases {
            assert_eq!(taped(text).unwrap().to_string(), kept);
        }
    }

    #[test]
    fn copies_are_told_from_what_was_changed() {
        let value = taped(r#"{"a": {"b": [1, {"c": "d"}]}}"#).unwrap();
        let mut other = value.clone();
        let map = |value: &Value| value.as_object().cloned().unwrap();
        assert!(map(&value).is(&map(&other)));
        *other.pointer_mut("/a/b/1/c").unwrap() = "e".into();
        assert_eq!(value.to_string(), r#"{"a":{"b":[1,{"c":"d"}]}}"#);
        assert_eq!(other.to_string(), r#"{"a":{"b":[1,{"c":"e"}]}}"#);
        assert!(!map(&value).is(&map(&other)));
    }

    #[test]
    fn what_is_no_json_is_refused_though_nobody_looks_at_it() {
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        for text in [
            "{",
            "[1,]",
            "nul",
            "\"\u{1}\"",
            "1e400",
            "{1: 2}",
            r#""\ud800""#,
            &deep,
        ] {
            assert!(taped(text).is_err(), "{text}");
            assert!(taped(&format!("{{\"a\": [{text}]}}")).is_err(), "{text}");
        }
    }
}
