//! A policy set as the webhook uses it: with what tells quickly that a request concerns no policy.

use crate::kube::{Gvk, workload};
use crate::policy::{Door, Needles, PolicySet, Rule, Subject};

/// A loaded set, ready for requests.
#[derive(Debug)]
pub struct Rules {
    /// The policies.
    pub set: PolicySet,
    /// What an object's text must hold for any of them.
    pub needles: Needles,
    /// Whether any expression reads `request`.
    pub reads_request: bool,
}

/// What holds a cluster together: judged only where the configuration names it (`admission.kinds`).
const HOLDS_THE_CLUSTER: [(&str, &str); 9] = [
    ("Node", ""),
    ("Namespace", ""),
    ("Lease", "coordination.k8s.io"),
    ("Role", "rbac.authorization.k8s.io"),
    ("RoleBinding", "rbac.authorization.k8s.io"),
    ("ClusterRole", "rbac.authorization.k8s.io"),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io"),
    ("MutatingWebhookConfiguration", "admissionregistration.k8s.io"),
    ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io"),
];

impl Rules {
    /// Prepares a set.
    pub fn new(set: PolicySet) -> Self {
        let needles = Needles::of(&set);
        let reads_request = active(&set).any(|rule| rule.reads_request);
        Self {
            set,
            needles,
            reads_request,
        }
    }

    /// Whether any rule may be about an object of this kind.
    pub fn may_concern(&self, gvk: &Gvk) -> bool {
        let holds = HOLDS_THE_CLUSTER.iter().any(|(kind, group)| gvk.is(kind, group));
        if holds && !self.set.admission.kinds.contains(&gvk.group_kind()) {
            return false;
        }
        let has_pod = workload::pod_pointer(gvk).is_some();
        let kind = gvk.group_kind();
        active(&self.set).any(|rule| {
            let has_root = rule.subject == Subject::Object || has_pod;
            let is_named = |matcher: &crate::policy::Matcher| {
                matcher.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
            };
            has_root && rule.matchers.iter().all(is_named)
        })
    }
}

/// Rules that run at the admission door.
fn active(set: &PolicySet) -> impl Iterator<Item = &Rule> {
    let policies = set.policies.iter().filter(|policy| policy.inactive.is_none());
    policies
        .flat_map(|policy| &policy.rules)
        .filter(|rule| rule.doors.contains(&Door::Admission))
}
