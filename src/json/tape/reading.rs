//! From a text of JSON onto a tape, in one pass of `serde_json`.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Node, Span, Tape};
use crate::json::Value;

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
