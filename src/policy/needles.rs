//! What a document's text must hold for any policy to match it.

use std::collections::BTreeSet;

use super::{Component, Matcher, Pack, PolicySet, Root, Rule};

/// What a document must hold for some rule to match it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Needle {
    /// A text.
    pub text: String,
    /// Another one that must be there, too: the kind, where the text is a part of a name, which many documents
    /// mention.
    pub and: Option<String>,
}

impl PolicySet {
    /// Texts of which a document must hold one for any active rule to match; `None` where some rule may
    /// match anything.
    pub fn needles(&self) -> Option<Vec<Needle>> {
        let mut all = BTreeSet::new();
        for policy in &self.policies {
            let pack = self.packs.get(policy.pack)?;
            for rule in policy.active_rules() {
                all.extend(of_rule(pack, rule)?);
            }
        }
        Some(all.into_iter().collect())
    }
}

/// Each matcher must hold, so the needles of any one will do.
fn of_rule(pack: &Pack, rule: &Rule) -> Option<Vec<Needle>> {
    let by_place = rule.at.as_ref().and_then(|path| match &path.root {
        Root::Containers(Some(names)) => of_components(pack, names),
        _ => None,
    });
    let by_component = by_place.or_else(|| {
        rule.matchers
            .iter()
            .find_map(|matcher| of_components(pack, matcher.components.as_deref()?))
    });
    if let Some(texts) = by_component {
        return Some(texts.into_iter().map(alone).collect());
    }
    let kinds = rule.matchers.iter().find_map(of_kinds);
    match rule.matchers.iter().find_map(of_names) {
        Some(names) => Some(with_kinds(&names, kinds)),
        None => Some(kinds?.into_iter().map(alone).collect()),
    }
}

fn alone(text: String) -> Needle {
    Needle { text, and: None }
}

/// Each text with each kind; the texts alone where no kind is asked for.
fn with_kinds(texts: &[String], kinds: Option<Vec<String>>) -> Vec<Needle> {
    let kinds: Vec<Option<String>> = match kinds {
        Some(kinds) => kinds.into_iter().map(Some).collect(),
        None => vec![None],
    };
    let pair = |text: &String, and: &Option<String>| Needle {
        text: text.clone(),
        and: and.clone(),
    };
    texts
        .iter()
        .flat_map(|text| kinds.iter().map(move |kind| pair(text, kind)))
        .collect()
}

/// The images of the components, and the kinds of objects that are components themselves.
fn of_components(pack: &Pack, names: &[String]) -> Option<Vec<String>> {
    let is_meant = |component: &&Component| names.iter().any(|name| name == "*" || *name == component.name);
    let needles = pack.components.iter().filter(is_meant).flat_map(|component| {
        let kinds = component.objects.iter().map(|object| object.kind.kind.clone());
        component
            .images
            .iter()
            .chain(&component.generic)
            .cloned()
            .chain(kinds)
    });
    Some(needles.collect())
}

/// Whole names; of one with a `*` its longest plain part.
fn of_names(matcher: &Matcher) -> Option<Vec<String>> {
    let longest = |name: &String| {
        name.split('*')
            .max_by_key(|part| part.len())
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
    };
    matcher.names.as_ref()?.iter().map(longest).collect()
}

fn of_kinds(matcher: &Matcher) -> Option<Vec<String>> {
    Some(
        matcher
            .kinds
            .as_ref()?
            .iter()
            .map(|kind| kind.kind.clone())
            .collect(),
    )
}
