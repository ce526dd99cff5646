//! The rules of a ClusterRole that a policy set needs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::clean;
use crate::kube::GroupKind;
use crate::manifest;
use crate::policy::Asks;

/// The part of a ClusterRole that this is about.
#[derive(Debug, Serialize)]
struct Role<'v> {
    rules: Vec<PolicyRule<'v>>,
}

/// Kubernetes' own name and fields.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyRule<'v> {
    api_groups: [String; 1],
    resources: BTreeSet<String>,
    verbs: &'v [&'v str],
}

/// Reading once is enough for an audit; the webhook keeps up with changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// An audit.
    Once,
    /// The webhook.
    Watching,
}

/// `rules:` for reading `kinds`, and what cannot be told of `asks` as comments.
pub fn rules(kinds: &BTreeSet<GroupKind>, asks: &Asks, reading: Reading) -> String {
    let verbs: &[&str] = match reading {
        Reading::Once => &["get", "list"],
        Reading::Watching => &["get", "list", "watch"],
    };
    let mut groups: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for kind in kinds {
        groups.entry(&kind.group).or_default().insert(kind.resource());
    }
    let rules = groups.into_iter().map(|(group, resources)| PolicyRule {
        api_groups: [group.to_owned()],
        resources,
        verbs,
    });
    let role = Role {
        rules: rules.collect(),
    };
    comments(asks) + &manifest::yaml(&role)
}

fn comments(asks: &Asks) -> String {
    let mut text = String::new();
    for by in &asks.computed {
        let by = by.to_string();
        let by = clean(&by);
        text += &format!("# {by} computes the kind that it asks for: add here what it needs\n");
    }
    for by in &asks.secrets {
        let by = by.to_string();
        text += &format!("# {} asks for Secrets, which are never read\n", clean(&by));
    }
    text
}
