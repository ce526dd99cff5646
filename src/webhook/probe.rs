//! A probe: an object whose creation is only tried, to see whether the API server's call reaches the webhook. A webhook
//! that fails open cannot be told from a broken one by an object that gets in, so the answer says that it is one.

use std::fmt;

use super::judge::Webhook;
use crate::json::Value;

/// The annotation of an object that wants to know.
pub const ANNOTATION: &str = "fixative.dev/probe";

/// Whether the object is a probe.
pub(super) fn is_probe(object: &Value) -> bool {
    let annotations = object
        .get("metadata")
        .and_then(|metadata| metadata.get("annotations"));
    annotations.is_some_and(|annotations| annotations.get(ANNOTATION).is_some())
}

/// That a webhook answered, and by which policies; a warning in its text form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Which one.
    pub webhook: Webhook,
    /// The digest of its policies.
    pub policies: String,
}

const SAID: &str = "fixative answers the probe: ";
const BY: &str = " by policies ";

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SAID}{}{BY}{}", self.webhook.name(), self.policies)
    }
}

impl Answered {
    /// What a warning tells; `None` for one of somebody else or about something else.
    pub fn read(warning: &str) -> Option<Self> {
        let (webhook, policies) = warning.strip_prefix(SAID)?.split_once(BY)?;
        Some(Self {
            webhook: Webhook::ALL.into_iter().find(|it| it.name() == webhook)?,
            policies: policies.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn what_is_said_is_understood() {
        for webhook in Webhook::ALL {
            let answered = Answered {
                webhook,
                policies: "3a6815b5d02d".into(),
            };
            assert_eq!(Answered::read(&answered.to_string()), Some(answered));
        }
        for other in [
            "",
            "fixative answers the probe: ",
            "fixative answers the probe: both by policies x",
            "unknown field",
        ] {
            assert_eq!(Answered::read(other), None, "{other}");
        }
    }

    #[test]
    fn only_what_asks_for_it_is_a_probe() {
        assert!(is_probe(
            &json!({"metadata": {"annotations": {"fixative.dev/probe": ""}}})
        ));
        for other in [
            json!({}),
            json!({"metadata": {"annotations": null}}),
            json!({"metadata": {"annotations": {"fixative.dev/exempt": "probe"}}}),
            json!({"spec": {"template": {"metadata": {"annotations": {"fixative.dev/probe": ""}}}}}),
        ] {
            assert!(!is_probe(&other), "{other}");
        }
    }
}
