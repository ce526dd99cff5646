//! What `audit` says of a cluster, for people: a line a finding.

use super::clean;
use super::render::{about, count};
use super::style::{Style, Tone};
use crate::cluster::audit::Audit;
use crate::finding::Finding;

/// What a person wants to hear.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Only what denies.
    pub quiet: bool,
    /// Findings that are only counted, too.
    pub verbose: bool,
}

/// The findings of each object in turn, those that deny first.
pub fn findings(audit: &Audit, wanted: Wanted, style: Style) -> String {
    let mut text = String::new();
    for decision in &audit.decisions {
        let mut say = |findings: &[Finding], word: &str, tone: Tone| {
            findings
                .iter()
                .for_each(|finding| text += &line(finding, word, tone, style));
        };
        say(&decision.denials, "error", Tone::Error);
        if !wanted.quiet {
            say(&decision.warnings, "warning", Tone::Warning);
        }
        if wanted.verbose {
            say(&decision.audits, "audit", Tone::Faint);
        }
    }
    text
}

/// Message, object, place, and what would fix it.
fn line(finding: &Finding, word: &str, tone: Tone, style: Style) -> String {
    let word = style.paint(tone, &format!("{word}[{}]", finding.by));
    let fix = finding.fix.as_ref().map(|fix| format!("; {fix}"));
    let rest = format!(
        "{} ({}){}",
        finding.message,
        about(finding),
        fix.unwrap_or_default()
    );
    format!("{word}: {}\n", clean(&rest))
}

/// The kinds of which nothing is known.
pub fn forbidden(audit: &Audit, style: Style) -> String {
    let word = style.paint(Tone::Warning, "warning");
    let line = |kind| {
        let rest = format!("{kind} may not be listed, so what depends on it is unknown");
        format!("{word}: {}\n", clean(&rest))
    };
    audit.forbidden.iter().map(line).collect()
}

/// `9 objects: 2 findings deny, 1 warning, 3 findings for -v`.
pub fn summary(audit: &Audit) -> String {
    let sum = |pick: fn(&crate::plan::Decision) -> &Vec<Finding>| -> usize {
        audit.decisions.iter().map(|decision| pick(decision).len()).sum()
    };
    let (denials, warnings, audits) = (
        sum(|it| &it.denials),
        sum(|it| &it.warnings),
        sum(|it| &it.audits),
    );
    let mut parts = Vec::new();
    match denials {
        0 => parts.push("nothing denies".to_owned()),
        1 => parts.push("1 finding denies".to_owned()),
        many => parts.push(format!("{many} findings deny")),
    }
    if warnings > 0 {
        parts.push(count(warnings, "warning"));
    }
    if audits > 0 {
        parts.push(format!("{} for -v", count(audits, "finding")));
    }
    if !audit.forbidden.is_empty() {
        parts.push(format!("{} unknown", count(audit.forbidden.len(), "kind")));
    }
    format!("{}: {}", count(audit.decisions.len(), "object"), parts.join(", "))
}
