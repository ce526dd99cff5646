//! Line numbers of many places of few texts, and which lines may not be shown.

use std::collections::{HashMap, HashSet};

use crate::finding::Location;
use crate::source::{Source, Span};
use crate::stream::StreamPlan;

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
    pub(super) fn of(plan: &'p StreamPlan) -> Self {
        let mut sensitive = Vec::new();
        for object in plan.objects() {
            let decision = &object.decision;
            let findings = [
                &decision.denials,
                &decision.warnings,
                &decision.audits,
                &decision.failures,
            ];
            let findings = findings.into_iter().flatten().filter(|finding| finding.sensitive);
            let edits = object.edits.iter().filter(|edit| edit.sensitive);
            sensitive.extend(findings.filter_map(|finding| finding.location.as_ref()));
            sensitive.extend(edits.filter_map(|edit| edit.location.as_ref()));
        }
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

    fn line(&mut self, source: &Source, offset: usize) -> usize {
        let breaks = self
            .breaks
            .entry(address(source))
            .or_insert_with(|| memchr::memchr_iter(b'\n', source.text().as_bytes()).collect());
        breaks.partition_point(|at| *at < offset) + 1
    }
}

/// Tells sources apart: two inputs may have one name.
fn address(source: &Source) -> usize {
    source.text().as_ptr().addr()
}
