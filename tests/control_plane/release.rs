//! Immich's chart, installed by real Helm into a namespace that the webhook holds: what the chart renders wrong is
//! repaired, an upgrade with nothing new changes nothing, and what cannot be repaired stops the release.

use crate::api::Api;
use crate::helm::Helm;
use crate::process::{FIXATIVE, repository};
use crate::room::{names, room};
use crate::webhook::{Settings, Webhook};

const LINKS: &str = "/spec/template/spec/enableServiceLinks";

fn chart(name: &str) -> String {
    repository("tests/charts").join(name).display().to_string()
}

/// Name, generation and service links of each Deployment.
fn deployments(room: &Api) -> Vec<(String, i64, bool)> {
    let mut all: Vec<_> = room
        .list("apps/v1", "Deployment")
        .iter()
        .map(|object| {
            let name = object["metadata"]["name"].as_str().unwrap().to_owned();
            let generation = object["metadata"]["generation"].as_i64().unwrap();
            (
                name,
                generation,
                object.pointer(LINKS).unwrap().as_bool().unwrap(),
            )
        })
        .collect();
    all.sort();
    all
}

#[test]
fn an_old_chart_becomes_repaired_and_stays_so() {
    for program in ["helm3", "helm4"] {
        let room = room(&format!("release-{program}"));
        let webhook = Webhook::start(&room, Settings::default());
        let helm = Helm::new(program, &room);
        helm.run(&["install", "immich", &chart("immich-0.9")]);
        let installed = deployments(&room);
        let expected = ["immich-machine-learning", "immich-server"].map(|name| (name.to_owned(), 1, false));
        assert_eq!(installed, expected, "{program}");
        // The chart says `true` again, and again the webhook says no: no generation, no new ReplicaSet.
        for _ in 0..2 {
            helm.run(&["upgrade", "immich", &chart("immich-0.9")]);
        }
        assert_eq!(deployments(&room), expected, "{program}");
        assert_eq!(names(&room.list("apps/v1", "ReplicaSet")).len(), 2, "{program}");
        helm.run(&["uninstall", "immich"]);
        assert_eq!(deployments(&room), [], "{program}");
        assert!(
            !webhook.log().contains("\"level\":\"ERROR\""),
            "{}",
            webhook.log()
        );
    }
}

#[test]
fn a_rendered_chart_passes_untouched() {
    let room = room("release-rendered");
    let webhook = Webhook::start(&room, Settings::default());
    let helm = Helm::new("helm3", &room);
    helm.run(&[
        "install",
        "immich",
        &chart("immich-0.9"),
        "--post-renderer",
        FIXATIVE,
    ]);
    let expected = ["immich-machine-learning", "immich-server"].map(|name| (name.to_owned(), 1, false));
    assert_eq!(deployments(&room), expected);
    let patched = webhook.metric("fixative_admission_requests_total", &["result=\"patched\""]);
    assert!(patched == 0.0, "{patched} patches");
}

#[test]
fn what_cannot_be_repaired_stops_the_release() {
    let room = room("release-refused");
    let _webhook = Webhook::start(&room, Settings::default());
    let helm = Helm::new("helm3", &room);
    // Without a kubelet the chart's hook would never end.
    let said = helm.fails(&[
        "install",
        "immich",
        &chart("immich"),
        "--set",
        "library.path=/elsewhere",
        "--no-hooks",
    ]);
    for part in ["validate.fixative.dev", "media-location", "nothing is mounted"] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    assert!(!names(&room.list("apps/v1", "Deployment")).contains(&"immich-server"));
}
