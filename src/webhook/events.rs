//! What `kubectl describe pod` shows of the webhook's own troubles.

use std::fmt;

use ::kube::Client;
use ::kube::runtime::events::{Event, EventType, Recorder, Reporter};
use k8s_openapi::api::core::v1::ObjectReference;

/// Longest note that the API takes. Source: events.k8s.io/v1, `note`.
const LONGEST: usize = 1024;

/// Events on the webhook's own Pod; nothing where there is no cluster or nobody said which Pod it is.
#[derive(Clone, Default)]
pub struct Events(Option<(Recorder, ObjectReference)>);

impl Events {
    /// Events on the Pod `name` in `namespace`.
    pub fn on_pod(client: Client, namespace: &str, name: &str) -> Self {
        let reporter = Reporter {
            controller: "fixative".to_owned(),
            instance: Some(name.to_owned()),
        };
        let pod = ObjectReference {
            api_version: Some("v1".to_owned()),
            kind: Some("Pod".to_owned()),
            name: Some(name.to_owned()),
            namespace: Some(namespace.to_owned()),
            ..ObjectReference::default()
        };
        Self(Some((Recorder::new(client, reporter), pod)))
    }

    /// Something is wrong. That it cannot be told is only logged: it was logged before.
    pub async fn warn(&self, reason: &str, note: &str) {
        let Some((recorder, pod)) = &self.0 else { return };
        let note: String = note.chars().take(LONGEST).collect();
        let event = Event {
            type_: EventType::Warning,
            reason: reason.to_owned(),
            note: Some(note),
            action: "Reload".to_owned(),
            secondary: None,
        };
        if let Err(error) = recorder.publish(&event, pod).await {
            tracing::warn!(%error, "an Event could not be written");
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Events" } else { "no Events" })
    }
}
