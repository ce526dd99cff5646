//! What a case expects, held against what happened.

use std::sync::Arc;

use super::compare::{Difference, differences};
use super::spec::{Expect, ExpectedFinding};
use super::{Objects, Problem, patch};
use crate::change::Action;
use crate::finding::{Finding, Kind};
use crate::json::Value;
use crate::kube::Gvk;
use crate::rfc6902::Operation;
use crate::schema;
use crate::stream::StreamPlan;

/// Which findings a case lists.
pub type Listed<'l> = &'l dyn Fn(&Finding) -> bool;

/// Everything that is not as expected.
pub fn problems(expect: &Expect, plan: &StreamPlan, objects: &Objects, listed: Listed<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Expect {
        becomes: None,
        patch: None,
        unchanged: None,
        findings: None,
    } = expect
    {
        let what = "it expects nothing; give becomes, patch, unchanged or findings";
        problems.push(Problem::Case(what.into()));
    }
    match &expect.becomes {
        None => {}
        Some(Value::Array(all)) => all
            .iter()
            .for_each(|one| problems.extend(becomes(one, &objects.after))),
        Some(one) => problems.extend(becomes(one, &objects.after)),
    }
    problems.extend(expect.patch.iter().flat_map(|patch| patched(patch, objects)));
    problems.extend(expect.unchanged.and_then(|unchanged| rests(unchanged, plan)));
    problems.extend(
        expect
            .findings
            .iter()
            .flat_map(|wanted| findings(wanted, plan, listed)),
    );
    problems
}

fn becomes(expected: &Value, objects: &[Arc<Value>]) -> Vec<Problem> {
    let field = |object: &Value, pointer: &str| object.pointer(pointer).cloned();
    let same = |object: &Value, pointer: &str| {
        field(expected, pointer).is_none_or(|wanted| field(object, pointer) == Some(wanted))
    };
    let is_meant = |object: &&Arc<Value>| same(object, "/kind") && same(object, "/metadata/name");
    let meant: Vec<&Arc<Value>> = objects.iter().filter(is_meant).collect();
    let [object] = meant.as_slice() else {
        let what = format!(
            "becomes: {} objects of {} have that kind and name; `kind` and `metadata.name` tell which is meant",
            meant.len(),
            objects.len()
        );
        return vec![Problem::Case(what)];
    };
    let differences = differences(type_of(object), expected, object);
    let name = name(object);
    let problem = |difference| Problem::Differs {
        object: name.clone(),
        difference: Box::new(difference),
    };
    differences.into_iter().map(problem).collect()
}

fn patched(patch: &[Operation], objects: &Objects) -> Vec<Problem> {
    let ([before], [after]) = (objects.before.as_slice(), objects.after.as_slice()) else {
        return vec![Problem::Case("patch: there must be exactly one object".into())];
    };
    let expected = match patch::apply(before, patch) {
        Ok(expected) => expected,
        Err(error) => return vec![Problem::Case(error)],
    };
    let ty = type_of(after);
    let changes = schema::diff(ty, &expected, after).into_iter();
    changes
        .map(|change| {
            let (wanted, found) = match change.action {
                Action::Add(new) => (None, Some(new)),
                Action::Replace { old, new } => (Some(old), Some(new)),
                Action::Remove { old } => (Some(old), None),
            };
            let difference = Difference {
                at: schema::keyed_path(ty, &expected, &change.pointer).to_string(),
                expected: wanted,
                found,
            };
            Problem::Differs {
                object: name(after),
                difference: Box::new(difference),
            }
        })
        .collect()
}

fn rests(unchanged: bool, plan: &StreamPlan) -> Option<Problem> {
    let edits = plan.objects().flat_map(|object| &object.edits);
    let edits: Vec<String> = edits.map(|edit| edit.describe()).collect();
    match (unchanged, edits.is_empty()) {
        (true, false) => Some(Problem::Changed(edits)),
        (false, true) => Some(Problem::Unchanged),
        _ => None,
    }
}

/// Pairs expected findings with those that were made; each may stand for one.
fn findings(wanted: &[ExpectedFinding], plan: &StreamPlan, listed: Listed<'_>) -> Vec<Problem> {
    let made: Vec<&Finding> = plan
        .objects()
        .map(|object| &object.decision)
        .flat_map(|it| {
            it.denials
                .iter()
                .chain(&it.warnings)
                .chain(&it.audits)
                .chain(&it.failures)
        })
        .filter(|finding| listed(finding))
        .collect();
    let mut taken: Vec<Option<usize>> = vec![None; made.len()];
    let mut problems = Vec::new();
    for (index, expected) in wanted.iter().enumerate() {
        let mut seen = vec![false; made.len()];
        if !pair(index, wanted, &made, &mut taken, &mut seen) {
            problems.push(Problem::Missing(describe(expected)));
        }
    }
    let left = made.iter().zip(&taken).filter(|(_, taken)| taken.is_none());
    problems.extend(left.map(|(finding, _)| Problem::Unexpected(Box::new((*finding).clone()))));
    problems
}

/// Finds a finding for an expectation, moving others to another one where that helps.
fn pair(
    index: usize,
    wanted: &[ExpectedFinding],
    made: &[&Finding],
    taken: &mut [Option<usize>],
    seen: &mut [bool],
) -> bool {
    let Some(expected) = wanted.get(index) else {
        return false;
    };
    for (position, finding) in made.iter().enumerate() {
        let is_new = seen.get(position).is_some_and(|seen| !seen);
        if !is_new || !fits(expected, finding) {
            continue;
        }
        if let Some(seen) = seen.get_mut(position) {
            *seen = true;
        }
        let owner = taken.get(position).copied().flatten();
        if owner.is_none_or(|owner| pair(owner, wanted, made, taken, seen)) {
            if let Some(slot) = taken.get_mut(position) {
                *slot = Some(index);
            }
            return true;
        }
    }
    false
}

fn fits(expected: &ExpectedFinding, finding: &Finding) -> bool {
    let rule = expected.rule == finding.by.rule || expected.rule == finding.by.to_string();
    let is = |wanted: &Option<String>, holds: &dyn Fn(&str) -> bool| wanted.as_deref().is_none_or(holds);
    let place = finding.place.keyed.to_string();
    rule && expected.action.is_none_or(|action| action == finding.action)
        && expected
            .unknown
            .is_none_or(|unknown| unknown == matches!(finding.kind, Kind::Unknown(_)))
        && is(&expected.at, &|at| ends_in(&place, at))
        && is(&expected.object, &|name| finding.object.name.as_str() == name)
        && is(&expected.message, &|message| finding.message == message)
        && is(&expected.message_contains, &|part| finding.message.contains(part))
}

/// Whether a keyed path ends in the steps of `tail`.
fn ends_in(path: &str, tail: &str) -> bool {
    let head = path.strip_suffix(tail);
    head.is_some_and(|head| head.is_empty() || head.ends_with('.') || tail.starts_with('['))
}

fn describe(expected: &ExpectedFinding) -> String {
    let mut text = expected.rule.clone();
    let mut add = |words: &str, value: &Option<String>| {
        if let Some(value) = value {
            text += &format!("{words}{value}");
        }
    };
    add(", ", &expected.action.map(|action| format!("{action:?}")));
    add(" on ", &expected.object);
    add(" at ", &expected.at);
    add(": ", &expected.message);
    add(": … ", &expected.message_contains);
    text
}

fn type_of(object: &Value) -> schema::Type {
    let unknown = Gvk {
        group: String::new(),
        version: String::new(),
        kind: String::new(),
    };
    schema::of(&Gvk::of(object).unwrap_or(unknown))
}

fn name(object: &Value) -> String {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or("?");
    format!("{} {}", text("/kind"), text("/metadata/name"))
}

#[cfg(test)]
mod tests;
