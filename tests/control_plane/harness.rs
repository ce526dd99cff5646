//! The cluster of these tests is one, even before any webhook of ours: the API server, its controllers, and calls of
//! webhooks through a Service.

use std::net::SocketAddr;

use serde_json::json;

use crate::certificates::Authority;
use crate::noop::Noop;
use crate::objects::busybox;
use crate::plane::plane;
use crate::registration::{FailurePolicy, Owned, configurations};
use crate::room::{HOME, home, room};
use crate::service::{PORT, Replica, Service};
use crate::webhook::until_called;

#[test]
fn the_api_server_is_the_one_that_is_pinned() {
    let version = plane().api("default").text("/version");
    assert!(version.contains("\"v1.36.3\""), "{version}");
}

#[test]
fn a_deployment_gets_its_pods_by_the_controllers() {
    let room = room("harness-controllers");
    room.create(&busybox("web")).accepts();
    let pods = crate::process::wait(std::time::Duration::from_secs(30), "a Pod", || {
        Some(room.list("v1", "Pod")).filter(|pods| pods.len() == 1)
    });
    assert_eq!(pods[0]["metadata"]["ownerReferences"][0]["kind"], "ReplicaSet");
}

#[test]
fn webhooks_are_called_through_their_service() {
    let room = room("harness-noop");
    let service = Service::create("harness-noop");
    let authority = Authority::new(&format!("{}.{HOME}.svc", service.name));
    let issued = authority.issue();
    let address = SocketAddr::from((plane().pod_address(), PORT));
    let noop = plane()
        .runtime
        .block_on(Noop::start(address, &issued.certificate, &issued.key));
    service.add(Replica {
        address: noop.address,
        health: None,
    });
    let ca = &authority.certificate;
    for configuration in configurations(&room, &service, ca, FailurePolicy::Fail, Owned::Dropped) {
        home().create(&configuration).accepts();
    }
    until_called(&room, || noop.calls() >= 2);
    let before = noop.calls();
    room.create(&busybox("web"))
        .becomes(&json!({"kind": "Deployment"}));
    assert_eq!(noop.calls(), before + 2, "once to mutate, once to validate");
    // Its ReplicaSet and Pod are owned, and the API server drops them.
    let pods = crate::process::wait(std::time::Duration::from_secs(30), "a Pod", || {
        Some(room.list("v1", "Pod")).filter(|pods| pods.len() == 1)
    });
    assert_eq!(noop.calls(), before + 2, "{pods:?}");
    // Without the server nothing is created: it really was asked.
    drop(noop);
    service.remove(Replica {
        address,
        health: None,
    });
    let refused = room.create(&busybox("other"));
    assert_eq!(refused.status, 500, "{refused:?}");
}
