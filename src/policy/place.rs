//! Where a piece of a scalar's value stands in the text that it was read from: quotes, escapes, folded lines
//! and indents lie between the two.

use std::ops::Range;

use crate::source::{Source, Span};

/// The place of `range` of `value`, a scalar whose text starts at `start`; `None` where value and text cannot
/// be laid side by side.
pub(super) fn place(source: &Source, start: usize, value: &str, range: Range<usize>) -> Option<Span> {
    let mut text = Text::new(source.text().get(start..)?)?;
    let (mut from, mut to) = (None, None);
    for (offset, wanted) in value.char_indices() {
        if offset >= range.end && from.is_some() {
            break;
        }
        let piece = text.next(wanted)?;
        if offset >= range.start {
            from = from.or(Some(piece.start));
        }
        to = Some(if offset < range.end {
            piece.end
        } else {
            piece.start
        });
    }
    let to = to.unwrap_or(text.at);
    let from = from.unwrap_or(to);
    Some(Span::new(start + from, start + to.max(from)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
}

/// What is left of a scalar's text.
struct Text<'t> {
    text: &'t str,
    at: usize,
    style: Style,
}

impl<'t> Text<'t> {
    fn new(text: &'t str) -> Option<Self> {
        let (style, at) = match text.chars().next()? {
            '\'' => (Style::Single, 1),
            '"' => (Style::Double, 1),
            '|' | '>' => (Style::Plain, text.find('\n')? + 1),
            _ => (Style::Plain, 0),
        };
        Some(Self { text, at, style })
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The text of the next character of the value.
    fn next(&mut self, wanted: char) -> Option<Range<usize>> {
        if !wanted.is_whitespace() || self.style == Style::Double && self.rest().starts_with("\\\n") {
            self.skip_blanks();
        }
        let found = self.rest().chars().next()?;
        let length = match (self.style, found) {
            (Style::Double, '\\') => escape(self.rest())?,
            (Style::Single, '\'') if wanted == '\'' && self.rest().starts_with("''") => 2,
            (_, found) if found == wanted => found.len_utf8(),
            // A line break of the text is a blank of the value, or the other way round where lines are empty.
            (_, found) if found.is_whitespace() && wanted.is_whitespace() => found.len_utf8(),
            _ => return None,
        };
        let piece = self.at..self.at + length;
        self.at += length;
        Some(piece)
    }

    /// Indents, and line breaks that are none in the value.
    fn skip_blanks(&mut self) {
        let is_double = self.style == Style::Double;
        while let Some(first) = self.rest().chars().next() {
            if first.is_whitespace() {
                self.at += first.len_utf8();
            } else if is_double && self.rest().starts_with("\\\n") {
                self.at += 2;
            } else {
                break;
            }
        }
    }
}

/// How long the escape is with which the text starts.
fn escape(text: &str) -> Option<usize> {
    Some(match text.chars().nth(1)? {
        'x' => 4,
        'u' => 6,
        'U' => 10,
        other => 1 + other.len_utf8(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_values_are_found_in_their_text() {
        let cases = [
            ("a: one two", 3, "one two", "two", "two"),
            ("a: 'it''s two'", 3, "it's two", "two", "two"),
            ("a: 'it''s two'", 3, "it's two", "'s", "''s"),
            ("a: \"x \\\"y\\\" two\"", 3, "x \"y\" two", "two", "two"),
            ("a: \"\\u00e4 \\x41 two\"", 3, "ä A two", "A two", "\\x41 two"),
            ("a: one\n   two\n", 3, "one two", "two", "two"),
            ("a: >-\n   one\n   two\n", 3, "one two", "two", "two"),
            ("a: |\n   one\n     two\n", 3, "one\n  two\n", "two", "two"),
            ("a: >- # why\n   one\n\n   two\n", 3, "one\ntwo", "two", "two"),
            ("a: \"one \\\n   two\"", 3, "one two", "two", "two"),
            ("a: größe two", 3, "größe two", "two", "two"),
            ("a: one two", 3, "one two", "one two", "one two"),
        ];
        for (text, start, value, piece, expected) in cases {
            let source = Source::new("a.yaml", text);
            let from = value.find(piece).unwrap();
            let span = place(&source, start, value, from..from + piece.len());
            assert_eq!(span.map(|span| source.slice(span)), Some(expected), "{text}");
        }
        let source = Source::new("a.yaml", "a: one two");
        assert_eq!(place(&source, 3, "one two", 7..7), Some(Span::new(10, 10)));
        assert_eq!(place(&source, 3, "other", 1..2), None);
    }
}
