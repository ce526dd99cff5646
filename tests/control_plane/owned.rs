//! R1, the owner decides: an old bad Deployment lives on with its controllers as if there were no webhook, whether
//! the API server drops owned objects or sends them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::{Api, Patch};
use crate::objects::{deployment, linked_pod, unmounted_pod, workloads};
use crate::plane::plane;
use crate::process::wait;
use crate::registration::Owned;
use crate::room::room;
use crate::webhook::{Settings, Webhook};

/// What is left of a life.
#[derive(Debug, PartialEq)]
struct Census {
    replica_sets: usize,
    /// Of Deployment and ReplicaSets: a fight with a controller would drive them up.
    generations: Vec<i64>,
    pods: usize,
    jobs_completed: i64,
    /// What was answered with 4xx or 5xx, conflicts and races of controllers apart.
    refused: Vec<String>,
}

#[test]
fn owned_objects_live_as_without_the_webhook() {
    let untouched = life(&room("owned-without"), None);
    assert_eq!(untouched.refused, [""; 0], "the life itself is a good one");
    for owned in [Owned::Dropped, Owned::Sent] {
        let name = format!("owned-{owned:?}").to_lowercase();
        let settings = Settings {
            owned,
            ..Settings::default()
        };
        let touched = life(&room(&name), Some(settings));
        assert_eq!(touched, untouched, "{owned:?}");
    }
}

/// A bad Deployment and a Job that are older than the webhook: annotated, scaled, restarted, drained, completed.
fn life(room: &Api, webhook: Option<Settings>) -> Census {
    let mut pod = unmounted_pod();
    pod["enableServiceLinks"] = true.into();
    let mut server = deployment("immich", pod);
    server["spec"]["replicas"] = 2.into();
    let job = job();
    room.create(&server).accepts();
    room.create(&job).accepts();
    until_available(room, &server, 2);
    let _webhook = webhook.map(|settings| Webhook::start(room, settings));

    let note = json!({"metadata": {"annotations": {"note": "seen"}}});
    room.patch(&server, Patch::Merge, &note).accepts();
    until_available(room, &server, 2);
    room.scale(&server, 3).accepts();
    until_available(room, &server, 3);
    room.restart(&server).accepts();
    until_available(room, &server, 3);
    let evicted = pods(room, &server).remove(0);
    room.evict(&evicted).accepts();
    room.wait_until_gone(&evicted);
    until_available(room, &server, 3);
    complete(room, &job);
    // Time in which a fight would show.
    std::thread::sleep(Duration::from_secs(3));
    census(room, &server)
}

fn job() -> Value {
    let all = workloads("backup", &linked_pod());
    all.into_iter()
        .find(|(object, _)| object["kind"] == "Job")
        .unwrap()
        .0
}

/// The Pods of a Deployment that are not being deleted.
fn pods(room: &Api, of: &Value) -> Vec<Value> {
    let mut pods = room.list("v1", "Pod");
    let app = &of["metadata"]["name"];
    pods.retain(|pod| {
        pod["metadata"]["labels"]["app"] == *app && pod["metadata"]["deletionTimestamp"].is_null()
    });
    pods
}

/// What a kubelet would do: every Pod runs and is ready. Until the Deployment is as it should be.
#[track_caller]
fn until_available(room: &Api, deployment: &Value, replicas: i64) {
    wait(Duration::from_secs(60), "the Deployment", || {
        for pod in pods(room, deployment) {
            if pod["status"]["phase"] != "Running" {
                let ready = json!({"type": "Ready", "status": "True"});
                room.patch_status(&pod, &json!({"phase": "Running", "conditions": [ready]}));
            }
        }
        let now = room.get(deployment).body;
        let status = |key: &str| now["status"][key].as_i64().unwrap_or(0);
        let done = status("observedGeneration") == now["metadata"]["generation"].as_i64().unwrap()
            && ["replicas", "updatedReplicas", "availableReplicas"]
                .iter()
                .all(|key| status(key) == replicas);
        done.then_some(())
    });
}

#[track_caller]
fn complete(room: &Api, job: &Value) {
    wait(Duration::from_secs(60), "the completion of the Job", || {
        for pod in room.list("v1", "Pod") {
            let owner = &pod["metadata"]["ownerReferences"][0];
            if owner["kind"] == "Job" && pod["status"]["phase"] != "Succeeded" {
                room.patch_status(&pod, &json!({"phase": "Succeeded"}));
            }
        }
        let status = &room.get(job).body["status"];
        let conditions = status["conditions"].as_array()?;
        conditions
            .iter()
            .any(|condition| condition["type"] == "Complete")
            .then_some(())
    });
}

fn census(room: &Api, server: &Value) -> Census {
    let sets = room.list("apps/v1", "ReplicaSet");
    let generation = |object: &Value| object["metadata"]["generation"].as_i64().unwrap();
    let mut generations: Vec<i64> = sets.iter().map(generation).collect();
    generations.sort_unstable();
    generations.insert(0, generation(&room.get(server).body));
    let jobs = room.list("batch/v1", "Job");
    Census {
        replica_sets: sets.len(),
        generations,
        pods: room.list("v1", "Pod").len(),
        jobs_completed: jobs
            .iter()
            .filter_map(|job| job["status"]["succeeded"].as_i64())
            .sum(),
        refused: refused(room),
    }
}

/// What the API server refused in a namespace, by its audit log: who, what, why.
fn refused(room: &Api) -> Vec<String> {
    let log = plane().audit_log();
    let events = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let here = events.filter(|event| event["objectRef"]["namespace"] == room.namespace.as_str());
    let refused = here.filter(|event| {
        let code = event["responseStatus"]["code"].as_u64().unwrap_or(0);
        // A controller that works on an old copy gets a conflict, or does not find what was deleted.
        code >= 400 && !matches!(code, 404 | 409)
    });
    refused
        .map(|event| {
            format!(
                "{} {} {} {}",
                event["user"]["username"], event["verb"], event["objectRef"], event["responseStatus"]
            )
        })
        .collect()
}

#[test]
fn a_bad_pod_of_a_replica_set_is_made_anew_after_it_is_lost() {
    let room = room("owned-lost");
    let server = deployment("immich", unmounted_pod());
    room.create(&server).accepts();
    until_available(&room, &server, 1);
    let webhook = Webhook::start(
        &room,
        Settings {
            owned: Owned::Sent,
            ..Settings::default()
        },
    );
    let lost = pods(&room, &server).remove(0);
    room.delete(&lost).accepts();
    room.wait_until_gone(&lost);
    until_available(&room, &server, 1);
    let denied = webhook.metric("fixative_admission_requests_total", &["result=\"denied\""]);
    assert!(denied == 0.0, "{denied} denials");
}
