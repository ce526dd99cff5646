//! A dry run gets the answer of a real one and leaves nothing behind.

use serde_json::json;

use crate::objects::{UNMOUNTED, deployment, linked_pod, unmounted_pod};
use crate::room::room;
use crate::webhook::{Settings, Webhook};

#[test]
fn a_dry_run_is_answered_like_a_real_one() {
    let room = room("dry-run");
    let _webhook = Webhook::start(&room, Settings::default());
    let linked = deployment("linked", linked_pod());
    let links = "/spec/template/spec/enableServiceLinks";
    room.dry_run(&linked).has(links, &json!(false));
    room.dry_run(&deployment("unmounted", unmounted_pod()))
        .rejects(&UNMOUNTED);
    assert_eq!(room.list("apps/v1", "Deployment").len(), 0);
    assert_eq!(room.list("v1", "Event").len(), 0);
    room.create(&linked).has(links, &json!(false));
}
