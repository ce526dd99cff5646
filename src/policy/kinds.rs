//! Which kinds of objects a policy set can match: what the webhook is called for, and what an audit lists.

use std::collections::{BTreeMap, BTreeSet};

use super::{Component, Door, Matcher, Operation, Pack, Policy, PolicySet, Rule, Subject};
use crate::finding::RuleRef;
use crate::kube::{GroupKind, workload};

/// The kinds that rules can match, each with the operations at which they do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged(pub BTreeMap<GroupKind, BTreeSet<Operation>>);

/// Why the kinds of a set cannot be told, or may not be judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KindError {
    /// A rule that may match anything.
    #[error("the rule {by} can match objects of any kind; say which with match.kinds")]
    AnyKind {
        /// The rule.
        by: RuleRef,
    },
    /// A kind without which a cluster does not run, or cannot be repaired.
    #[error(
        "the rule {by} matches {kind}, and a webhook that is called for those can stop the cluster; {help}"
    )]
    Vital {
        /// The rule.
        by: RuleRef,
        /// The kind.
        kind: GroupKind,
        /// What to do.
        help: &'static str,
    },
    /// A rule about Secrets at a door where none is read.
    #[error(
        "the rule {by} matches Secrets, which are never read from a cluster; keep it to other doors with `doors`"
    )]
    Secret {
        /// The rule.
        by: RuleRef,
    },
}

/// Kinds that no webhook of ours is called for: a node that cannot renew its lease is lost, and who may not
/// change permissions or webhooks cannot repair what a wrong policy broke.
const VITAL: [(&str, &str); 10] = [
    ("Node", ""),
    ("Namespace", ""),
    ("Lease", "coordination.k8s.io"),
    ("Role", "rbac.authorization.k8s.io"),
    ("RoleBinding", "rbac.authorization.k8s.io"),
    ("ClusterRole", "rbac.authorization.k8s.io"),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io"),
    ("MutatingWebhookConfiguration", "admissionregistration.k8s.io"),
    ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io"),
    ("APIService", "apiregistration.k8s.io"),
];

/// What to do about a vital kind.
const KEEP_OUT: &str = "take the kind out of match.kinds, keep the rule to other doors with `doors`, or name the kind in the configuration's admission.kinds";

impl PolicySet {
    /// The kinds that the rules at `door` can match, or why that cannot be told. What is inactive
    /// matches nothing.
    pub fn judged(&self, door: Door) -> Result<Judged, KindError> {
        let mut judged = Judged::default();
        for policy in &self.policies {
            let Some(pack) = self.packs.get(policy.pack) else {
                continue;
            };
            for rule in policy.active_rules().filter(|rule| rule.doors.contains(&door)) {
                judged.add(self, pack, policy, rule, door)?;
            }
        }
        Ok(judged)
    }

    /// Whether the webhook leaves objects of this kind alone: vital ones that the configuration does not name.
    pub fn keeps_out(&self, kind: &GroupKind) -> bool {
        is_vital(kind) && !self.admission.kinds.contains(kind)
    }
}

impl Judged {
    fn add(
        &mut self,
        set: &PolicySet,
        pack: &Pack,
        policy: &Policy,
        rule: &Rule,
        door: Door,
    ) -> Result<(), KindError> {
        let by = || RuleRef {
            policy: policy.name.clone(),
            rule: rule.name.clone(),
        };
        let operations = operations(rule);
        if operations.is_empty() && door == Door::Admission {
            return Ok(());
        }
        let kinds = kinds(pack, rule).ok_or_else(|| KindError::AnyKind { by: by() })?;
        for kind in kinds {
            if door == Door::Admission && set.keeps_out(&kind) {
                let (by, help) = (by(), KEEP_OUT);
                return Err(KindError::Vital { by, kind, help });
            }
            if door == Door::Audit && kind.is_secret() {
                return Err(KindError::Secret { by: by() });
            }
            self.0.entry(kind).or_default().extend(&operations);
        }
        Ok(())
    }
}

/// The kinds that the rule can match; `None`: any.
fn kinds(pack: &Pack, rule: &Rule) -> Option<BTreeSet<GroupKind>> {
    let workloads = || workload::WORKLOADS.map(|(kind, group)| GroupKind::new(kind, group));
    let by_subject = (rule.subject == Subject::Pod).then(|| BTreeSet::from(workloads()));
    let by_matcher = rule.matchers.iter().flat_map(|matcher| {
        let given = matcher
            .kinds
            .as_ref()
            .map(|kinds| kinds.iter().cloned().collect());
        let components = matcher.components.as_ref().map(|names| {
            let objects = objects(pack, names);
            workloads().into_iter().chain(objects).collect()
        });
        [given, components]
    });
    std::iter::once(by_subject)
        .chain(by_matcher)
        .flatten()
        .reduce(|some, others: BTreeSet<GroupKind>| some.intersection(&others).cloned().collect())
}

/// The kinds of objects that are one of these components themselves.
fn objects<'p>(pack: &'p Pack, names: &'p [String]) -> impl Iterator<Item = GroupKind> + 'p {
    let is_meant = |component: &&Component| names.iter().any(|name| name == "*" || *name == component.name);
    pack.components
        .iter()
        .filter(is_meant)
        .flat_map(|component| component.objects.iter().map(|object| object.kind.clone()))
}

/// The operations at which an object comes in, as far as the rule is about them.
fn operations(rule: &Rule) -> BTreeSet<Operation> {
    let is_wanted = |operation: &Operation| {
        rule.matchers
            .iter()
            .filter_map(|matcher: &Matcher| matcher.operations.as_ref())
            .all(|wanted| wanted.contains(operation))
    };
    let mut operations = BTreeSet::from([Operation::Create, Operation::Update]);
    operations.retain(is_wanted);
    operations
}

/// The vital kinds as `match.kinds` writes them.
pub(super) fn vital() -> Vec<String> {
    let all = VITAL.iter().map(|(kind, group)| GroupKind::new(kind, group));
    all.map(|kind| kind.to_string()).collect()
}

fn is_vital(kind: &GroupKind) -> bool {
    VITAL.contains(&(kind.kind.as_str(), kind.group.as_str()))
}
