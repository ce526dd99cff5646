//! Findings for people: drawn with the line of the input, the reason and the fix, or one line each where the object
//! came from no text.

use super::clean;
use super::diagnostic::{Drawing, Grade, draw};
use super::lines::Lines;
use super::render::count;
use super::style::{Style, Tone};
use crate::finding::{Finding, Kind, Location, Report, Said, Stale};
use crate::policy::Disposition;

/// Findings beyond these are said in one line each, so that a report stays readable.
pub(super) const DRAWN: usize = 50;

/// What a person wants to hear.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Only what denies.
    pub quiet: bool,
    /// Findings that are only counted, too.
    pub verbose: bool,
}

/// The findings of each object in turn, those that deny first.
pub fn findings(report: &Report, wanted: Wanted, style: Style) -> String {
    let mut lines = Lines::new(sensitive(report.said().map(|said| &said.finding)));
    let is_wanted = |said: &&Said| match said.action {
        Disposition::Deny => true,
        Disposition::Warn => !wanted.quiet,
        Disposition::Audit => wanted.verbose,
    };
    let mut text = String::new();
    for (number, said) in report.said().filter(is_wanted).enumerate() {
        let grade = grade(said.action);
        if number < DRAWN && said.finding.location.is_some() {
            text += &drawn(&said.finding, grade, &mut lines, style);
            text.push('\n');
        } else {
            text += &line(&said.finding, grade, &mut lines, style);
        }
    }
    text
}

/// How bad a finding is that does this.
pub(super) fn grade(level: Disposition) -> Grade {
    match level {
        Disposition::Deny => Grade::Error,
        Disposition::Warn => Grade::Warning,
        Disposition::Audit => Grade::Audit,
    }
}

/// The places whose values no sink prints.
pub(super) fn sensitive<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<&'f Location> {
    findings
        .filter(|finding| finding.sensitive)
        .filter_map(|finding| finding.location.as_ref())
        .collect()
}

/// A finding as rustc would draw it.
pub(super) fn drawn(finding: &Finding, grade: Grade, lines: &mut Lines<'_>, style: Style) -> String {
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
        grade,
        id: &finding.by.to_string(),
        message: &message,
        place: location.map(|location| (&location.source, location.span)),
        hidden: finding.sensitive || location.is_some_and(|location| lines.is_sensitive(location)),
        label: &clean(&label),
        notes: &notes,
        help: help.as_deref(),
    };
    draw(&drawing, style)
}

/// A finding on one line: message, object, place, and what would fix it.
fn line(finding: &Finding, grade: Grade, lines: &mut Lines<'_>, style: Style) -> String {
    let (word, tone) = match grade {
        Grade::Error => ("error", Tone::Error),
        Grade::Warning => ("warning", Tone::Warning),
        Grade::Audit => ("audit", Tone::Faint),
    };
    let word = style.paint(tone, &format!("{word}[{}]", finding.by));
    let fix = finding.fix.as_ref().map(|fix| format!("; {fix}"));
    let rest = sentence(finding, lines) + &fix.unwrap_or_default();
    format!("{word}: {}\n", clean(&rest))
}

/// Message, object, place, line of the input.
pub(super) fn sentence(finding: &Finding, lines: &mut Lines<'_>) -> String {
    let mut text = format!("{} ({}", finding.message, about(finding));
    if let Some(location) = &finding.location {
        text += &format!(", {}", lines.name(location));
    }
    text + ")"
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

/// The kinds of which nothing is known.
pub fn forbidden(report: &Report, style: Style) -> String {
    let word = style.paint(Tone::Warning, "warning");
    let line = |kind| {
        let rest = format!("{kind} may not be listed, so what depends on it is unknown");
        format!("{word}: {}\n", clean(&rest))
    };
    report.forbidden.iter().map(line).collect()
}

/// The exemptions that exempt nothing.
pub fn stale(report: &Report, style: Style) -> String {
    report.stale.iter().map(|stale| exemption(stale, style)).collect()
}

fn exemption(stale: &Stale, style: Style) -> String {
    let message = stale.message();
    let message = clean(&message);
    let drawing = Drawing {
        grade: Grade::Warning,
        id: "exemption",
        message: &message,
        place: Some((&stale.exemption.source, stale.exemption.span)),
        hidden: false,
        label: "",
        notes: &[],
        help: Some(stale.help()),
    };
    draw(&drawing, style) + "\n"
}

/// `9 objects: 2 findings deny, 1 warning, 3 findings for -v`.
pub fn summary(report: &Report) -> String {
    let mut parts = Vec::new();
    match report.count(Disposition::Deny) {
        0 => parts.push("nothing denies".to_owned()),
        1 => parts.push("1 finding denies".to_owned()),
        many => parts.push(format!("{many} findings deny")),
    }
    let warnings = report.count(Disposition::Warn);
    if warnings > 0 {
        parts.push(count(warnings, "warning"));
    }
    let audits = report.count(Disposition::Audit);
    if audits > 0 {
        parts.push(format!("{} for -v", count(audits, "finding")));
    }
    let exempt: usize = report.objects.iter().map(|judged| judged.exempt.len()).sum();
    if exempt > 0 {
        parts.push(format!("{exempt} exempt"));
    }
    if !report.forbidden.is_empty() {
        parts.push(format!("{} unknown", count(report.forbidden.len(), "kind")));
    }
    format!("{}: {}", count(report.objects.len(), "object"), parts.join(", "))
}
