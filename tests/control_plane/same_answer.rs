//! Law 1, the same answer at both doors: a raw object through the webhook and a rendered one without it end as the
//! same object; and law 2: a rendered object through the webhook is not changed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::api::{Answer, Api};
use crate::definitions::definitions;
use crate::room::room;
use crate::streams::{Rendered, Stream, streams};
use crate::webhook::{SHIPPED, Settings, Webhook, text};

#[test]
fn with_the_pack_as_it_is_shipped() {
    both_doors_agree("same-shipped", SHIPPED);
}

#[test]
fn with_the_example_configuration() {
    let config: &'static str = text("examples/fixative.yaml").leak();
    both_doors_agree("same-example", config);
}

fn both_doors_agree(name: &str, config: &'static str) {
    definitions();
    let (with, without) = (room(name), room(&format!("{name}-without")));
    let webhook = Webhook::start(
        &with,
        Settings {
            config,
            ..Settings::default()
        },
    );
    // What is denied at one door and not at the other is another matter: here every object is to come through.
    webhook.unregister_validation();
    let (mut compared, mut wrong) = (0, Vec::new());
    for stream in streams() {
        let doors = Doors {
            with: &with,
            without: &without,
            webhook: &webhook,
            stream: &stream,
        };
        if let Some(raw) = stream.raw() {
            compared += doors.compare(&raw, &stream.rendered(config), &mut wrong);
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differences\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(compared >= 10, "only {compared} objects were compared");
}

struct Doors<'t> {
    with: &'t Api,
    without: &'t Api,
    webhook: &'t Webhook,
    stream: &'t Stream,
}

impl Doors<'_> {
    /// How many objects were compared.
    fn compare(&self, raw: &[Value], rendered: &Rendered, wrong: &mut Vec<String>) -> usize {
        assert_eq!(raw.len(), rendered.objects.len(), "{}", self.stream.name);
        let mut compared = 0;
        for (raw, rendered_object) in raw.iter().zip(&rendered.objects) {
            let plain = dry_run(self.without, raw);
            let admitted = dry_run(self.with, raw);
            let expected = dry_run(self.without, rendered_object);
            if plain.status >= 300 {
                // The API server itself wants none of it: then there is nothing to agree on.
                assert!(admitted.status >= 300, "{}: {raw}", self.stream.name);
                continue;
            }
            compared += 1;
            let id = format!("{} {}/{}", self.stream.name, raw["kind"], raw["metadata"]["name"]);
            let mut expected_object = stored(&expected);
            // Repaired there, only reported here: at this door these stay as they came.
            for pointer in places_of_other_repairs(rendered, raw) {
                match stored(&plain).pointer(&pointer) {
                    Some(as_it_came) => {
                        *expected_object.pointer_mut(&pointer).unwrap() = as_it_came.clone();
                    }
                    None => remove(&mut expected_object, &pointer),
                }
            }
            if stored(&admitted) != expected_object {
                wrong.push(difference(&id, &expected_object, &stored(&admitted)));
            }
            let patched = || {
                self.webhook.metric(
                    "fixative_admission_requests_total",
                    &["webhook=\"mutate\"", "result=\"patched\""],
                )
            };
            let before = patched();
            let again = dry_run(self.with, rendered_object);
            if stored(&again) != stored(&expected) || patched() > before {
                wrong.push(difference(
                    &format!("{id}, again"),
                    &stored(&expected),
                    &stored(&again),
                ));
            }
        }
        compared
    }
}

/// Where render changed this object because of what it knew of others (a claim's access modes, or that no ConfigMap
/// sets a variable), or for Helm alone.
fn places_of_other_repairs(rendered: &Rendered, raw: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (kind, name) = (text(&raw["kind"]), text(&raw["metadata"]["name"]));
    let made = |rule: &str| {
        rendered.report.lines().any(|line| {
            let object = line
                .strip_prefix("change: ")
                .and_then(|line| line.split(": ").next());
            let ours = |object: &str| {
                let (of, at) = object.split_once(' ').unwrap_or_default();
                of == kind && at.rsplit('/').next() == Some(&name)
            };
            object.is_some_and(ours) && line.contains(rule)
        })
    };
    let mut places = Vec::new();
    if made("(rollout-strategy/recreate") {
        places.push("/spec/strategy".to_owned());
    }
    if made("(keep-data/keep") {
        places.push("/metadata/annotations".to_owned());
    }
    if made("(media-location/move-variable") {
        let containers = raw["spec"]["template"]["spec"]["containers"].as_array();
        let with_maps = containers.into_iter().flatten().enumerate();
        let with_maps = with_maps.filter(|(_, container)| container["envFrom"].is_array());
        places.extend(with_maps.map(|(index, _)| format!("/spec/template/spec/containers/{index}/env")));
    }
    places
}

fn remove(object: &mut Value, pointer: &str) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = object.pointer_mut(parent).unwrap();
    parent.as_object_mut().unwrap().remove(key);
}

/// A dry run in another namespace than the one that the object may name.
pub fn dry_run(room: &Api, object: &Value) -> Answer {
    let mut object = object.clone();
    if object["metadata"]["namespace"].is_string() {
        object["metadata"]["namespace"] = room.namespace.clone().into();
    }
    room.dry_run(&object)
}

/// The volume with a Pod's tokens, without the five characters of its own.
const TOKENS: &str = "kube-api-access-";

/// The object without what differs from creation to creation.
pub fn stored(answer: &Answer) -> Value {
    let mut object = answer.body.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for key in [
            "uid",
            "creationTimestamp",
            "managedFields",
            "namespace",
            "resourceVersion",
        ] {
            metadata.remove(key);
        }
    }
    let uid = answer.body["metadata"]["uid"].as_str().unwrap_or("none");
    // A Job's selector and labels hold its uid, and each Pod has a volume with a name of its own.
    let mut text = object.to_string().replace(uid, "UID");
    while let Some(at) = text.find(TOKENS) {
        text.replace_range(at..at + TOKENS.len() + 5, "TOKENS");
    }
    let mut object: Value = serde_json::from_str(&text).unwrap();
    if object["kind"] == "Service" {
        // Addresses and ports are given out as they come.
        for key in ["clusterIP", "clusterIPs", "healthCheckNodePort"] {
            object["spec"][key] = json!(null);
        }
        for port in object["spec"]["ports"].as_array_mut().into_iter().flatten() {
            port["nodePort"] = json!(null);
        }
    }
    object
}

/// The places at which two objects differ, as lines.
pub fn difference(id: &str, expected: &Value, found: &Value) -> String {
    let mut places = BTreeSet::new();
    differ(expected, found, String::new(), &mut places);
    let places: Vec<String> = places.into_iter().collect();
    format!("{id}:\n  {}", places.join("\n  "))
}

fn differ(expected: &Value, found: &Value, place: String, places: &mut BTreeSet<String>) {
    match (expected, found) {
        (Value::Object(left), Value::Object(right)) => {
            for key in left.keys().chain(right.keys()) {
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                differ(&of(left), &of(right), format!("{place}/{key}"), places);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                differ(left, right, format!("{place}/{index}"), places);
            }
        }
        (left, right) if left != right => {
            places.insert(format!("{place}: expected {left}, found {right}"));
        }
        _ => {}
    }
}
