//! Line numbers of many places of few texts, and which lines may not be shown.

use std::collections::{HashMap, HashSet};

use crate::finding::Location;
use crate::source::{LineColumn, Source, Span};

/// One pass over a text however many places are asked for.
#[derive(Debug, Default)]
pub(super) struct Lines<'p> {
    /// Offsets of line breaks, by the address of the text.
    breaks: HashMap<usize, Vec<usize>>,
    sensitive: Vec<&'p Location>,
    hidden: Option<HashSet<(usize, usize)>>,
}

impl<'p> Lines<'p> {
    /// Remembers where values stand that no sink prints.
    pub(super) fn new(sensitive: Vec<&'p Location>) -> Self {
        Self {
            sensitive,
            ..Self::default()
        }
    }

    /// `file:line`.
    pub(super) fn name(&mut self, location: &Location) -> String {
        let line = self.line(&location.source, location.span.start);
        format!("{}:{line}", location.source.name())
    }

    /// Where a place begins and ends, for people.
    pub(super) fn region(&mut self, source: &Source, span: Span) -> (LineColumn, LineColumn) {
        (self.at(source, span.start), self.at(source, span.end))
    }

    /// Whether the first line of a place also holds a place whose value may not be shown.
    pub(super) fn is_sensitive(&mut self, location: &Location) -> bool {
        if self.sensitive.is_empty() {
            return false;
        }
        let hidden = match self.hidden.take() {
            Some(hidden) => hidden,
            None => self.hidden_lines(),
        };
        let line = self.line(&location.source, location.span.start);
        let is_hidden = hidden.contains(&(address(&location.source), line));
        self.hidden = Some(hidden);
        is_hidden
    }

    fn hidden_lines(&mut self) -> HashSet<(usize, usize)> {
        let places = std::mem::take(&mut self.sensitive);
        let mut hidden = HashSet::new();
        for location in &places {
            let Span { start, end } = location.span;
            let first = self.line(&location.source, start);
            let last = self.line(&location.source, end);
            hidden.extend((first..=last).map(|line| (address(&location.source), line)));
        }
        self.sensitive = places;
        hidden
    }

    fn at(&mut self, source: &Source, offset: usize) -> LineColumn {
        let line = self.line(source, offset);
        let breaks = self.breaks(source);
        let before = line.checked_sub(2).and_then(|index| breaks.get(index));
        let start = before.map_or(0, |at| at + 1);
        let text = source.text().get(start..offset);
        LineColumn {
            line,
            column: text.map_or(0, |text| text.chars().count()) + 1,
        }
    }

    fn line(&mut self, source: &Source, offset: usize) -> usize {
        self.breaks(source).partition_point(|at| *at < offset) + 1
    }

    fn breaks(&mut self, source: &Source) -> &[usize] {
        self.breaks
            .entry(address(source))
            .or_insert_with(|| memchr::memchr_iter(b'\n', source.text().as_bytes()).collect())
    }
}

/// Tells sources apart: two inputs may have one name.
fn address(source: &Source) -> usize {
    source.text().as_ptr().addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_source_itself() {
        let source = Source::new("x", "a: ä\n\nb:\r\n  - 😀 c\n");
        let mut lines = Lines::default();
        for (offset, _) in source.text().char_indices() {
            let (start, end) = lines.region(&source, Span::new(offset, source.text().len()));
            assert_eq!(start, source.line_column(offset), "{offset}");
            assert_eq!(end, source.line_column(source.text().len()));
        }
    }
}
