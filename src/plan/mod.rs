//! Match, mutate (settle), validate: what the policies want of one object.
//!
//! Three things are kept apart: *evaluation* (what the policies want: [`plan`]), *permission* (may we repair
//! here and now: [`gate`]) and *action* (what a finding does at this door: [`decide`]).

pub mod blame;
mod context;
pub mod decide;
pub mod exempt;
mod explain;
pub mod gate;
pub mod matching;
mod memo;
pub mod mutate;
pub mod repair;
pub mod secrets;
pub mod select;
pub mod subject;
pub mod validate;
mod wish;
mod writes;

mod scope;

use std::borrow::Cow;

use crate::attributes::Attributes;
use crate::change::{Action, Change};
use crate::finding::{Finding, Kind, Location, Replacement, RuleRef};
use crate::json::Value;
use crate::pointer::Place;
use crate::policy::{Policy, PolicySet, Rule, Verb};
use crate::world::World;

pub use decide::{Decision, decide};
pub use explain::{Explanation, explanation};

/// What the policies want of one object.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The object as it came.
    pub before: &'a Value,
    /// The object as it should be; borrowed where nothing changes.
    pub after: Cow<'a, Value>,
    /// What differs, each with its reason.
    pub edits: Vec<Edit>,
    /// What is to be said.
    pub findings: Vec<Finding>,
    /// What became of every rule.
    pub verdicts: Vec<Verdict>,
}

/// One change of the object, and who wants it.
#[derive(Clone, Debug)]
pub struct Edit {
    /// What changes.
    pub change: Change,
    /// Where, in both forms.
    pub place: Place,
    /// The rules that wrote there; the last one first.
    pub by: Vec<RuleRef>,
    /// Why: the rule's message, else the policy's title.
    pub reason: String,
    /// Whether it changes what the source said; it does not only add.
    pub overrides: bool,
    /// No sink prints its values.
    pub sensitive: bool,
    /// What an unapplied edit does.
    pub action: crate::policy::Disposition,
    /// How bad it is to leave it out.
    pub severity: crate::policy::Severity,
    /// Where in the input.
    pub location: Option<Location>,
    /// The same change in the input's own text, where somebody asked for it.
    pub replacement: Option<Replacement>,
}

/// What became of one rule on one object.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The rule.
    pub by: RuleRef,
    /// What became of it.
    pub outcome: Outcome,
    /// What decided.
    pub why: String,
    /// Where, for outcomes that have a place.
    pub place: Option<Place>,
    /// Positions of the configuration's exemptions that cover the object.
    pub exemptions: Vec<usize>,
}

impl Verdict {
    /// Whether the rule's places and conditions were looked at, and not only whether it is about the object.
    pub fn is_about_object(&self) -> bool {
        let is_elsewhere = self.outcome == Outcome::NoMatch && self.why != validate::WHERE;
        !is_elsewhere && !matches!(self.outcome, Outcome::Inactive | Outcome::Exempt)
    }
}

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The policy, or the rule, cannot apply with these params.
    Inactive,
    /// It is about other objects, places or doors.
    NoMatch,
    /// All is well already.
    Satisfied,
    /// It changed something.
    Repaired,
    /// It would change something, and may not here.
    Held,
    /// An assertion does not hold.
    Found,
    /// It cannot be told.
    Unknown,
    /// The object is exempt.
    Exempt,
    /// It fights with another rule.
    Conflict,
    /// The policy failed on this object.
    Failed,
}

/// A policy and one of its rules, borrowed from the set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair<'p> {
    pub(crate) policy: &'p Policy,
    pub(crate) rule: &'p Rule,
}

impl Pair<'_> {
    /// Whether it is the same rule of the same set.
    pub(crate) fn is(&self, other: Pair<'_>) -> bool {
        std::ptr::eq(self.rule, other.rule)
    }

    pub(crate) fn name(&self) -> RuleRef {
        RuleRef {
            policy: self.policy.name.clone(),
            rule: self.rule.name.clone(),
        }
    }
}

/// What the policies of `set` want of the object in `attrs`. Total: a policy that fails is a verdict.
pub fn plan<'a>(set: &PolicySet, world: &dyn World, attrs: &Attributes<'a>) -> Plan<'a> {
    let mut begun = begin(set, world, attrs, Log::default());
    let (pairs, settled) = (&begun.pairs, &begun.settled);
    validate::assertions(set, world, attrs, pairs, settled, &mut begun.log);
    finish(attrs, begun)
}

/// The repairs alone, for a door that is only asked for those: the same edits as [`plan`]'s, without judging any
/// assertion, and without a verdict on rules that find nothing.
pub fn repairs<'a>(set: &PolicySet, world: &dyn World, attrs: &Attributes<'a>) -> Plan<'a> {
    let log = Log {
        is_brief: true,
        ..Log::default()
    };
    finish(attrs, begin(set, world, attrs, log))
}

/// A plan whose repairs are settled.
struct Begun<'p, 'a> {
    log: Log,
    pairs: Vec<Pair<'p>>,
    settled: mutate::Settled<'p, 'a>,
}

fn begin<'p, 'a>(
    set: &'p PolicySet,
    world: &dyn World,
    attrs: &Attributes<'a>,
    mut log: Log,
) -> Begun<'p, 'a> {
    let pairs = matching::applicable(set, attrs, &mut log);
    let settled = mutate::settle(set, world, attrs, &pairs, &mut log);
    Begun { log, pairs, settled }
}

fn finish<'a>(attrs: &Attributes<'a>, begun: Begun<'_, 'a>) -> Plan<'a> {
    let before: &'a Value = &attrs.resource.body;
    let Begun { log, settled, .. } = begun;
    let mut edits = blame::edits(attrs, before, &settled);
    let Log {
        mut findings,
        mut verdicts,
        ..
    } = log;
    secrets::keep([before, &settled.value], &mut edits, &mut findings, &mut verdicts);
    let after = if edits.is_empty() {
        Cow::Borrowed(before)
    } else {
        settled.value
    };
    Plan {
        before,
        after,
        edits,
        findings,
        verdicts,
    }
}

/// Collects what is said while a plan is made.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) findings: Vec<Finding>,
    pub(crate) verdicts: Vec<Verdict>,
    /// Nobody asks what became of the rules that find nothing, nor of assertions.
    is_brief: bool,
}

impl Log {
    /// Whether anybody asks for this rule.
    pub(crate) fn asks_for(&self, rule: &Rule) -> bool {
        !(self.is_brief && matches!(rule.verb, Verb::Assert(_)))
    }

    /// What became of a rule of which there is nothing to find, for whoever asks for every rule.
    pub(crate) fn outcome(&mut self, pair: Pair<'_>, outcome: Outcome, why: impl FnOnce() -> String) {
        if !self.is_brief {
            self.verdict(pair.name(), outcome, why(), None);
        }
    }

    pub(crate) fn verdict(
        &mut self,
        by: RuleRef,
        outcome: Outcome,
        why: impl Into<String>,
        place: Option<Place>,
    ) {
        self.verdicts.push(Verdict {
            by,
            outcome,
            why: why.into(),
            place,
            exemptions: Vec::new(),
        });
    }

    /// The object is exempt from the rule.
    pub(crate) fn exempt(&mut self, by: RuleRef, exempt: exempt::Exempt) {
        self.verdicts.push(Verdict {
            by,
            outcome: Outcome::Exempt,
            why: exempt.why,
            place: None,
            exemptions: exempt.by,
        });
    }

    /// What another log holds, behind what this one does.
    pub(crate) fn append(&mut self, other: Log) {
        self.findings.extend(other.findings);
        self.verdicts.extend(other.verdicts);
    }

    /// A finding and its verdict in one.
    pub(crate) fn finding(&mut self, finding: Finding) {
        let outcome = match finding.kind {
            Kind::Violation => Outcome::Found,
            Kind::Unrepaired => Outcome::Held,
            Kind::Unknown(_) => Outcome::Unknown,
            Kind::Conflict { .. } => Outcome::Conflict,
            Kind::Failed => Outcome::Failed,
        };
        self.verdict(
            finding.by.clone(),
            outcome,
            finding.message.clone(),
            Some(finding.place.clone()),
        );
        self.findings.push(finding);
    }
}

impl Plan<'_> {
    /// The edits as findings, for doors that do not apply them.
    pub fn pending(&self, object: &crate::resource::ResourceId) -> Vec<Finding> {
        self.edits.iter().map(|edit| edit.pending(object)).collect()
    }
}

impl Edit {
    /// This edit as a finding: a repair that is due and was not made.
    pub fn pending(&self, object: &crate::resource::ResourceId) -> Finding {
        let by = self.by.first().cloned().unwrap_or(RuleRef {
            policy: String::new(),
            rule: String::new(),
        });
        Finding {
            by,
            severity: self.severity,
            action: self.action,
            object: object.clone(),
            place: self.place.clone(),
            message: self.reason.clone(),
            fix: Some(self.describe()),
            kind: Kind::Unrepaired,
            sensitive: self.sensitive,
            transition: false,
            location: self.location.clone(),
            replacement: self.replacement.clone(),
        }
    }

    /// `set spec.enableServiceLinks to false (was true)`; values of sensitive edits stay out.
    pub fn describe(&self) -> String {
        describe(self.sensitive, &self.place, &self.change)
    }
}

/// What a change does, with its values left out where they are sensitive.
pub(crate) fn describe(sensitive: bool, place: &Place, change: &Change) -> String {
    let at = &place.keyed;
    let show = |value: &Value| {
        if sensitive { "…".to_owned() } else { brief(value) }
    };
    match &change.action {
        Action::Add(new) => format!("add {at}: {}", show(new)),
        Action::Replace { old, new } => format!("set {at} to {} (was {})", show(new), show(old)),
        Action::Remove { old } => format!("remove {at} (was {})", show(old)),
    }
}

/// A value on one line, cut where it is long.
pub(crate) fn brief(value: &Value) -> String {
    const LONGEST: usize = 100;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
