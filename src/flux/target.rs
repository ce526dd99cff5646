//! How kustomize finds an object.
//! Source: sigs.k8s.io/kustomize/api, `types.Selector`: every field is a regular expression that must match the
//! whole, an empty one matches all, and an object without a namespace counts as one in `default`.

use regex::Regex;
use serde::Serialize;

use super::carry::Identities;
use crate::json::Value;
use crate::resource::ResourceId;

/// The namespace that kustomize gives an object that names none.
const NO_NAMESPACE: &str = "default";

/// `target` of a patch. No version: the object stays the same one when a chart moves to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Target {
    /// API group; `^$` for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace, where the text has one or another object would be found without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

impl Target {
    /// Finds this object and no other of the stream.
    pub(super) fn of(id: &ResourceId, identities: &Identities) -> Self {
        let namespace = match &id.namespace {
            Some(namespace) => Some(namespace.as_str()),
            None => identities.is_ambiguous(id).then_some(NO_NAMESPACE),
        };
        Self {
            group: match id.gvk.group.as_str() {
                "" => "^$".to_owned(),
                group => literal(group),
            },
            kind: literal(&id.gvk.kind),
            name: literal(id.name.as_str()),
            namespace: namespace.map(literal),
        }
    }
}

/// A regular expression that matches only this text.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(
            letter,
            '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$'
        ) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

/// Whether a target of a HelmRelease, ours or another, finds any of these objects. One that selects by labels or
/// annotations, or whose pattern is none, is taken to find one: Flux itself tells of the latter.
pub fn finds_any(target: &Value, ids: &[ResourceId]) -> bool {
    let text = |key: &str| {
        target
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    if text("labelSelector").is_some() || text("annotationSelector").is_some() {
        return true;
    }
    let mut patterns = Vec::new();
    for key in ["group", "version", "kind", "name", "namespace"] {
        match text(key).map(|pattern| Regex::new(&format!("^(?:{pattern})$"))) {
            Some(Ok(pattern)) => patterns.push((key, pattern)),
            Some(Err(_)) => return true,
            None => {}
        }
    }
    ids.iter().any(|id| {
        patterns.iter().all(|(key, pattern)| {
            pattern.is_match(match *key {
                "group" => &id.gvk.group,
                "version" => &id.gvk.version,
                "kind" => &id.gvk.kind,
                "name" => id.name.as_str(),
                _ => id.namespace.as_deref().unwrap_or(NO_NAMESPACE),
            })
        })
    })
}
