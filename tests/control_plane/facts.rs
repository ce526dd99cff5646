//! What the webhook knows of other objects: a repair that depends on them is told, not made (R5), and a fact that is
//! not there makes nothing worse.

use serde_json::{Value, json};

use crate::api::Api;
use crate::objects::{deployment, good_pod};
use crate::room::room;
use crate::webhook::{Settings, Webhook};

const STRATEGY: &str = "/spec/strategy/type";

/// What the claim tells is only warned of, so that the object comes through and can be looked at.
const WARN: &str = "apiVersion: fixative.dev/v1alpha1
kind: Config
packs: [{name: immich}]
policies: {rollout-strategy: {action: Warn}}
";

/// The library's claim, which one node may hold at a time.
fn claim() -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "photo-library"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    })
}

/// Facts come by watches, for which nobody waits: until the claim was seen it is Unknown.
#[track_caller]
fn wait_until_the_claim_is_seen(room: &Api, immich: &Value) {
    crate::process::wait(std::time::Duration::from_secs(20), "the claim", || {
        let answer = room.dry_run(immich);
        let tells = |text: &String| text.contains("rollout-strategy/recreate");
        answer.warnings.iter().any(tells).then_some(())
    });
}

#[test]
fn a_repair_by_facts_is_told_and_not_made() {
    let room = room("facts-told");
    room.create(&claim()).accepts();
    let settings = Settings {
        config: WARN,
        facts: true,
        ..Settings::default()
    };
    let _webhook = Webhook::start(&room, settings);
    let immich = deployment("immich", good_pod());
    wait_until_the_claim_is_seen(&room, &immich);
    let answer = room.create(&immich);
    answer.has(STRATEGY, &json!("RollingUpdate")).warns(&[
        "rollout-strategy/recreate",
        "not repaired",
        "(spec.strategy.type)",
    ]);
}

#[test]
fn without_the_facts_nothing_is_said_of_them() {
    let room = room("facts-unknown");
    room.create(&claim()).accepts();
    let settings = Settings {
        config: WARN,
        ..Settings::default()
    };
    let _webhook = Webhook::start(&room, settings);
    let answer = room.create(&deployment("immich", good_pod()));
    answer.has(STRATEGY, &json!("RollingUpdate")).warns_nothing();
}

#[test]
fn a_claim_that_comes_later_is_seen() {
    let room = room("facts-later");
    let settings = Settings {
        config: WARN,
        facts: true,
        ..Settings::default()
    };
    let _webhook = Webhook::start(&room, settings);
    let immich = deployment("immich", good_pod());
    room.dry_run(&immich).accepts().warns_nothing();
    room.create(&claim()).accepts();
    wait_until_the_claim_is_seen(&room, &immich);
}
