//! Action: what a finding does at a door.

use std::collections::HashSet;

use super::Plan;
use super::gate;
use crate::finding::{Finding, Fingerprint, Kind};
use crate::policy::{Disposition, Door};
use crate::resource::ResourceId;

/// What is to be done about an object at a door.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    /// The answer is no, because of these.
    pub denials: Vec<Finding>,
    /// Said, and let through.
    pub warnings: Vec<Finding>,
    /// Counted, and shown where asked for.
    pub audits: Vec<Finding>,
    /// It could not be answered: a policy failed or two of them fight. An error where text is written; at
    /// admission these are among the warnings.
    pub failures: Vec<Finding>,
}

/// What the findings of `plan` do at `door`. `baseline` is the plan of the old object as if it were created
/// now: what was there already is a warning (R3); transitions are never in it.
pub fn decide(plan: &Plan<'_>, object: &ResourceId, baseline: Option<&Plan<'_>>, door: Door) -> Decision {
    let mut all: Vec<Finding> = plan.findings.clone();
    if matches!(door, Door::Check | Door::Audit) {
        all.extend(plan.pending(object));
    }
    let known: HashSet<Fingerprint> = baseline.map(|old| fingerprints(old, object)).unwrap_or_default();
    let owned = door == Door::Admission && gate::controller(plan.before).is_some();
    let mut decision = Decision::default();
    for finding in all {
        let broken = matches!(finding.kind, Kind::Failed | Kind::Conflict { .. });
        if broken && matches!(door, Door::Render | Door::Flux) {
            decision.failures.push(finding);
            continue;
        }
        let was_there = !finding.transition && known.contains(&finding.fingerprint());
        match finding.action {
            // R1 and R3: an owned object, and what was wrong before, is never denied.
            Disposition::Deny if owned || was_there || broken => decision.warnings.push(finding),
            Disposition::Deny => decision.denials.push(finding),
            Disposition::Warn => decision.warnings.push(finding),
            Disposition::Audit => decision.audits.push(finding),
        }
    }
    decision
}

fn fingerprints(plan: &Plan<'_>, object: &ResourceId) -> HashSet<Fingerprint> {
    let standing = plan
        .findings
        .iter()
        .filter(|finding| !finding.transition)
        .map(Finding::fingerprint);
    standing
        .chain(plan.pending(object).iter().map(Finding::fingerprint))
        .collect()
}
