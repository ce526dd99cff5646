//! A policy set as the webhook uses it: with what tells quickly that a request concerns no policy.

use std::collections::HashSet;

use super::probe;
use crate::kube::GroupKind;
use crate::policy::{Door, Needles, Policy, PolicySet, Rule};

/// A loaded set, ready for requests.
#[derive(Debug)]
pub struct Rules {
    /// The policies.
    pub set: PolicySet,
    /// What an object's text must hold for any of them.
    pub needles: Needles,
    /// Whether any expression reads `request`.
    pub reads_request: bool,
    /// The kinds that rules can match; `None`: it cannot be told.
    kinds: Option<HashSet<GroupKind>>,
}

impl Rules {
    /// Prepares a set.
    pub fn new(set: PolicySet) -> Self {
        let needles = Needles::of_also(&set, probe::ANNOTATION);
        let reads_request = active(&set).any(|rule| rule.reads_request);
        let kinds = set.judged(Door::Admission).ok();
        Self {
            set,
            needles,
            reads_request,
            kinds: kinds.map(|judged| judged.0.into_keys().collect()),
        }
    }

    /// Whether any rule may be about an object of this kind.
    pub fn may_concern(&self, kind: &GroupKind) -> bool {
        let is_judged = self.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind));
        is_judged && !self.set.keeps_out(kind)
    }
}

/// Rules that run at the admission door.
fn active(set: &PolicySet) -> impl Iterator<Item = &Rule> {
    let rules = set.policies.iter().flat_map(Policy::active_rules);
    rules.filter(|rule| rule.doors.contains(&Door::Admission))
}
