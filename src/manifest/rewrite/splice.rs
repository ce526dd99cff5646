//! Replacements of bytes, and the text that they make.

use std::cmp::Reverse;
use std::ops::Range;

/// One replacement; an empty range inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Splice {
    /// Which bytes go.
    pub range: Range<usize>,
    /// What comes.
    pub text: String,
    /// How deep the changed node stands: where two insertions meet at the end of a line, the deeper one
    /// belongs first.
    pub depth: usize,
}

/// The bytes of `whole` within `range` after all splices; `None` where two of them want the same bytes.
pub(super) fn apply(whole: &str, range: Range<usize>, mut splices: Vec<Splice>) -> Option<String> {
    // The sort is stable: insertions at one place keep the order in which they were made.
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end, Reverse(splice.depth)));
    let mut text =
        String::with_capacity(range.len() + splices.iter().map(|splice| splice.text.len()).sum::<usize>());
    let mut done = range.start;
    for splice in splices {
        text.push_str(whole.get(done..splice.range.start)?);
        text.push_str(&splice.text);
        done = splice.range.end;
    }
    text.push_str(whole.get(done..range.end)?);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn splice(range: Range<usize>, text: &str, depth: usize) -> Splice {
        Splice {
            range,
            text: text.into(),
            depth,
        }
    }

    #[test]
    fn replaces_inserts_and_removes() {
        let splices = vec![splice(4..5, "", 1), splice(1..2, "xx", 1), splice(3..3, "+", 1)];
        assert_eq!(apply("abcdef", 0..6, splices).as_deref(), Some("axxc+df"));
    }

    #[test]
    fn the_deeper_of_two_insertions_comes_first() {
        let splices = vec![splice(2..2, "outer", 1), splice(2..2, "inner", 3)];
        assert_eq!(apply("abcd", 1..3, splices).as_deref(), Some("binnerouterc"));
    }

    #[test]
    fn two_splices_of_the_same_bytes_are_refused() {
        assert_eq!(
            apply("abcdef", 0..6, vec![splice(1..4, "", 1), splice(2..3, "x", 1)]),
            None
        );
    }
}
