//! A webhook that is not there, or hangs, lets everything through under Ignore, and nothing under Fail.

use serde_json::json;

use crate::objects::{busybox, deployment, linked_pod};
use crate::registration::FailurePolicy;
use crate::room::room;
use crate::webhook::{Settings, Webhook};

const LINKS: &str = "/spec/template/spec/enableServiceLinks";

#[test]
fn without_the_webhook_ignore_accepts() {
    let room = room("fail-open");
    let settings = Settings {
        failure: FailurePolicy::Ignore,
        ..Settings::default()
    };
    let mut webhook = Webhook::start(&room, settings);
    room.create(&deployment("before", linked_pod()))
        .has(LINKS, &json!(false));
    webhook.kill_replica();
    room.create(&deployment("meanwhile", linked_pod()))
        .has(LINKS, &json!(true));
    webhook.add_replica();
    // The object that came in meanwhile is an old one now; a new one is repaired again.
    room.create(&deployment("after", linked_pod()))
        .has(LINKS, &json!(false));
}

#[test]
fn a_webhook_that_hangs_costs_its_timeout_and_no_more() {
    let room = room("fail-open-hanging");
    let settings = Settings {
        failure: FailurePolicy::Ignore,
        ..Settings::default()
    };
    let webhook = Webhook::start(&room, settings);
    webhook.signal("STOP");
    room.create(&deployment("meanwhile", linked_pod()))
        .has(LINKS, &json!(true));
    webhook.signal("CONT");
    // It was not ready either, and gets connections again once it is.
    webhook.wait_until_only_the_living_are_ready();
    room.create(&deployment("after", linked_pod()))
        .has(LINKS, &json!(false));
}

#[test]
fn without_the_webhook_fail_refuses() {
    let room = room("fail-closed");
    let mut webhook = Webhook::start(&room, Settings::default());
    webhook.kill_replica();
    let refused = room.create(&busybox("web"));
    assert_eq!(refused.status, 500, "{refused:?}");
    assert!(
        refused.message().contains("mutate.fixative.dev"),
        "{}",
        refused.message()
    );
}

#[test]
fn what_is_unregistered_is_not_called() {
    let room = room("fail-unregistered");
    let mut webhook = Webhook::start(&room, Settings::default());
    webhook.unregister();
    webhook.kill_replica();
    let created = || (room.create(&busybox("web")).status == 201).then_some(());
    crate::process::wait(std::time::Duration::from_secs(10), "a creation", created);
}
