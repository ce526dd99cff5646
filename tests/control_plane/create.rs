//! What is created is repaired, refused, warned of, or left alone.

use std::time::Duration;

use serde_json::{Value, json};

use crate::objects::{UNMOUNTED, busybox, deployment, good_pod, linked_pod, unmounted_pod, workloads};
use crate::plane::plane;
use crate::process::wait;
use crate::room::room;
use crate::webhook::{Settings, Webhook};

/// The same pack, but what cannot be repaired is only warned of.
const LENIENT: &str = "apiVersion: fixative.dev/v1alpha1
kind: Config
packs: [{name: immich}]
policies: {media-location: {action: Warn}}
";

#[test]
fn every_kind_with_a_pod_becomes_repaired() {
    let room = room("create-repaired");
    let _webhook = Webhook::start(&room, Settings::default());
    for (workload, pod) in workloads("immich", &linked_pod()) {
        let links = format!("{pod}/enableServiceLinks");
        // Somebody wrote `true`, so it is told that it was overridden.
        let answer = room.create(&workload);
        answer
            .has(&links, &json!(false))
            .warns(&["service-links/disable", "(was true)"]);
        assert_eq!(answer.warnings.len(), 1, "{:#?}", answer.warnings);
        // It is not only said to be so.
        room.get(&workload).has(&links, &json!(false));
    }
}

#[test]
fn an_absent_field_becomes_the_repaired_one() {
    let room = room("create-absent");
    let _webhook = Webhook::start(&room, Settings::default());
    let mut pod = good_pod();
    pod.as_object_mut().unwrap().remove("enableServiceLinks");
    let answer = room.create(&deployment("immich", pod));
    answer.has("/spec/template/spec/enableServiceLinks", &json!(false));
}

#[test]
fn a_generated_name_and_a_server_side_apply_are_creations_too() {
    let room = room("create-otherwise");
    let _webhook = Webhook::start(&room, Settings::default());
    let links = "/spec/template/spec/enableServiceLinks";
    let mut generated = deployment("immich", linked_pod());
    generated["metadata"] = json!({"generateName": "immich-"});
    room.create(&generated).has(links, &json!(false));
    room.apply(&deployment("applied", linked_pod()))
        .has(links, &json!(false));
    // A second apply of the same is no new change of anything.
    let before = room.get(&deployment("applied", linked_pod())).body;
    room.apply(&deployment("applied", linked_pod()))
        .has(links, &json!(false));
    let after = room.get(&deployment("applied", linked_pod())).body;
    assert_eq!(before["metadata"]["generation"], after["metadata"]["generation"]);
}

#[test]
fn what_cannot_be_repaired_is_rejected() {
    let room = room("create-rejected");
    let webhook = Webhook::start(&room, Settings::default());
    for (workload, _) in workloads("immich", &unmounted_pod()) {
        // A Job with the server's image stores no photos.
        if matches!(workload["kind"].as_str(), Some("Job" | "CronJob")) {
            room.create(&workload).accepts();
            continue;
        }
        room.create(&workload).rejects(&UNMOUNTED);
        assert_eq!(room.get(&workload).status, 404, "it is there all the same");
    }
    let denied = webhook.metric(
        "fixative_admission_requests_total",
        &["webhook=\"validate\"", "result=\"denied\""],
    );
    assert!(denied >= 5.0, "{denied} denials are counted");
    let findings = webhook.metric(
        "fixative_admission_findings_total",
        &["media-location", "action=\"deny\""],
    );
    assert!(findings >= 5.0, "{findings} findings are counted");
}

#[test]
fn what_is_only_warned_of_is_accepted() {
    let room = room("create-warned");
    let settings = Settings {
        config: LENIENT,
        ..Settings::default()
    };
    let _webhook = Webhook::start(&room, settings);
    let answer = room.create(&deployment("immich", unmounted_pod()));
    answer.accepts().warns(&UNMOUNTED);
    assert_eq!(answer.warnings.len(), 1, "{:#?}", answer.warnings);
    room.create(&deployment("fine", good_pod()))
        .accepts()
        .warns_nothing();
}

#[test]
fn many_warnings_arrive_whole_or_are_said_to_be_more() {
    let room = room("create-many-warnings");
    let settings = Settings {
        config: LENIENT,
        ..Settings::default()
    };
    let _webhook = Webhook::start(&room, settings);
    let mut pod = unmounted_pod();
    let container = pod["containers"][0].clone();
    let containers = (0..40).map(|number| {
        let mut container = container.clone();
        container["name"] = format!("server-number-{number}").into();
        container
    });
    pod["containers"] = containers.collect();
    let answer = room.create(&deployment("immich", pod));
    answer.accepts();
    // Past 4,096 characters the API server cuts each at 256, or drops it; the last one tells what does not fit.
    let characters: usize = answer.warnings.iter().map(|text| text.chars().count()).sum();
    assert!(characters <= 4096, "{characters} characters");
    let (last, others) = answer.warnings.split_last().unwrap();
    assert!(others.len() > 5, "{:#?}", answer.warnings);
    for warning in others {
        assert!(warning.contains(UNMOUNTED[1]), "cut off: {warning}");
    }
    assert!(
        last.contains("more"),
        "40 findings, and the last word is {last:?}"
    );
}

#[test]
fn what_is_not_immichs_stays_as_it_is() {
    let with = room("create-others-with");
    let without = room("create-others-without");
    let _webhook = Webhook::start(&with, Settings::default());
    let pod = busybox("web")["spec"]["template"]["spec"].clone();
    for (workload, _) in workloads("web", &pod) {
        let (here, there) = (with.create(&workload), without.create(&workload));
        here.accepts().warns_nothing();
        assert_eq!(
            here.body["spec"]["template"]["spec"],
            there.body["spec"]["template"]["spec"]
        );
        if workload["kind"] != "Pod" {
            let spec = |body: &Value| without_identity(&body["spec"]);
            assert_eq!(spec(&here.body), spec(&there.body));
        }
    }
}

/// A Job's selector holds its uid.
fn without_identity(spec: &Value) -> Value {
    let mut spec = spec.clone();
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("selector");
        spec.remove("template");
    }
    spec
}

#[test]
fn an_exempt_object_stays_as_it_is() {
    let room = room("create-exempt");
    let _webhook = Webhook::start(&room, Settings::default());
    let mut exempt = deployment("immich", linked_pod());
    exempt["metadata"]["annotations"] = json!({"fixative.dev/exempt": "service-links"});
    // The annotation stands on the subject's own metadata: that of the pod.
    exempt["spec"]["template"]["metadata"]["annotations"] = json!({"fixative.dev/exempt": "service-links"});
    room.create(&exempt)
        .has("/spec/template/spec/enableServiceLinks", &json!(true));
}

#[test]
fn the_audit_log_says_what_was_repaired() {
    let room = room("create-audited");
    let _webhook = Webhook::start(&room, Settings::default());
    room.create(&deployment("immich", linked_pod())).accepts();
    wait(Duration::from_secs(10), "the audit log", || {
        let log = plane().audit_log();
        let events = log
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut ours = events.filter(|event| {
            let at = &event["objectRef"];
            at["namespace"] == "create-audited"
                && at["resource"] == "deployments"
                && event["verb"] == "create"
        });
        let annotations = ours.next()?["annotations"].clone();
        let annotations = annotations.as_object().cloned().unwrap_or_default();
        let mut said = annotations
            .iter()
            .filter(|(key, _)| key.starts_with("mutate.fixative.dev/"));
        assert!(
            said.any(|(_, text)| text.to_string().contains("service-links/disable")),
            "{annotations:#?}"
        );
        Some(())
    });
}
