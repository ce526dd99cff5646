//! Exemptions: by the configuration, or by the annotation on the subject's own metadata.

use serde_json::Value;

use super::matching::{Match, matches};
use super::subject::View;
use crate::attributes::Attributes;
use crate::policy::{Policy, PolicySet, Rule};

/// The annotation that names policies from which its object is exempt.
pub const ANNOTATION: &str = "fixative.dev/exempt";

/// Why the object is exempt from the policy, if it is.
pub fn exempts(
    set: &PolicySet,
    view: &View<'_>,
    policy: &Policy,
    rule: &Rule,
    attrs: &Attributes<'_>,
) -> Option<String> {
    let by_config = set.exemptions.iter().find(|exemption| {
        exemption
            .policies
            .iter()
            .any(|name| crate::policy::glob(name, &policy.name))
            && matches(&exemption.matcher, rule.subject, view, attrs) == Match::Yes
    });
    if let Some(exemption) = by_config {
        return Some(format!("exempt by the configuration: {}", exemption.reason));
    }
    let annotation = view
        .metadata(rule.subject)
        .and_then(|metadata| metadata.get("annotations")?.get(ANNOTATION));
    let named = set.exempt_annotation && names(annotation).any(|name| name == policy.name);
    named.then(|| format!("exempt by its annotation {ANNOTATION}"))
}

/// The names in an exempt annotation.
pub fn names(annotation: Option<&Value>) -> impl Iterator<Item = &str> {
    let text = annotation.and_then(Value::as_str).unwrap_or_default();
    text.split(',').map(str::trim).filter(|name| !name.is_empty())
}
