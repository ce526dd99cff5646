//! An update is judged by what it changes (R2), and by what was wrong before (R3); what is immutable is held (R9).

use serde_json::{Value, json};

use crate::api::{Api, Patch};
use crate::objects::{UNMOUNTED, deployment, good_pod, linked_pod, unmounted_pod, workloads};
use crate::room::room;
use crate::webhook::{Settings, Webhook};

const LINKS: &str = "/spec/template/spec/enableServiceLinks";

/// An object that was there before the webhook.
#[track_caller]
fn old(room: &Api, object: &Value) -> Value {
    room.create(object).accepts().body.clone()
}

#[test]
fn a_label_on_an_old_bad_deployment_changes_nothing_else() {
    let room = room("update-labelled");
    let bad = [
        deployment("linked", linked_pod()),
        deployment("unmounted", unmounted_pod()),
    ];
    let before = bad.each_ref().map(|bad| old(&room, bad));
    let _webhook = Webhook::start(&room, Settings::default());
    for (bad, before) in bad.iter().zip(&before) {
        let label = json!({"metadata": {"labels": {"team": "photos"}}});
        let answer = room.patch(bad, Patch::Merge, &label);
        answer.has("/metadata/labels/team", &json!("photos"));
        // The controller may have noted its revision meanwhile; the spec is what counts.
        answer
            .has("/spec", &before["spec"])
            .has("/metadata/generation", &json!(1));
        let annotation = json!({"metadata": {"annotations": {"note": "seen"}}});
        let answer = room.patch(bad, Patch::Merge, &annotation);
        answer.has("/spec", &before["spec"]);
    }
}

#[test]
fn a_change_of_the_pod_repairs_it() {
    let room = room("update-template");
    let bad = deployment("immich", linked_pod());
    old(&room, &bad).pointer(LINKS).unwrap();
    let _webhook = Webhook::start(&room, Settings::default());
    let image = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "main", "image": "ghcr.io/immich-app/immich-server:v3.0.1"}
    ]}}}});
    room.patch(&bad, Patch::Strategic, &image)
        .has(LINKS, &json!(false))
        .warns(&["service-links/disable"]);
}

#[test]
fn a_scale_repairs_nothing() {
    let room = room("update-scaled");
    let bad = deployment("immich", linked_pod());
    old(&room, &bad);
    let _webhook = Webhook::start(&room, Settings::default());
    room.scale(&bad, 3).accepts();
    room.get(&bad)
        .has(LINKS, &json!(true))
        .has("/spec/replicas", &json!(3));
    // The same by a patch of the Deployment itself: its pods are not touched.
    room.patch(&bad, Patch::Merge, &json!({"spec": {"replicas": 2}}))
        .has(LINKS, &json!(true));
}

#[test]
fn what_was_wrong_before_only_warns() {
    let room = room("update-ratchet");
    let bad = deployment("immich", unmounted_pod());
    old(&room, &bad);
    let _webhook = Webhook::start(&room, Settings::default());
    let image = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "main", "image": "ghcr.io/immich-app/immich-server:v3.0.1"}
    ]}}}});
    // Another version, another message, but the same finding.
    let answer = room.patch(&bad, Patch::Strategic, &image);
    answer.accepts().warns(&[
        "media-location",
        "Immich v3.0.1 writes to /data, where nothing is mounted",
    ]);
}

#[test]
fn a_new_wrong_is_rejected() {
    let room = room("update-new-wrong");
    let (good, bad) = (deployment("good", good_pod()), deployment("bad", unmounted_pod()));
    old(&room, &good);
    old(&room, &bad);
    let _webhook = Webhook::start(&room, Settings::default());
    // A good one turns bad.
    room.replace(&deployment("good", unmounted_pod()))
        .rejects(&UNMOUNTED);
    room.get(&good).has(
        "/spec/template/spec/containers/0/volumeMounts/0/mountPath",
        &json!("/data"),
    );
    // A bad one gets worse: what was there is no excuse for what is new.
    let mut worse = unmounted_pod();
    let cuda = json!({"name": "ml", "image": "ghcr.io/immich-app/immich-machine-learning:v3.0.0-cuda"});
    worse["containers"].as_array_mut().unwrap().push(cuda);
    let answer = room.replace(&deployment("bad", worse));
    answer.rejects(&[
        "gpu-runtime",
        "the image is built for cuda, but the pod is given no such device",
    ]);
    assert!(!answer.message().contains(UNMOUNTED[1]), "{}", answer.message());
}

#[test]
fn a_move_of_the_library_warns() {
    let room = room("update-moved");
    let good = deployment("immich", good_pod());
    old(&room, &good);
    let _webhook = Webhook::start(&room, Settings::default());
    let mut moved = good_pod();
    moved["containers"][0]["volumeMounts"][0]["mountPath"] = "/photos".into();
    moved["containers"][0]["env"] = json!([{"name": "IMMICH_MEDIA_LOCATION", "value": "/photos"}]);
    let answer = room.replace(&deployment("immich", moved));
    answer.accepts().warns(&[
        "media-location",
        "the media location changes to /photos; the files must be there before the pod starts",
    ]);
}

/// A pack whose one rule sets a field that no StatefulSet can change.
const PARALLEL: &str = "apiVersion: fixative.dev/v1alpha1
kind: Config
packs: [{path: parallel}]
";

#[test]
fn what_is_immutable_is_held() {
    let room = room("update-immutable");
    let set = |image: &str| {
        let mut pod = good_pod();
        pod["containers"][0]["image"] = image.into();
        let (set, _) = workloads("immich", &pod).remove(1);
        set
    };
    let before = old(&room, &set("ghcr.io/immich-app/immich-server:v3.0.0"));
    assert_eq!(before["spec"]["podManagementPolicy"], "OrderedReady");
    let settings = Settings {
        config: PARALLEL,
        packs: &["parallel"],
        ..Settings::default()
    };
    let _webhook = Webhook::start(&room, settings);
    let answer = room.replace(&set("ghcr.io/immich-app/immich-server:v3.0.1"));
    answer.has("/spec/podManagementPolicy", &json!("OrderedReady"));
    answer.warns(&["parallel", "needs re-creation"]);
    // A new one can have it.
    let mut other = set("ghcr.io/immich-app/immich-server:v3.0.0");
    other["metadata"]["name"] = "other".into();
    room.create(&other)
        .has("/spec/podManagementPolicy", &json!("Parallel"));
}

#[test]
fn old_pods_and_jobs_are_left_as_they_are() {
    let room = room("update-pods-and-jobs");
    let all = workloads("immich", &linked_pod());
    let find = |kind: &str| all.iter().find(|(object, _)| object["kind"] == kind).unwrap();
    let ((pod, _), (job, _)) = (find("Pod"), find("Job"));
    let mut job = job.clone();
    job["spec"]["suspend"] = true.into();
    old(&room, pod);
    old(&room, &job);
    let _webhook = Webhook::start(&room, Settings::default());
    // Almost all of a Pod and a Job's template are immutable: a repair would be a 422 for the user.
    let image = json!({"spec": {"containers": [{"name": "main", "image": "ghcr.io/immich-app/immich-server:v3.0.1"}]}});
    room.patch(pod, Patch::Strategic, &image)
        .has("/spec/enableServiceLinks", &json!(true));
    let resume = json!({"spec": {"suspend": false}});
    room.patch(&job, Patch::Merge, &resume)
        .has(LINKS, &json!(true))
        .has("/spec/suspend", &json!(false));
}

#[test]
fn status_is_nobodys_business() {
    let room = room("update-status");
    let bad = deployment("immich", unmounted_pod());
    old(&room, &bad);
    let webhook = Webhook::start(&room, Settings::default());
    let calls = webhook.metric("fixative_admission_requests_total", &[]);
    room.patch_status(&bad, &json!({"observedGeneration": 7}))
        .accepts()
        .warns_nothing();
    assert_eq!(webhook.metric("fixative_admission_requests_total", &[]), calls);
}
