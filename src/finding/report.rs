//! Everything that was found, object by object, ready to be written in any form.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Kind, Location};
use crate::kube::GroupKind;
use crate::plan::{Decision, Outcome, Verdict};
use crate::policy::{Disposition, Exemption, PolicySet};
use crate::resource::ResourceId;

/// What policies have to say of some objects.
#[derive(Debug, Default)]
pub struct Report {
    /// The objects that were judged, in their order.
    pub objects: Vec<Judged>,
    /// Kinds that may not be listed, so that what depends on them is unknown.
    pub forbidden: BTreeSet<GroupKind>,
    /// Exemptions that exempt nothing.
    pub stale: Vec<Stale>,
}

/// One object.
#[derive(Debug)]
pub struct Judged {
    /// What it is called.
    pub object: ResourceId,
    /// Where it begins in the input; `None` where it did not come from a text.
    pub location: Option<Location>,
    /// What is to be said of it, what denies first.
    pub said: Vec<Said>,
    /// Policies that were about it and have nothing to say.
    pub passed: Vec<String>,
    /// Policies from which it is exempt, and why.
    pub exempt: BTreeMap<String, String>,
}

/// A finding, and what it does at this door.
#[derive(Debug)]
pub struct Said {
    /// What it does; what its rule would do elsewhere does not matter.
    pub action: Disposition,
    /// What is said.
    pub finding: Finding,
}

/// An exemption of the configuration that exempts nothing.
#[derive(Clone, Debug)]
pub struct Stale {
    /// The exemption.
    pub exemption: Exemption,
}

impl Report {
    /// Of these objects, which used exemptions at these positions.
    pub fn new(set: &PolicySet, objects: Vec<(Judged, BTreeSet<usize>)>) -> Self {
        let used: BTreeSet<usize> = objects.iter().flat_map(|(_, used)| used).copied().collect();
        let stale = set.exemptions.iter().enumerate();
        let stale = stale.filter(|(position, _)| !used.contains(position));
        Self {
            stale: stale
                .map(|(_, exemption)| Stale {
                    exemption: exemption.clone(),
                })
                .collect(),
            objects: objects.into_iter().map(|(judged, _)| judged).collect(),
            forbidden: BTreeSet::new(),
        }
    }

    /// Everything that was found, object by object.
    pub fn said(&self) -> impl Iterator<Item = &Said> {
        self.objects.iter().flat_map(|judged| &judged.said)
    }

    /// How many findings do this.
    pub fn count(&self, action: Disposition) -> usize {
        self.said().filter(|said| said.action == action).count()
    }

    /// The worst that any finding does.
    pub fn worst(&self) -> Option<Disposition> {
        self.said().map(|said| said.action).max()
    }

    /// How many findings say that a policy failed.
    pub fn failures(&self) -> usize {
        self.said()
            .filter(|said| said.finding.kind == Kind::Failed)
            .count()
    }
}

impl Judged {
    /// One object by what was decided of it, and the positions of the exemptions that cover it.
    pub fn new(
        object: ResourceId,
        location: Option<Location>,
        decision: Decision,
        verdicts: &[Verdict],
    ) -> (Self, BTreeSet<usize>) {
        let all = [
            (Disposition::Deny, decision.failures),
            (Disposition::Deny, decision.denials),
            (Disposition::Warn, decision.warnings),
            (Disposition::Audit, decision.audits),
        ];
        let said: Vec<Said> = all
            .into_iter()
            .flat_map(|(action, findings)| findings.into_iter().map(move |finding| Said { action, finding }))
            .collect();
        let spoke: BTreeSet<&str> = said.iter().map(|said| said.finding.by.policy.as_str()).collect();
        let mut passed: Vec<String> = Vec::new();
        let mut exempt = BTreeMap::new();
        for verdict in verdicts {
            let policy = &verdict.by.policy;
            match verdict.outcome {
                Outcome::Exempt => {
                    exempt.insert(policy.clone(), verdict.why.clone());
                }
                Outcome::Satisfied if !spoke.contains(policy.as_str()) && passed.last() != Some(policy) => {
                    passed.push(policy.clone());
                }
                _ => {}
            }
        }
        let used = verdicts.iter().flat_map(|verdict| &verdict.exemptions);
        let used = used.copied().collect();
        let judged = Self {
            object,
            location,
            said,
            passed,
            exempt,
        };
        (judged, used)
    }
}

impl Stale {
    /// What to do.
    pub fn help(&self) -> &'static str {
        if self.exemption.is_over {
            "remove it, or give it a later day if its reason still holds"
        } else {
            "remove it if what it was for is gone; its match may also be misspelt, or the rules inactive with these params"
        }
    }

    /// One sentence.
    pub fn message(&self) -> String {
        let Exemption {
            policies,
            reason,
            until,
            is_over,
            ..
        } = &self.exemption;
        let policies = policies.join(", ");
        match until {
            Some(until) if *is_over => format!("the exemption from {policies} ({reason}) ended on {until}"),
            _ => format!("the exemption from {policies} ({reason}) exempts nothing of what was judged"),
        }
    }
}
