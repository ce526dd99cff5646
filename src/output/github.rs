//! Findings as annotations of GitHub Actions: one command a line.
//! Source: GitHub, "Workflow commands for GitHub Actions".

use super::human::{about, sensitive};
use super::lines::Lines;
use crate::finding::{Finding, Report, Said, Stale};
use crate::policy::Disposition;

/// Every finding; those that are only counted are notices.
pub fn annotations(report: &Report) -> String {
    let mut lines = Lines::new(sensitive(report.said().map(|said| &said.finding)));
    let mut text: String = report.said().map(|said| annotation(said, &mut lines)).collect();
    text.extend(report.stale.iter().map(exemption));
    text
}

fn annotation(said: &Said, lines: &mut Lines<'_>) -> String {
    let command = match said.action {
        Disposition::Deny => "error",
        Disposition::Warn => "warning",
        Disposition::Audit => "notice",
    };
    let finding = &said.finding;
    let mut properties = Vec::new();
    if let Some(location) = &finding.location {
        let (start, end) = lines.region(&location.source, location.span);
        properties.push(format!("file={}", property(file(location.source.name()))));
        properties.push(format!("line={}", start.line));
        properties.push(format!("endLine={}", end.line));
        // Columns count only where the place is on one line.
        if start.line == end.line {
            properties.push(format!("col={}", start.column));
            properties.push(format!("endColumn={}", end.column));
        }
    }
    properties.push(format!("title={}", property(&finding.by.to_string())));
    format!(
        "::{command} {}::{}\n",
        properties.join(","),
        data(&message(finding))
    )
}

fn message(finding: &Finding) -> String {
    let mut text = format!("{} ({})", finding.message, about(finding));
    if let Some(fix) = &finding.fix {
        text += &format!("\n{fix}");
    }
    let template = finding.location.as_ref().and_then(|at| at.template.as_ref());
    if let Some(template) = template {
        text += &format!("\nrendered by {template}");
    }
    text
}

fn exemption(stale: &Stale) -> String {
    let exemption = &stale.exemption;
    let file = property(file(exemption.source.name()));
    let line = exemption.source.line_column(exemption.span.start).line;
    let message = data(&stale.message());
    format!("::warning file={file},line={line},title=exemption::{message}\n")
}

/// GitHub knows files by their path in the repository.
fn file(name: &str) -> &str {
    name.strip_prefix("./").unwrap_or(name)
}

/// As `@actions/core` escapes it: nothing else can end a command or begin another.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
