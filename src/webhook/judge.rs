//! One request, judged: the plan of its object as an answer. Pure: no I/O, no clock, no server.

use std::sync::Arc;

use super::answer::Answer;
use super::object::ObjectError;
use super::probe::Answered;
use super::review::{Head, Object, Request, Wish};
use super::rules::Rules;
use super::{patch, probe};
use crate::attributes::Attributes;
use crate::cel::Allowance;
use crate::change::{Action, Change};
use crate::finding::Finding;
use crate::json::Value;
use crate::plan::{self, Decision, Edit, Plan, gate};
use crate::pointer::Token;
use crate::policy::{Disposition, Door, Operation};
use crate::resource::{Origin, Resource};
use crate::unknown::{Fact, Unknown, Why};
use crate::world::{Key, World};

/// Which of the two webhooks is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Webhook {
    /// Repairs, and never denies.
    Mutate,
    /// Denies and warns, and never repairs.
    Validate,
}

impl Webhook {
    /// Both, in the order in which they are called.
    pub const ALL: [Self; 2] = [Self::Mutate, Self::Validate];

    /// What it is called in paths, metrics and configurations: `mutate`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mutate => "mutate",
            Self::Validate => "validate",
        }
    }
}

/// An answer, and what is counted of it.
#[derive(Debug, Default)]
pub struct Judged {
    /// What the API server hears.
    pub answer: Answer,
    /// Every finding: the policy, and what it did.
    pub findings: Vec<(String, Disposition)>,
    /// Repairs that were made or should have been, and are not in the object that is validated.
    pub lost_repairs: usize,
    /// Whether a patch was dropped because it did not give what was planned.
    pub misfit: bool,
}

/// Why a request cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// An object of it cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ObjectError),
    /// Who asks is no JSON that can be held.
    #[error("the user of the request cannot be read: {0}")]
    Misshapen(#[from] serde_json::Error),
    /// The object does not say what it is.
    #[error("the object of the request has no apiVersion or no kind")]
    Nameless,
}

/// Namespaces whose objects are never judged, whatever the webhook's configuration says.
const SYSTEM_NAMESPACE: &str = "kube-system";

/// Judges a request that [`concerns`] the policies, by `rules` in `world`. An `allowance` that is spent afterwards cut
/// the policies short: what is judged then is not what they say.
pub fn judge(
    webhook: Webhook,
    operation: Operation,
    request: &Request,
    rules: &Rules,
    world: &dyn World,
    allowance: &Allowance,
) -> Result<Judged, JudgeError> {
    let Some(object) = &request.object else {
        return Ok(Judged::default());
    };
    let body = object.value()?;
    if gate::is_left_alone(&body) {
        return Ok(Judged::default());
    }
    let resource = Resource::new(Arc::new(body), Origin::Api).ok_or(JudgeError::Nameless)?;
    let old = old_object(request, operation)?;
    let namespace_object = namespace_object(request, world);
    let whole_request = rules.reads_request.then(|| request.value()).transpose()?;
    let attrs = Attributes {
        door: Door::Admission,
        operation: Ok(operation),
        resource: &resource,
        old: Ok(old.as_ref().map(|old| old.body.as_ref())),
        namespace: Ok(request.head.namespace().unwrap_or_default()),
        namespace_object: namespace_object.as_deref().map_err(Clone::clone),
        request: whole_request
            .as_ref()
            .ok_or_else(|| Unknown::new("the admission request", Why::NotGiven)),
        allowance: Some(allowance),
    };
    let mut judged = match webhook {
        Webhook::Mutate => mutated(&plan::repairs(&rules.set, world, &attrs), rules),
        Webhook::Validate => {
            let plan = plan::plan(&rules.set, world, &attrs);
            validated(&plan, rules, world, &attrs, old.as_ref())
        }
    };
    if probe::is_probe(&resource.body) {
        let policies = rules.set.digest.to_string();
        let answered = Answered { webhook, policies };
        judged.answer.warnings.insert(0, answered.to_string());
    }
    Ok(judged)
}

/// Whether the request can be about anything that a policy matches, told from its envelope and from the bytes of
/// its object; how, if it can. `own_namespace` is the webhook's, which is never judged.
pub fn concerns(request: &Request, rules: &Rules, own_namespace: Option<&str>) -> Option<Operation> {
    let operation = asks(&request.head, rules, own_namespace)?;
    let may_match = match request.object.as_ref()? {
        Object::Text(text) => rules.needles.may_match_json(text),
        // It was read for that.
        Object::Read(_) => true,
    };
    may_match.then_some(operation)
}

/// What is to become of the objects in a body, once the head of its request is read.
pub fn wish(head: &Head, body: &[u8], rules: &Rules, own_namespace: Option<&str>) -> Wish {
    // What follows the head is the object for the most part.
    let may_match = asks(head, rules, own_namespace).is_some() && rules.needles.may_match_json(body);
    if may_match { Wish::Values } else { Wish::Nothing }
}

/// Whether the head of a request asks for anything that a policy may be about.
fn asks(head: &Head, rules: &Rules, own_namespace: Option<&str>) -> Option<Operation> {
    let operation = head.judged_operation()?;
    let namespace = head.namespace();
    let excluded = namespace.is_some() && (namespace == own_namespace || namespace == Some(SYSTEM_NAMESPACE));
    let may_concern = !excluded && rules.may_concern(&head.gvk().group_kind());
    may_concern.then_some(operation)
}

fn old_object(request: &Request, operation: Operation) -> Result<Option<Resource>, JudgeError> {
    let old = request
        .old_object
        .as_ref()
        .filter(|_| operation == Operation::Update);
    let Some(old) = old else { return Ok(None) };
    Resource::new(Arc::new(old.value()?), Origin::Api)
        .map(Some)
        .ok_or(JudgeError::Nameless)
}

fn namespace_object(request: &Request, world: &dyn World) -> Fact<Arc<Value>> {
    let unknown = |why: Why| Unknown::new("the Namespace object", why);
    let name = request.head.namespace().ok_or_else(|| unknown(Why::NotGiven))?;
    let key = Key::new("Namespace", "", None, name);
    // A namespace that the watch has not shown yet is there all the same.
    world.get(&key)?.ok_or_else(|| unknown(Why::NotSynced))
}

/// The repairs as a patch. What changes a value that somebody wrote is said; what is only added is written to the
/// audit log.
fn mutated(plan: &Plan<'_>, rules: &Rules) -> Judged {
    if plan.edits.is_empty() {
        return Judged::default();
    }
    if !plan.edits.iter().all(|edit| fits(plan.before, &edit.change)) {
        // R7: a patch that does not apply is a 500 for the user even under Ignore, so it is never sent.
        let warning =
            "fixative left this object as it is: its repairs did not fit; please report this".to_owned();
        return Judged {
            answer: Answer {
                warnings: vec![warning],
                ..Answer::default()
            },
            misfit: true,
            ..Judged::default()
        };
    }
    let mut answer = Answer {
        patch: patch::operations(&plan.edits),
        ..Answer::default()
    };
    let all: Vec<String> = plan.edits.iter().map(named).collect();
    let said = plan.edits.iter().zip(&all).filter(|(edit, _)| edit.overrides);
    answer.warnings = said.map(|(_, repair)| format!("fixative {repair}")).collect();
    answer.audit.insert("repairs", all.join("; "));
    answer.audit.insert("policies", rules.set.digest.to_string());
    Judged {
        answer,
        ..Judged::default()
    }
}

/// Whether the API server could make the change: what is replaced or removed is there, and so is what holds what is
/// added.
fn fits(before: &Value, change: &Change) -> bool {
    match (&change.action, change.pointer.split_last()) {
        (Action::Replace { old, .. } | Action::Remove { old }, _) => {
            change.pointer.get(before).is_some_and(|there| there == old)
        }
        (Action::Add(_), Some((parent, last))) => match (parent.get(before), last) {
            (Some(Value::Object(map)), Token::Key(key)) => !map.contains_key(key.as_str()),
            (Some(Value::Array(items)), Token::Index(index)) => *index <= items.len(),
            _ => false,
        },
        (Action::Add(_), None) => false,
    }
}

/// `set spec.x to 1 (was 2) (policy/rule: reason)`.
fn named(edit: &Edit) -> String {
    let by: Vec<String> = edit.by.iter().map(ToString::to_string).collect();
    format!("{} ({}: {})", edit.describe(), by.join(", "), edit.reason)
}

/// The findings as a decision, against what was wrong before (R3).
fn validated(
    plan: &Plan<'_>,
    rules: &Rules,
    world: &dyn World,
    attrs: &Attributes<'_>,
    old: Option<&Resource>,
) -> Judged {
    let id = &attrs.resource.id;
    let may_deny = plan
        .findings
        .iter()
        .any(|finding| finding.action == Disposition::Deny);
    let baseline = old.filter(|_| may_deny).map(|old| {
        let as_if_created = Attributes {
            operation: Ok(Operation::Create),
            resource: old,
            old: Ok(None),
            ..attrs.clone()
        };
        plan::plan(&rules.set, world, &as_if_created)
    });
    let decision = plan::decide(plan, id, baseline.as_ref(), Door::Admission);
    let mut judged = Judged {
        answer: answer(&decision),
        findings: counted(&decision),
        lost_repairs: plan.edits.len(),
        misfit: false,
    };
    let lost = plan.edits.iter().map(|edit| {
        let repair = named(edit);
        format!("fixative: a repair is missing, so the mutating webhook was not called or another one undid it: {repair}")
    });
    judged.answer.warnings.extend(lost);
    if !decision.denials.is_empty() || !judged.answer.warnings.is_empty() {
        judged
            .answer
            .audit
            .insert("policies", rules.set.digest.to_string());
    }
    judged
}

fn answer(decision: &Decision) -> Answer {
    let mut answer = Answer::default();
    let lines = |findings: &[Finding]| -> Vec<String> { findings.iter().map(sentence).collect() };
    if !decision.denials.is_empty() {
        answer.denied = Some(lines(&decision.denials).join("; "));
    }
    answer.warnings = decision
        .warnings
        .iter()
        .chain(&decision.failures)
        .map(|finding| format!("fixative {}", sentence(finding)))
        .collect();
    if !decision.audits.is_empty() {
        answer
            .audit
            .insert("findings", lines(&decision.audits).join("; "));
    }
    answer
}

/// `media-location/mounted: the message (spec.containers[name=main])`.
fn sentence(finding: &Finding) -> String {
    let place = finding.place.keyed.to_string();
    let place = if place.is_empty() {
        String::new()
    } else {
        format!(" ({place})")
    };
    format!("{}: {}{place}", finding.by, finding.message)
}

fn counted(decision: &Decision) -> Vec<(String, Disposition)> {
    let of = |findings: &[Finding], did: Disposition| -> Vec<(String, Disposition)> {
        findings
            .iter()
            .map(|finding| (finding.by.policy.clone(), did))
            .collect()
    };
    [
        of(&decision.denials, Disposition::Deny),
        of(&decision.warnings, Disposition::Warn),
        of(&decision.failures, Disposition::Warn),
        of(&decision.audits, Disposition::Audit),
    ]
    .concat()
}

#[cfg(test)]
mod tests;
