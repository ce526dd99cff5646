//! What `render` says beside its answer: one line for every change, note and finding; what denies or fails
//! is drawn with its line.

use super::clean;
use super::diagnostic::{Drawing, Grade, draw};
use super::style::{Style, Tone};
use crate::finding::{Finding, Kind};
use crate::plan::{Decision, Edit};
use crate::resource::ResourceId;
use crate::stream::{DocumentPlan, SourcePlan, StreamPlan};

mod lines;

use lines::Lines;

/// Findings beyond these are said in one line each, so that a report stays readable.
const DRAWN: usize = 50;

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
        lines: Lines::of(plan),
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

/// `3 changes in 2 of 9 objects, 1 warning`.
pub fn summary(plan: &StreamPlan) -> String {
    let changes: usize = plan.objects().map(|object| object.edits.len()).sum();
    let changed = plan.objects().filter(|object| !object.edits.is_empty()).count();
    let warnings = plan.findings(|it| &it.warnings).count();
    let audits = plan.findings(|it| &it.audits).count();
    let mut text = match changes {
        0 => "nothing to change".to_owned(),
        _ => format!("{} in {}", count(changes, "change"), count(changed, "object")),
    };
    if warnings > 0 {
        text += &format!(", {}", count(warnings, "warning"));
    }
    if audits > 0 {
        text += &format!(", {} for -v", count(audits, "finding"));
    }
    text
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
        for note in &plan.notes {
            self.line(Tone::Note, "note", &note.to_string());
        }
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
            let rest = self.sentence(finding);
            self.line(tone, &word, &rest);
        }
    }

    fn errors(&mut self, plan: &'p StreamPlan, pick: impl Fn(&'p Decision) -> &'p [Finding] + 'p) {
        for finding in plan.findings(pick) {
            if self.drawn < DRAWN {
                self.draw(finding);
            } else {
                let rest = self.sentence(finding);
                self.line(Tone::Error, &format!("error[{}]", finding.by), &rest);
            }
            self.drawn += 1;
        }
    }

    /// Message, object, place, line.
    fn sentence(&mut self, finding: &Finding) -> String {
        let mut text = format!("{} ({}", finding.message, about(finding));
        if let Some(location) = &finding.location {
            text += &format!(", {}", self.lines.name(location));
        }
        text + ")"
    }

    fn draw(&mut self, finding: &Finding) {
        let label = about(finding);
        let location = finding.location.as_ref();
        let template = location.and_then(|location| location.template.as_ref());
        let mut notes: Vec<String> = template
            .map(|template| format!("rendered by {}", clean(template)))
            .into_iter()
            .collect();
        if let Kind::Conflict { with } = &finding.kind {
            notes.push(format!("the other rule is {with}"));
        }
        let message = clean(&finding.message);
        let help = help(finding);
        let drawing = Drawing {
            grade: Grade::Error,
            id: &finding.by.to_string(),
            message: &message,
            place: location.map(|location| (&location.source, location.span)),
            hidden: finding.sensitive || location.is_some_and(|location| self.lines.is_sensitive(location)),
            label: &clean(&label),
            notes: &notes,
            help: help.as_deref(),
        };
        self.text += &draw(&drawing, self.style);
    }
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

/// `Deployment photos/immich-server, spec.template.spec`.
pub(super) fn about(finding: &Finding) -> String {
    let place = finding.place.keyed.to_string();
    if place.is_empty() {
        return finding.object.to_string();
    }
    format!("{}, {place}", finding.object)
}

fn help(finding: &Finding) -> Option<String> {
    match (&finding.kind, &finding.fix) {
        (Kind::Unknown(unknown), _) => Some(unknown.remedy().to_owned()),
        (_, Some(fix)) => Some(clean(fix).into_owned()),
        (_, None) => None,
    }
}

#[cfg(test)]
mod tests;
