//! Which facts of a cluster a policy set asks for: what the webhook watches, what an audit lists, and what
//! `fixative policies rbac` prints. Told from the expressions, never from running them.

use std::collections::BTreeSet;

use super::locality::{self, Mentions};
use super::{Door, Policy, PolicySet, Rule, glob};
use crate::cel::{Asked, Program};
use crate::finding::RuleRef;
use crate::kube::{GroupKind, workload};

/// What `volumes` follows: from the pod to the claim, to the volume, to the class.
const BEHIND_VOLUMES: [(&str, &str); 3] = [
    ("PersistentVolumeClaim", ""),
    ("PersistentVolume", ""),
    ("StorageClass", "storage.k8s.io"),
];

/// What a policy set asks a cluster for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// Kinds to read; never Secrets.
    pub kinds: BTreeSet<GroupKind>,
    /// Rules that compute a kind: what they ask for is not among `kinds`, and stays Unknown unless it happens
    /// to be.
    pub computed: BTreeSet<RuleRef>,
    /// Rules that ask for Secrets, which are never read: what they ask for stays Unknown.
    pub secrets: BTreeSet<RuleRef>,
}

impl PolicySet {
    /// What the rules that run at `door` may ask for. What is inactive asks for nothing.
    pub fn asks(&self, door: Door) -> Asks {
        let mut asks = Asks::default();
        for policy in &self.policies {
            for rule in policy.active_rules().filter(|rule| rule.doors.contains(&door)) {
                asks.add(self, policy, rule);
            }
        }
        asks
    }

    /// Whether an exemption that may hold for the policy looks at the labels of the namespace.
    fn exempts_by_namespace(&self, policy: &Policy) -> bool {
        self.exemptions
            .iter()
            .filter(|exemption| !exemption.is_over)
            .any(|exemption| {
                let is_meant = exemption.policies.iter().any(|name| glob(name, &policy.name));
                is_meant && exemption.matcher.namespace_selector.is_some()
            })
    }
}

impl Asks {
    fn add(&mut self, set: &PolicySet, policy: &Policy, rule: &Rule) {
        let mentions = Mentions::of(programs(rule), &policy.variables);
        for name in &mentions.names {
            self.kinds.extend(behind(name));
        }
        let by_match = rule
            .matchers
            .iter()
            .any(|matcher| matcher.namespace_selector.is_some());
        if by_match || set.exempts_by_namespace(policy) {
            self.kinds.insert(GroupKind::new("Namespace", ""));
        }
        let by = || RuleRef {
            policy: policy.name.clone(),
            rule: rule.name.clone(),
        };
        for asked in mentions.asked {
            match asked {
                Asked::Computed => self.computed.insert(by()),
                Asked::Kind(kind) if kind.is_secret() => self.secrets.insert(by()),
                Asked::Kind(kind) => self.kinds.insert(kind),
            };
        }
    }
}

/// Every expression of a rule; a message asks for facts as well.
fn programs(rule: &Rule) -> impl Iterator<Item = &Program> {
    let message = rule.message.iter().flat_map(super::Template::programs);
    rule.condition
        .iter()
        .chain(locality::programs(&rule.verb))
        .chain(message)
}

/// The kinds that stand behind a name or function of an expression.
fn behind(name: &str) -> Vec<GroupKind> {
    let all: &[(&str, &str)] = match name {
        "volumes" | "backing" => &BEHIND_VOLUMES,
        "storageClass" => &[("StorageClass", "storage.k8s.io")],
        // The variable may come from a ConfigMap. From a Secret it stays Unknown.
        "env" => &[("ConfigMap", "")],
        "peers" => &workload::WORKLOADS,
        "namespaceObject" => &[("Namespace", "")],
        _ => &[],
    };
    all.iter()
        .map(|(kind, group)| GroupKind::new(kind, group))
        .collect()
}
