//! Policies that do not load are told where people look, and the last good ones go on.

use std::time::Duration;

use serde_json::json;

use crate::objects::{deployment, linked_pod};
use crate::process::wait;
use crate::room::{home, room};
use crate::webhook::{SHIPPED, Settings, Webhook};

#[test]
fn broken_policies_are_an_event_on_the_pod() {
    let room = room("reload-event");
    let mut webhook = Webhook::start(
        &room,
        Settings {
            facts: true,
            ..Settings::default()
        },
    );
    webhook.configure("kind: Config\npolicies: [broken]\n");
    let event = wait(Duration::from_secs(20), "the Event", || {
        let events = home().list("v1", "Event");
        events.into_iter().find(|event| {
            event["reason"] == "PoliciesNotLoaded"
                && event["message"]
                    .as_str()
                    .is_some_and(|text| text.contains("broken"))
        })
    });
    assert_eq!(event["type"], "Warning");
    assert_eq!(event["involvedObject"]["kind"], "Pod");
    let links = "/spec/template/spec/enableServiceLinks";
    room.dry_run(&deployment("linked", linked_pod()))
        .has(links, &json!(false));
    webhook.configure(SHIPPED);
}
