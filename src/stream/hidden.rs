//! Values that no sink prints, and single edits as replacements in the input's own text.

use super::document::{Object, objects_of};
use super::{DocumentPlan, ObjectPlan, SourcePlan};
use crate::change::{self, Change};
use crate::finding::{Finding, Replacement};
use crate::manifest;
use crate::plan::{Decision, Plan, secrets};
use crate::pointer::{KeyedPath, Pointer};
use crate::source::{Source, Span};

impl Object<'_> {
    /// Where values stand in the input that no sink prints.
    pub(super) fn hidden(&self, plan: &Plan<'_>) -> Vec<Span> {
        let findings = plan.findings.iter().filter(|finding| finding.sensitive);
        let edits = plan.edits.iter().filter(|edit| edit.sensitive);
        let places = findings
            .map(|finding| &finding.place.keyed)
            .chain(edits.map(|edit| &edit.place.keyed));
        let body = &self.resource.body;
        places
            .filter_map(|keyed| {
                whole(
                    &self.home.tree,
                    &self.prefix.join(&secrets::place_in(keyed, body)?),
                )
            })
            .collect()
    }

    /// One change alone in the input's text; `None` where it cannot be made alone, where more than its own lines
    /// would be written anew, or where a value that no sink prints stands in the way.
    pub(super) fn replacement(&self, change: &Change, hidden: &[Span]) -> Option<Replacement> {
        let home = self.home;
        let changes = [Change {
            pointer: self.prefix.join(&change.pointer),
            action: change.action.clone(),
        }];
        let mut expected = home.tree.value.clone();
        change::apply(&mut expected, &changes);
        let rewrite = manifest::rewrite(&home.source, &home.document, &home.tree, &changes, &expected);
        let rewrite = rewrite.ok().filter(|rewrite| rewrite.reflowed.is_empty())?;
        let replacement = difference(&home.source, home.document.span, &rewrite.text);
        let touches = |span: &Span| span.start < replacement.span.end && replacement.span.start < span.end;
        (!hidden.iter().any(touches)).then_some(replacement)
    }
}

/// What differs between a part of a text and what is to be there.
fn difference(source: &Source, span: Span, new: &str) -> Replacement {
    let old = source.slice(span);
    let same = |(old, new): &(char, char)| old == new;
    let length = |(c, _): (char, char)| c.len_utf8();
    let head: usize = old.chars().zip(new.chars()).take_while(same).map(length).sum();
    let old_rest = old.get(head..).unwrap_or_default();
    let new_rest = new.get(head..).unwrap_or_default();
    let from_behind = old_rest.chars().rev().zip(new_rest.chars().rev());
    let tail: usize = from_behind.take_while(same).map(length).sum();
    Replacement {
        span: Span::new(span.start + head, span.end.saturating_sub(tail)),
        text: new_rest
            .get(..new_rest.len() - tail)
            .unwrap_or_default()
            .to_owned(),
    }
}

/// A node with its key.
fn whole(tree: &manifest::Tree, at: &Pointer) -> Option<Span> {
    let value = tree.span(at)?;
    let key = tree.key_span(at).unwrap_or(value);
    Some(Span::new(key.start.min(value.start), value.end.max(key.end)))
}

impl SourcePlan {
    /// Where values stand in the new text of a document that no sink prints.
    pub fn hidden_in_new_text(&self, document: &DocumentPlan) -> Vec<Span> {
        let Some(text) = &document.text else {
            return Vec::new();
        };
        let objects: Vec<&ObjectPlan> = self
            .objects
            .iter()
            .filter(|object| object.document == document.document.index)
            .collect();
        if !objects.iter().any(|object| object.is_sensitive()) {
            return Vec::new();
        }
        let source = Source::new(self.source.name(), text.as_str());
        let mut hidden = Vec::new();
        for new in manifest::split(&source) {
            let Ok(tree) = manifest::read(&source, &new) else {
                return vec![Span::new(0, text.len())];
            };
            let places = objects_of(&tree.value);
            for (object, (prefix, _)) in objects.iter().zip(&places) {
                let found = object.sensitive_places();
                let found = found.filter_map(|keyed| secrets::place_in(keyed, &object.after));
                hidden.extend(found.filter_map(|at| whole(&tree, &prefix.join(&at))));
            }
        }
        hidden
    }
}

impl ObjectPlan {
    fn is_sensitive(&self) -> bool {
        self.sensitive_places().next().is_some()
    }

    fn sensitive_places(&self) -> impl Iterator<Item = &KeyedPath> {
        let findings = findings(&self.decision).filter(|finding| finding.sensitive);
        let edits = self.edits.iter().filter(|edit| edit.sensitive);
        findings
            .map(|finding| &finding.place.keyed)
            .chain(edits.map(|edit| &edit.place.keyed))
    }
}

fn findings(decision: &Decision) -> impl Iterator<Item = &Finding> {
    let Decision {
        denials,
        warnings,
        audits,
        failures,
    } = decision;
    [denials, warnings, audits, failures].into_iter().flatten()
}
