//! Nothing keeps an object from being deleted, whatever is wrong with it.

use serde_json::{Value, json};

use crate::api::Patch;
use crate::objects::{unmounted_pod, workloads};
use crate::room::room;
use crate::webhook::{Settings, Webhook};

/// Every kind that can be there while it is wrong, with a finalizer.
fn wrong() -> Vec<Value> {
    let all = workloads("immich", &unmounted_pod()).into_iter();
    all.map(|(mut object, _)| {
        object["metadata"]["finalizers"] = json!(["tests.fixative.dev/kept"]);
        object
    })
    .collect()
}

#[test]
fn what_is_wrong_can_be_deleted_with_finalizers() {
    let room = room("delete-finalizers");
    for object in wrong() {
        room.create(&object).accepts();
    }
    // Under Fail, and the webhook has every reason to say no.
    let _webhook = Webhook::start(&room, Settings::default());
    for object in wrong() {
        room.delete(&object).accepts();
        let leaving = room.get(&object);
        assert!(
            leaving.body["metadata"]["deletionTimestamp"].is_string(),
            "{leaving:?}"
        );
        let before = leaving.body["spec"].clone();
        // An update of what is being deleted: it passes and stays as it is.
        let answer = room.patch(
            &object,
            Patch::Merge,
            &json!({"metadata": {"annotations": {"seen": "yes"}}}),
        );
        answer.has("/spec", &before).warns_nothing();
        room.patch(&object, Patch::Merge, &json!({"metadata": {"finalizers": null}}))
            .accepts();
        room.wait_until_gone(&object);
    }
}

#[test]
fn a_webhook_that_is_gone_keeps_nothing_from_being_deleted() {
    let room = room("delete-without");
    let [deployment, ..] = &wrong()[..] else { panic!() };
    let mut deployment = deployment.clone();
    deployment["metadata"]["finalizers"] = json!([]);
    room.create(&deployment).accepts();
    let mut webhook = Webhook::start(&room, Settings::default());
    webhook.kill_replica();
    // DELETE is not registered, so Fail does not matter.
    room.delete(&deployment).accepts();
    room.wait_until_gone(&deployment);
}
