//! Two replicas under a steady load: restarts, new certificates and new policies fail no call, and a kill only what
//! `failurePolicy` allows.

use std::time::Duration;

use crate::load::Load;
use crate::process::wait;
use crate::registration::FailurePolicy;
use crate::room::room;
use crate::webhook::{SHIPPED, Settings, Webhook};

/// Under Fail each call that the webhook does not answer is one that the API server refuses.
const TWO: Settings = Settings {
    config: SHIPPED,
    facts: false,
    arguments: &["--drain", "3"],
    packs: &[],
    failure: FailurePolicy::Fail,
    owned: crate::registration::Owned::Dropped,
    replicas: 2,
};

/// Another set with another digest that repairs the same.
const OTHER: &str = "apiVersion: fixative.dev/v1alpha1
kind: Config
packs: [{name: immich}]
policies: {hostpath-pinned: {action: Warn}}
";

#[test]
fn a_rolling_restart_fails_no_call() {
    let room = room("load-restart");
    let mut webhook = Webhook::start(&room, TWO);
    let load = Load::start(&room);
    load.go_on(50);
    for _ in 0..2 {
        // As a Deployment rolls: first a new one that is ready, then the end of an old one.
        webhook.add_replica();
        assert_eq!(webhook.terminate_replica(), 0, "a good end after SIGTERM");
        load.go_on(50);
    }
    load.end().none_failed();
}

#[test]
fn new_certificates_fail_no_call() {
    let room = room("load-certificates");
    let mut webhook = Webhook::start(&room, TWO);
    let load = Load::start(&room);
    load.go_on(50);
    for _ in 0..3 {
        let reloads =
            |webhook: &Webhook| webhook.metric("fixative_certificate_reloads_total", &["result=\"success\""]);
        let before = reloads(&webhook);
        webhook.rotate_certificate();
        // Each of the two must see it; the poll that stands behind the watch comes every 10 seconds.
        wait(Duration::from_secs(30), "new certificates", || {
            (reloads(&webhook) >= before + 2.0).then_some(())
        });
        load.go_on(50);
    }
    load.end().none_failed();
}

#[test]
fn new_policies_fail_no_call() {
    let room = room("load-policies");
    let mut webhook = Webhook::start(&room, TWO);
    let load = Load::start(&room);
    load.go_on(50);
    for config in [OTHER, SHIPPED] {
        let before = webhook.digests();
        webhook.configure(config);
        wait(Duration::from_secs(30), "new policies", || {
            let now = webhook.digests();
            (now[0] == now[1] && now[0] != before[0]).then_some(())
        });
        load.go_on(50);
    }
    // A set that does not load never replaces one that does.
    let before = webhook.digests();
    webhook.configure("kind: Nonsense\n");
    wait(Duration::from_secs(30), "the failed load", || {
        (webhook.metric("fixative_policies_last_load_success", &[]) == 0.0).then_some(())
    });
    load.go_on(50);
    assert_eq!(webhook.digests(), before);
    load.end().none_failed();
}

#[test]
fn a_kill_costs_only_what_the_failure_policy_allows() {
    let room = room("load-kill");
    let settings = Settings {
        failure: FailurePolicy::Ignore,
        ..TWO
    };
    let mut webhook = Webhook::start(&room, settings);
    let load = Load::start(&room);
    load.go_on(50);
    webhook.kill_replica();
    load.go_on(200);
    let tally = load.end();
    assert!(tally.failed.is_empty(), "{:#?}", tally.failed);
    assert_eq!(tally.repaired + tally.unrepaired, tally.calls);
    println!(
        "{} of {} calls went through unrepaired after a kill",
        tally.unrepaired, tally.calls
    );
    assert!(tally.repaired > tally.unrepaired, "{tally:?}");
    // The dead one gets no connection any more, and the other one answers all.
    webhook.wait_until_only_the_living_are_ready();
    let load = Load::start(&room);
    load.go_on(100);
    load.end().none_failed();
}

#[test]
fn under_fail_a_kill_refuses_what_the_dead_one_held_and_no_more() {
    let room = room("load-kill-fail");
    let mut webhook = Webhook::start(&room, TWO);
    let load = Load::start(&room);
    load.go_on(50);
    webhook.kill_replica();
    webhook.wait_until_only_the_living_are_ready();
    load.go_on(100);
    let tally = load.end();
    println!(
        "{} of {} calls were refused after a kill",
        tally.failed.len(),
        tally.calls
    );
    // Nothing goes in unrepaired, and each refusal names the webhook.
    assert_eq!(tally.unrepaired, 0, "{tally:?}");
    for failed in &tally.failed {
        let message = failed["message"].as_str().unwrap();
        assert_eq!(failed["code"], 500, "{failed}");
        assert!(message.contains(".fixative.dev"), "{message}");
    }
    assert!(tally.repaired > 100, "{tally:?}");
}
