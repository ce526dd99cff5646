//! Findings as JUnit's XML: a suite an object, a case a finding or a policy that has nothing to say.
//!
//! The few elements are written here: the crate for it (quick-junit) brings five more for timestamps and ids that a
//! report which is the same from run to run has no use for.

use std::fmt::Write as _;

use super::clean;
use super::human::sensitive;
use super::lines::Lines;
use crate::finding::{Finding, Judged, Kind, Report, Said};
use crate::policy::Disposition;

/// Everything; a finding that does at least `fail_on` is a failed case, a lesser one passes and says so.
pub fn suites(report: &Report, fail_on: Option<Disposition>) -> String {
    let mut lines = Lines::new(sensitive(report.said().map(|said| &said.finding)));
    let mut text = String::new();
    let mut total = Counts::default();
    for judged in &report.objects {
        let counts = Counts::of(judged, fail_on);
        if counts.tests > 0 {
            suite(judged, &counts, fail_on, &mut lines, &mut text);
            total.add(&counts);
        }
    }
    let Counts {
        tests,
        failures,
        errors,
        ..
    } = total;
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"fixative\" tests=\"{tests}\" \
         failures=\"{failures}\" errors=\"{errors}\">\n{text}</testsuites>\n"
    )
}

#[derive(Debug, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn of(judged: &Judged, fail_on: Option<Disposition>) -> Self {
        let count = |wanted: Case| {
            judged
                .said
                .iter()
                .filter(|said| case(said, fail_on) == wanted)
                .count()
        };
        Self {
            tests: judged.said.len() + judged.passed.len() + judged.exempt.len(),
            failures: count(Case::Failed),
            errors: count(Case::Broken),
            skipped: judged.exempt.len(),
        }
    }

    fn add(&mut self, other: &Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.skipped += other.skipped;
    }
}

/// What a finding is as a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Passed,
    Failed,
    /// The policy itself failed.
    Broken,
}

fn case(said: &Said, fail_on: Option<Disposition>) -> Case {
    if said.finding.kind == Kind::Failed {
        return Case::Broken;
    }
    match fail_on {
        Some(level) if said.action >= level => Case::Failed,
        _ => Case::Passed,
    }
}

fn suite(
    judged: &Judged,
    counts: &Counts,
    fail_on: Option<Disposition>,
    lines: &mut Lines<'_>,
    text: &mut String,
) {
    let name = escape(&judged.object.to_string());
    let Counts {
        tests,
        failures,
        errors,
        skipped,
    } = counts;
    let file = judged.location.as_ref().map(|location| location.source.name());
    let file = file.map_or(String::new(), |file| format!(" file=\"{}\"", escape(file)));
    let _ = writeln!(
        text,
        "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" \
         skipped=\"{skipped}\"{file}>"
    );
    for said in &judged.said {
        let finding = &said.finding;
        let place = finding.place.keyed.to_string();
        let title = format!("{} {place}", finding.by);
        let element = match case(said, fail_on) {
            Case::Passed => format!("<system-out>{}</system-out>", escape(&body(said, lines))),
            Case::Failed => problem("failure", said, lines),
            Case::Broken => problem("error", said, lines),
        };
        let (title, class) = (escape(title.trim_end()), &name);
        let _ = writeln!(
            text,
            "    <testcase name=\"{title}\" classname=\"{class}\">\n      {element}\n    </testcase>"
        );
    }
    for (policy, why) in &judged.exempt {
        let (policy, why) = (escape(policy), escape(why));
        let _ = writeln!(
            text,
            "    <testcase name=\"{policy}\" classname=\"{name}\">\n      <skipped message=\"{why}\"/>\n    </testcase>"
        );
    }
    for policy in &judged.passed {
        let _ = writeln!(
            text,
            "    <testcase name=\"{}\" classname=\"{name}\"/>",
            escape(policy)
        );
    }
    *text += "  </testsuite>\n";
}

fn problem(element: &str, said: &Said, lines: &mut Lines<'_>) -> String {
    let message = escape(&said.finding.message);
    let kind = format!("{:?}", said.finding.severity).to_lowercase();
    let body = escape(&body(said, lines));
    format!("<{element} type=\"{kind}\" message=\"{message}\">{body}</{element}>")
}

/// The place, the template and the fix.
fn body(said: &Said, lines: &mut Lines<'_>) -> String {
    let Finding {
        message,
        fix,
        location,
        ..
    } = &said.finding;
    let mut parts = vec![format!("{:?}: {message}", said.action)];
    if let Some(location) = location {
        parts.push(lines.name(location));
        parts.extend(
            location
                .template
                .as_ref()
                .map(|template| format!("rendered by {template}")),
        );
    }
    parts.extend(fix.as_ref().map(|fix| format!("help: {fix}")));
    parts.join("; ")
}

/// Text as XML may hold it: control characters, which it may not, are spelled out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            // The only other characters that no XML 1.0 may hold.
            '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}
