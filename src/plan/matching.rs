//! The only matcher: does a policy's or rule's `match` hold for an object? Three-valued: false beats Unknown
//! beats true.

use std::collections::BTreeMap;

use compact_str::CompactString;

use super::subject::View;
use super::{Log, Outcome, Pair, exempt};
use crate::attributes::Attributes;
use crate::cel::Fault;
use crate::json::Value;
use crate::kube::GroupKind;
use crate::policy::{Matcher, PolicySet, Rule, Subject};
use crate::resource::Origin;
use crate::unknown::Unknown;

/// Whether something matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// It does.
    Yes,
    /// It does not, because of this.
    No(Mismatch),
    /// It cannot be told.
    Unknown(Unknown),
    /// The pack's own expressions failed.
    Failed(String),
}

/// Why something does not match. Of most rules nobody asks, so it is told in words only when somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The rule does not run at this door.
    Door,
    /// The object describes no pod.
    NoPod,
    /// Another kind.
    Kind,
    /// Another name.
    Name,
    /// Other labels.
    Labels,
    /// Another operation.
    Operation,
    /// Another namespace.
    Namespace,
    /// The namespace has other labels.
    NamespaceLabels,
    /// Other components, or none.
    Components,
}

impl Mismatch {
    fn told(self, view: &View<'_>, attrs: &Attributes<'_>) -> String {
        match self {
            Mismatch::Door => format!("the rule does not run at the door {:?}", attrs.door).to_lowercase(),
            Mismatch::NoPod => format!("a {} describes no pod", view.gvk.kind),
            Mismatch::Kind => format!("the kind is {}", view.gvk.group_kind()),
            Mismatch::Name => format!("the name is {}", attrs.resource.id.name.as_str()),
            Mismatch::Labels => "the labels differ".into(),
            Mismatch::Operation => match &attrs.operation {
                Ok(operation) => format!("the operation is {operation:?}").to_lowercase(),
                Err(unknown) => unknown.to_string(),
            },
            Mismatch::Namespace => match &attrs.namespace {
                Ok(namespace) => format!("the namespace is {namespace}"),
                Err(unknown) => unknown.to_string(),
            },
            Mismatch::NamespaceLabels => "the namespace's labels differ".into(),
            Mismatch::Components => match view.components() {
                Ok(found) if !found.is_empty() => format!("the component is {}", found.join(", ")),
                _ => format!("no component of {}", view.pack.name),
            },
        }
    }
}

impl Match {
    fn and(self, other: impl FnOnce() -> Match) -> Match {
        match self {
            Match::No(_) | Match::Failed(_) => self,
            Match::Yes => other(),
            Match::Unknown(unknown) => match other() {
                Match::Yes => Match::Unknown(unknown),
                stronger => stronger,
            },
        }
    }
}

/// The rules that are about this object, in order; what became of the others goes into the log.
pub(crate) fn applicable<'p>(set: &'p PolicySet, attrs: &Attributes<'_>, log: &mut Log) -> Vec<Pair<'p>> {
    let mut found = Vec::new();
    let hide_null = attrs.resource.origin != Origin::Api;
    let (gvk, object) = (&attrs.resource.id.gvk, attrs.resource.body.as_ref());
    let views = set.packs.iter().map(|pack| {
        let view = View::new(pack, gvk, object, hide_null, attrs.allowance);
        let annotated = exempt::Annotated::of(set, &view);
        (view, annotated)
    });
    let views: Vec<_> = views.collect();
    for policy in &set.policies {
        let Some((view, annotated)) = views.get(policy.pack) else {
            continue;
        };
        for rule in &policy.rules {
            if !log.asks_for(rule) {
                continue;
            }
            let pair = Pair { policy, rule };
            if let Some(why) = policy.why_inactive(rule) {
                log.outcome(pair, Outcome::Inactive, || why.to_owned());
                continue;
            }
            match rule_matches(view, rule, attrs) {
                Match::No(why) => log.outcome(pair, Outcome::NoMatch, || why.told(view, attrs)),
                Match::Failed(why) => log.finding(super::validate::failed(pair, attrs, None, why)),
                Match::Unknown(unknown) => {
                    log.finding(super::validate::unknown(pair, attrs, None, unknown));
                }
                Match::Yes => match exempt::exempts(set, (view, annotated), policy, rule, attrs) {
                    Some(exempt) => log.exempt(pair.name(), exempt),
                    None => found.push(pair),
                },
            }
        }
    }
    found
}

fn rule_matches(view: &View<'_>, rule: &Rule, attrs: &Attributes<'_>) -> Match {
    if !rule.doors.contains(&attrs.door) {
        return Match::No(Mismatch::Door);
    }
    if !view.has_root(rule.subject) {
        return Match::No(Mismatch::NoPod);
    }
    rule.matchers.iter().fold(Match::Yes, |so_far, matcher| {
        so_far.and(|| matches(matcher, rule.subject, view, attrs))
    })
}

/// Whether `matcher` holds for the object.
pub fn matches(matcher: &Matcher, subject: Subject, view: &View<'_>, attrs: &Attributes<'_>) -> Match {
    kinds(matcher, view)
        .and(|| names(matcher, attrs))
        .and(|| labels(matcher, subject, view))
        .and(|| operations(matcher, attrs))
        .and(|| namespaces(matcher, attrs))
        .and(|| namespace_labels(matcher, attrs))
        .and(|| components(matcher, view))
}

fn kinds(matcher: &Matcher, view: &View<'_>) -> Match {
    let is = |kind: &GroupKind| view.gvk.is(&kind.kind, &kind.group);
    match &matcher.kinds {
        Some(kinds) if !kinds.iter().any(is) => Match::No(Mismatch::Kind),
        _ => Match::Yes,
    }
}

fn names(matcher: &Matcher, attrs: &Attributes<'_>) -> Match {
    let name = attrs.resource.id.name.as_str();
    match &matcher.names {
        Some(patterns) if !patterns.iter().any(|pattern| crate::policy::glob(pattern, name)) => {
            Match::No(Mismatch::Name)
        }
        _ => Match::Yes,
    }
}

fn labels(matcher: &Matcher, subject: Subject, view: &View<'_>) -> Match {
    let Some(selector) = &matcher.labels else {
        return Match::Yes;
    };
    let labels = text_map(view.labels(subject).map(|map| map.iter()).into_iter().flatten());
    if selector.matches(&labels) {
        Match::Yes
    } else {
        Match::No(Mismatch::Labels)
    }
}

fn operations(matcher: &Matcher, attrs: &Attributes<'_>) -> Match {
    let Some(wanted) = &matcher.operations else {
        return Match::Yes;
    };
    match &attrs.operation {
        Ok(operation) if wanted.contains(operation) => Match::Yes,
        Ok(_) => Match::No(Mismatch::Operation),
        Err(unknown) => Match::Unknown(unknown.clone()),
    }
}

fn namespaces(matcher: &Matcher, attrs: &Attributes<'_>) -> Match {
    let Some(patterns) = &matcher.namespaces else {
        return Match::Yes;
    };
    match attrs.namespace.as_ref() {
        Ok(namespace)
            if patterns
                .iter()
                .any(|pattern| crate::policy::glob(pattern, namespace)) =>
        {
            Match::Yes
        }
        Ok(_) => Match::No(Mismatch::Namespace),
        Err(unknown) => Match::Unknown(unknown.clone()),
    }
}

fn namespace_labels(matcher: &Matcher, attrs: &Attributes<'_>) -> Match {
    let Some(selector) = &matcher.namespace_selector else {
        return Match::Yes;
    };
    match attrs.namespace_object.as_ref() {
        Ok(namespace) => {
            let labels = namespace.pointer("/metadata/labels").and_then(Value::as_object);
            let labels = text_map(labels.map(|map| map.iter()).into_iter().flatten());
            if selector.matches(&labels) {
                Match::Yes
            } else {
                Match::No(Mismatch::NamespaceLabels)
            }
        }
        Err(unknown) => Match::Unknown(unknown.clone()),
    }
}

fn components(matcher: &Matcher, view: &View<'_>) -> Match {
    let Some(wanted) = &matcher.components else {
        return Match::Yes;
    };
    match view.components() {
        Ok(found) if wanted.iter().any(|name| name == "*") && !found.is_empty() => Match::Yes,
        Ok(found) if found.iter().any(|name| wanted.iter().any(|one| one == name)) => Match::Yes,
        Ok(_) => Match::No(Mismatch::Components),
        Err(Fault::Unknown(unknown)) => Match::Unknown(unknown),
        Err(fault) => Match::Failed(format!("`ours` of pack {} failed: {fault}", view.pack.name)),
    }
}

fn text_map<'m>(entries: impl Iterator<Item = (&'m CompactString, &'m Value)>) -> BTreeMap<String, String> {
    entries
        .filter_map(|(key, value)| Some((key.to_string(), value.as_str()?.to_owned())))
        .collect()
}
