//! What a webhook is to be called for: the list for `webhooks[].rules`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::kube::resource::Scope;
use crate::manifest;
use crate::policy::{Judged, Operation};

/// Kubernetes' `RuleWithOperations`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleWithOperations {
    api_groups: [String; 1],
    api_versions: [&'static str; 1],
    operations: BTreeSet<Operation>,
    resources: BTreeSet<String>,
    scope: &'static str,
}

/// The list, as narrow as the policies are. No subresource is in it: a scale or a status is nothing to judge.
pub fn list(judged: &Judged) -> String {
    let mut groups: BTreeMap<(&str, Scope, &BTreeSet<Operation>), BTreeSet<String>> = BTreeMap::new();
    for (kind, operations) in &judged.0 {
        let group = groups.entry((&kind.group, kind.scope(), operations)).or_default();
        group.insert(kind.resource());
    }
    let rules = groups
        .into_iter()
        .map(|((group, scope, operations), resources)| RuleWithOperations {
            api_groups: [group.to_owned()],
            api_versions: ["*"],
            operations: operations.clone(),
            resources,
            scope: match scope {
                Scope::Namespaced => "Namespaced",
                Scope::Cluster => "Cluster",
                Scope::Unknown => "*",
            },
        });
    manifest::yaml(&rules.collect::<Vec<_>>())
}
