//! Exemptions: by the configuration, or by the annotation on the subject's own metadata.

use super::matching::{Match, matches};
use super::subject::View;
use crate::attributes::Attributes;
use crate::json::Value;
use crate::policy::{Exemption, Policy, PolicySet, Rule, Subject};

/// The annotation that names policies from which its object is exempt.
pub const ANNOTATION: &str = "fixative.dev/exempt";

/// Why an object is exempt from a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exempt {
    /// In words.
    pub why: String,
    /// Positions of the configuration's exemptions that cover it: all of them, since each that covers something
    /// still has a reason to be there.
    pub by: Vec<usize>,
}

/// What the annotation says on the object and on the pod that it describes, read once for all rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct Annotated<'a> {
    object: Option<&'a Value>,
    pod: Option<&'a Value>,
}

impl<'a> Annotated<'a> {
    /// The annotations of what is seen, as far as `set` lets them count.
    pub fn of(set: &PolicySet, view: &View<'a>) -> Self {
        if !set.exempt_annotation {
            return Self::default();
        }
        let annotation = |subject| view.metadata(subject)?.get("annotations")?.get(ANNOTATION);
        Self {
            object: annotation(Subject::Object),
            pod: annotation(Subject::Pod),
        }
    }

    fn names(&self, policy: &Policy, subject: Subject) -> bool {
        let annotation = match subject {
            Subject::Object => self.object,
            Subject::Pod => self.pod,
        };
        annotation.is_some() && names(annotation).any(|name| name == policy.name)
    }
}

/// Why the object is exempt from the policy, if it is.
pub fn exempts(
    set: &PolicySet,
    (view, annotated): (&View<'_>, &Annotated<'_>),
    policy: &Policy,
    rule: &Rule,
    attrs: &Attributes<'_>,
) -> Option<Exempt> {
    let covers = |exemption: &Exemption| {
        !exemption.is_over
            && exemption
                .policies
                .iter()
                .any(|name| crate::policy::glob(name, &policy.name))
            && matches(&exemption.matcher, rule.subject, view, attrs) == Match::Yes
    };
    let by_config = set.exemptions.iter().enumerate();
    let mut by_config = by_config.filter(|(_, exemption)| covers(exemption));
    if let Some((first, exemption)) = by_config.next() {
        return Some(Exempt {
            why: format!("exempt by the configuration: {}", exemption.reason),
            by: std::iter::once(first)
                .chain(by_config.map(|(position, _)| position))
                .collect(),
        });
    }
    annotated.names(policy, rule.subject).then(|| Exempt {
        why: format!("exempt by its annotation {ANNOTATION}"),
        by: Vec::new(),
    })
}

/// The names in an exempt annotation.
pub fn names(annotation: Option<&Value>) -> impl Iterator<Item = &str> {
    let text = annotation.and_then(Value::as_str).unwrap_or_default();
    text.split(',').map(str::trim).filter(|name| !name.is_empty())
}
