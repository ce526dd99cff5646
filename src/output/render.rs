//! What `render` says beside its answer: one line for every change, note and finding; what denies or fails
//! is drawn with its line.

use super::clean;
use super::diagnostic::Grade;
use super::human::{self, DRAWN};
use super::lines::Lines;
use super::style::{Style, Tone};
use crate::finding::{Finding, Location};
use crate::plan::{Decision, Edit};
use crate::resource::ResourceId;
use crate::source::Diagnostic;
use crate::stream::{DocumentPlan, SourcePlan, StreamPlan};

/// What a person wants to hear.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Only what denies or fails.
    pub quiet: bool,
    /// Findings that are only counted, too.
    pub verbose: bool,
    /// A finding that denies is said as a warning.
    pub deny_warns: bool,
}

/// The first line of every command that judges: what it judges by.
pub fn judged_by(config: Option<&str>, digest: &str) -> String {
    let config = config.map_or("no configuration file".to_owned(), |path| {
        format!("configuration {}", clean(path))
    });
    format!("fixative: {config}, policies {digest}\n")
}

/// Everything there is to say about a planned stream.
pub fn stream(plan: &StreamPlan, wanted: Wanted, style: Style) -> String {
    let mut report = Report {
        style,
        lines: Lines::new(sensitive(plan)),
        text: String::new(),
        drawn: 0,
    };
    if !wanted.quiet {
        report.changes(plan);
        report.notes(plan);
        report.one_line(plan, |it| &it.warnings, "warning", Tone::Warning);
        if wanted.deny_warns {
            report.one_line(plan, |it| &it.denials, "warning", Tone::Warning);
        }
        if wanted.verbose {
            report.one_line(plan, |it| &it.audits, "audit", Tone::Faint);
        }
    }
    if !wanted.deny_warns {
        report.errors(plan, |it| &it.denials);
    }
    report.errors(plan, |it| &it.failures);
    report.text
}

/// What reading met and a person should hear of.
pub fn notes(notes: &[Diagnostic], style: Style) -> String {
    let word = style.paint(Tone::Note, "note");
    let line = |note: &Diagnostic| format!("{word}: {}\n", clean(&note.to_string()));
    notes.iter().map(line).collect()
}

/// `3 changes in 2 of 9 objects, 1 warning`.
pub fn summary(plan: &StreamPlan) -> String {
    let warnings = plan.findings(|it| &it.warnings).count();
    let audits = plan.findings(|it| &it.audits).count();
    let mut text = changes(plan);
    if warnings > 0 {
        text += &format!(", {}", count(warnings, "warning"));
    }
    if audits > 0 {
        text += &format!(", {} for -v", count(audits, "finding"));
    }
    text
}

/// `3 changes in 2 objects`.
pub fn changes(plan: &StreamPlan) -> String {
    let changes: usize = plan.objects().map(|object| object.edits.len()).sum();
    let changed = plan.objects().filter(|object| !object.edits.is_empty()).count();
    match changes {
        0 => "nothing to change".to_owned(),
        _ => format!("{} in {}", count(changes, "change"), count(changed, "object")),
    }
}

/// `1 change`, `2 changes`.
pub fn count(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

struct Report<'p> {
    style: Style,
    lines: Lines<'p>,
    text: String,
    drawn: usize,
}

impl<'p> Report<'p> {
    fn line(&mut self, tone: Tone, word: &str, rest: &str) {
        let word = self.style.paint(tone, word);
        self.text += &format!("{word}: {}\n", clean(rest));
    }

    fn changes(&mut self, plan: &StreamPlan) {
        for object in plan.objects() {
            for edit in &object.edits {
                self.line(Tone::Good, "change", &change(&object.id, edit));
            }
        }
    }

    fn notes(&mut self, plan: &StreamPlan) {
        self.text += &notes(&plan.notes, self.style);
        for source in &plan.sources {
            for document in &source.documents {
                self.reflowed(source, document);
            }
        }
    }

    fn reflowed(&mut self, source: &SourcePlan, document: &DocumentPlan) {
        for (pointer, reason) in &document.reflowed {
            let at = source.source.line_column(document.document.body.start).line;
            let name = source.source.name();
            let what = format!("{name}:{at}: {pointer} of this document was written anew: {reason}");
            self.line(Tone::Note, "note", &what);
        }
    }

    fn one_line(
        &mut self,
        plan: &StreamPlan,
        pick: impl Fn(&Decision) -> &[Finding],
        word: &str,
        tone: Tone,
    ) {
        for finding in plan.findings(pick) {
            let word = format!("{word}[{}]", finding.by);
            let rest = human::sentence(finding, &mut self.lines);
            self.line(tone, &word, &rest);
        }
    }

    fn errors(&mut self, plan: &'p StreamPlan, pick: impl Fn(&'p Decision) -> &'p [Finding] + 'p) {
        for finding in plan.findings(pick) {
            if self.drawn < DRAWN {
                self.text += &human::drawn(finding, Grade::Error, &mut self.lines, self.style);
            } else {
                let rest = human::sentence(finding, &mut self.lines);
                self.line(Tone::Error, &format!("error[{}]", finding.by), &rest);
            }
            self.drawn += 1;
        }
    }
}

/// Where values stand that no sink prints.
fn sensitive(plan: &StreamPlan) -> Vec<&Location> {
    let mut places = Vec::new();
    for object in plan.objects() {
        let decision = &object.decision;
        let findings = [
            &decision.denials,
            &decision.warnings,
            &decision.audits,
            &decision.failures,
        ];
        places.extend(human::sensitive(findings.into_iter().flatten()));
        let edits = object.edits.iter().filter(|edit| edit.sensitive);
        places.extend(edits.filter_map(|edit| edit.location.as_ref()));
    }
    places
}

fn change(object: &ResourceId, edit: &Edit) -> String {
    let by: Vec<String> = edit.by.iter().map(ToString::to_string).collect();
    format!(
        "{object}: {} ({}: {})",
        edit.describe(),
        by.join(", "),
        edit.reason
    )
}

#[cfg(test)]
mod tests;
