//! Per object and policy: applied or not, which condition decided, the values of the variables, what changes and why.

use std::fmt::Write as _;

use super::clean;
use super::style::{Style, Tone};
use crate::cel::Fault;
use crate::finding::{Finding, RuleRef};
use crate::json::Value;
use crate::plan::validate::WHERE;
use crate::plan::{Edit, Outcome, Verdict, secrets};
use crate::policy::{Policy, PolicySet, Rule, Verb, glob};
use crate::stream::ObjectPlan;

/// Longer values are cut.
const LONGEST: usize = 160;

/// What is wanted of an explanation.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// Only these policies; none: all.
    pub policies: &'w [String],
    /// Also policies that are not about an object.
    pub everything: bool,
}

/// Object by object.
pub fn objects(objects: &[&ObjectPlan], set: &PolicySet, wanted: Wanted<'_>, style: Style) -> String {
    let mut text = String::new();
    for object in objects {
        let mut explained = Explained {
            object,
            style,
            text: String::new(),
        };
        explained.title();
        let mut others: Vec<&str> = Vec::new();
        for policy in &set.policies {
            let is_wanted = wanted.policies.is_empty()
                || wanted.policies.iter().any(|pattern| glob(pattern, &policy.name));
            if is_wanted && !explained.policy(policy, wanted.everything) {
                others.push(&policy.name);
            }
        }
        explained.others(&others);
        if !text.is_empty() {
            text.push('\n');
        }
        text += &explained.text;
    }
    text
}

struct Explained<'o> {
    object: &'o ObjectPlan,
    style: Style,
    text: String,
}

impl Explained<'_> {
    fn title(&mut self) {
        let name = self.object.id.to_string();
        let name = self.style.paint(Tone::Strong, &clean(&name));
        let mut at: Vec<String> = self
            .object
            .location
            .iter()
            .map(|location| location.line())
            .collect();
        at.extend(
            self.object
                .template
                .iter()
                .map(|template| format!("rendered by {template}")),
        );
        let at = if at.is_empty() {
            String::new()
        } else {
            format!(" ({})", at.join(", "))
        };
        let _ = writeln!(self.text, "{name}{}", clean(&at));
    }

    fn line(&mut self, depth: usize, line: &str) {
        let _ = writeln!(self.text, "{}{}", "  ".repeat(depth), clean(line));
    }

    /// False where the policy is not about the object and nobody asked why.
    fn policy(&mut self, policy: &Policy, everything: bool) -> bool {
        let verdicts = self.object.verdicts.iter();
        let own: Vec<&Verdict> = verdicts
            .filter(|verdict| verdict.by.policy == policy.name)
            .collect();
        let is_elsewhere = |verdict: &&Verdict| {
            matches!(verdict.outcome, Outcome::NoMatch | Outcome::Inactive) && !verdict.is_about_object()
        };
        if !everything && own.iter().all(is_elsewhere) {
            return false;
        }
        let Some(first) = own.first() else { return false };
        let name = self.style.paint(Tone::Strong, &policy.name);
        let one_reason = own
            .iter()
            .all(|other| other.outcome == first.outcome && other.why == first.why);
        if one_reason
            && matches!(
                first.outcome,
                Outcome::Inactive | Outcome::NoMatch | Outcome::Exempt
            )
        {
            let outcome = word(first.outcome, self.style);
            let condition = self.condition(policy, first);
            let _ = writeln!(
                self.text,
                "  {name}: {outcome}: {}",
                clean(&(first.why.clone() + &condition))
            );
            if first.is_about_object() {
                self.variables(policy);
            }
            return true;
        }
        let outcome = word(of_policy(&own), self.style);
        let _ = writeln!(self.text, "  {name}: {outcome}");
        self.variables(policy);
        for verdict in own {
            self.rule(policy, verdict);
        }
        self.edits(&policy.name);
        true
    }

    fn rule(&mut self, policy: &Policy, verdict: &Verdict) {
        let outcome = word(verdict.outcome, self.style);
        let at = verdict.place.as_ref().map(|place| place.keyed.to_string());
        let at = at.filter(|at| !at.is_empty());
        let at = at.map_or(String::new(), |at| format!(" at {at}"));
        let condition = self.condition(policy, verdict);
        let rest = format!("{}{condition}", verdict.why);
        let _ = writeln!(
            self.text,
            "    {}{}: {outcome}: {}",
            clean(&verdict.by.rule),
            clean(&at),
            clean(&rest)
        );
    }

    /// The text of the expression that decided.
    fn condition(&self, policy: &Policy, verdict: &Verdict) -> String {
        let rule = policy.rules.iter().find(|rule| rule.name == verdict.by.rule);
        let program = match (verdict.outcome, rule) {
            (outcome, Some(rule)) if decided_by_condition(outcome, verdict, policy, rule) => {
                let explained = self.object.explanations.get(&policy.name);
                if let Some(part) = explained.and_then(|explained| explained.deciding.get(&rule.name)) {
                    return format!(" [{}]", one_line(part));
                }
                rule.condition.as_ref()
            }
            (Outcome::Satisfied | Outcome::Found, Some(rule)) => match &rule.verb {
                Verb::Assert(program) => Some(program),
                _ => None,
            },
            _ => None,
        };
        let said = program.map(|program| format!(" [{}]", one_line(program.source())));
        said.unwrap_or_default()
    }

    fn variables(&mut self, policy: &Policy) {
        let Some(explained) = self.object.explanations.get(&policy.name) else {
            return;
        };
        let lines = self.variable_lines(policy, &explained.variables);
        for line in lines {
            self.line(2, &line);
        }
    }

    fn variable_lines(&self, policy: &Policy, variables: &[(String, Result<Value, Fault>)]) -> Vec<String> {
        let decision = &self.object.decision;
        let findings: Vec<&Finding> = [
            &decision.denials,
            &decision.warnings,
            &decision.audits,
            &decision.failures,
        ]
        .into_iter()
        .flatten()
        .collect();
        let states = [self.object.before.as_ref(), self.object.after.as_ref()];
        let line = |(name, value): &(String, Result<Value, Fault>)| {
            let value = match value {
                _ if policy.sensitive => "…".to_owned(),
                Ok(value) => secrets::masked(&value.to_string(), &self.object.edits, &findings, states),
                Err(Fault::Unknown(unknown)) => format!("unknown: {unknown}"),
                Err(fault) => format!("failed: {fault}"),
            };
            format!("variables.{name} = {}", cut(&value))
        };
        variables.iter().map(line).collect()
    }

    /// What a policy changes, whoever else wrote there.
    fn edits(&mut self, policy: &str) {
        let object = self.object;
        let own = |edit: &&Edit| edit.by.iter().any(|by: &RuleRef| by.policy == policy);
        for edit in object.edits.iter().filter(own) {
            let word = self.style.paint(Tone::Good, "change");
            let rest = format!("{} ({})", edit.describe(), edit.reason);
            let _ = writeln!(self.text, "    {word}: {}", clean(&rest));
        }
    }

    fn others(&mut self, names: &[&str]) {
        if !names.is_empty() {
            let line = format!("not about it, or inactive: {}", names.join(", "));
            let line = self.style.paint(Tone::Faint, &line);
            let _ = writeln!(self.text, "  {line}");
        }
    }
}

/// Whether the rule's `where` decided, on this object or for all.
fn decided_by_condition(outcome: Outcome, verdict: &Verdict, policy: &Policy, rule: &Rule) -> bool {
    match outcome {
        Outcome::NoMatch => verdict.why == WHERE,
        Outcome::Inactive => policy.is_off_alone(rule),
        _ => false,
    }
}

/// What a policy comes to: the outcome of its rules that matters most.
fn of_policy(verdicts: &[&Verdict]) -> Outcome {
    let rank = |outcome: Outcome| match outcome {
        Outcome::Failed => 9,
        Outcome::Conflict => 8,
        Outcome::Found => 7,
        Outcome::Held => 6,
        Outcome::Repaired => 5,
        Outcome::Unknown => 4,
        Outcome::Exempt => 3,
        Outcome::Satisfied => 2,
        Outcome::NoMatch => 1,
        Outcome::Inactive => 0,
    };
    let outcomes = verdicts.iter().map(|verdict| verdict.outcome);
    outcomes
        .max_by_key(|outcome| rank(*outcome))
        .unwrap_or(Outcome::NoMatch)
}

fn word(outcome: Outcome, style: Style) -> String {
    let (tone, word) = match outcome {
        Outcome::Inactive => (Tone::Faint, "inactive"),
        Outcome::NoMatch => (Tone::Faint, "does not apply"),
        Outcome::Satisfied => (Tone::Good, "satisfied"),
        Outcome::Repaired => (Tone::Good, "repaired"),
        Outcome::Held => (Tone::Warning, "not repaired here"),
        Outcome::Found => (Tone::Error, "found"),
        Outcome::Unknown => (Tone::Warning, "unknown"),
        Outcome::Exempt => (Tone::Note, "exempt"),
        Outcome::Conflict => (Tone::Error, "conflict"),
        Outcome::Failed => (Tone::Error, "failed"),
    };
    style.paint(tone, word)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
