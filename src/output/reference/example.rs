//! What the tests of a policy show of it: an object before and after, and what is said of one.

use super::{fence, plain};
use crate::json::Value;
use crate::manifest;
use crate::output::diff::FileDiff;
use crate::output::human::{drawn, grade, sensitive};
use crate::output::lines::Lines;
use crate::output::style::Style;
use crate::policy::{Disposition, Policy};
use crate::stream::StreamPlan;
use crate::testing::example::{Example, Examples};

/// A manifest with more lines than this is left to the lines that its findings show.
const LONG: usize = 60;

/// Both examples, if there are tests that show them.
pub(super) fn examples(policy: &Policy, examples: &Examples) -> String {
    let mut text = String::new();
    if let Some(example) = &examples.repair {
        text += &head(example);
        text += &fence("diff", &changes(&example.plan));
        let said = said(&example.plan);
        if !said.is_empty() {
            text += &format!("\nand says:\n\n{}", fence("text", &said));
        }
    }
    if let Some(example) = &examples.finding {
        text += &head(example);
        let manifest: String = example
            .plan
            .sources
            .iter()
            .map(|source| source.source.text())
            .collect();
        // The manifest of a test holds what no message would show.
        if !policy.sensitive && manifest.lines().count() <= LONG {
            text += &format!("{}\n", fence("yaml", &manifest));
        }
        text += &fence("text", &said(&example.plan));
    }
    text
}

/// What the case is about, and what it stands on.
fn head(example: &Example) -> String {
    let mut text = format!("\n**Example**: {}.\n\n", plain(&example.name));
    if let Some(config) = &example.config {
        text += &format!(
            "With the configuration\n\n{}\n",
            fence("yaml", &manifest::yaml(config))
        );
    }
    if !example.world.is_empty() {
        let objects: Vec<String> = example.world.iter().map(object).collect();
        text += &format!("It is known of {}.\n\n", objects.join(", "));
    }
    text
}

/// `the StorageClass fast`.
fn object(value: &Value) -> String {
    let text = |pointer: &str| {
        let text = value.pointer(pointer).and_then(Value::as_str);
        plain(text.unwrap_or_default())
    };
    format!("the {} {}", text("/kind"), text("/metadata/name"))
}

/// The lines that change, without the names of the files.
fn changes(plan: &StreamPlan) -> String {
    let diffs = plan.sources.iter().filter_map(FileDiff::of);
    let text: String = diffs.map(|diff| diff.unified(Style::default())).collect();
    let is_name = |line: &&str| line.starts_with("--- ") || line.starts_with("+++ ");
    let lines: Vec<&str> = text.lines().skip_while(is_name).collect();
    lines.join("\n")
}

/// What denies or warns, as people see it.
fn said(plan: &StreamPlan) -> String {
    let denials = plan.findings(|decision| &decision.denials);
    let warnings = plan.findings(|decision| &decision.warnings);
    let findings = denials
        .map(|finding| (finding, Disposition::Deny))
        .chain(warnings.map(|finding| (finding, Disposition::Warn)));
    let findings: Vec<_> = findings.collect();
    let mut lines = Lines::new(sensitive(findings.iter().map(|(finding, _)| *finding)));
    let drawings = findings
        .iter()
        .map(|(finding, action)| drawn(finding, grade(*action), &mut lines, Style::default()));
    let drawings: Vec<String> = drawings.collect();
    drawings.join("\n")
}
