//! The laws of the design as properties, over generated objects and every shipped policy.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that unwraps fails with a good message"
)]

mod objects;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use fixative::attributes::Attributes;
use fixative::finding::Kind;
use fixative::json::{Value, json};
use fixative::manifest;
use fixative::plan::{Decision, Outcome, Plan, plan};
use fixative::pointer::Pointer;
use fixative::policy::{Door, LoadOptions, Operation, PolicySet, load};
use fixative::resource::{Origin, Resource};
use fixative::source::Source;
use fixative::stream::{SourcePlan, StreamOptions, StreamPlan, plan_stream};
use fixative::unknown::{Fact, Unknown, Why};
use fixative::world::{Key, Listing, Nothing, Objects, Query, World};
use proptest::prelude::*;

/// Every shipped policy, none of them asleep for want of a param.
static SETS: LazyLock<Vec<PolicySet>> = LazyLock::new(|| [NVIDIA, INTEL].map(set).into_iter().collect());

const NVIDIA: &str = "
apiVersion: fixative.dev/v1alpha1
kind: Config
packs: [{name: immich}]
policies:
  media-location: {params: {path: /photos}}
  gpu-runtime: {params: {vendor: nvidia, runtimeClass: nvidia, resource: nvidia.com/gpu}}
  nvme-affinity: {params: {label: storage.example.com/nvme, mode: require}}
  database-storage-class: {params: {classes: [fast], components: [database, valkey]}}
  session-affinity: {params: {services: [\"*\"], timeoutSeconds: 600}}
  colocate: {params: {near: {app: db}, mode: require, components: [server, machine-learning, valkey]}}
";

const INTEL: &str = "
apiVersion: fixative.dev/v1alpha1
kind: Config
packs: [{name: immich}]
policies:
  gpu-runtime: {params: {vendor: intel, resource: gpu.intel.com/i915}}
  nvme-affinity: {params: {label: storage.example.com/nvme, mode: prefer}}
  colocate: {params: {near: {app: db}, components: [server, database]}}
";

fn set(config: &str) -> PolicySet {
    let config = Some(Source::new("fixative.yaml", config));
    load(&LoadOptions {
        config,
        ..LoadOptions::default()
    })
    .unwrap_or_else(|all| {
        let all: Vec<String> = all.iter().map(ToString::to_string).collect();
        panic!("{}", all.join("\n"))
    })
}

fn unknown<T>() -> Fact<T> {
    Err(Unknown::new("the cluster", Why::NotInInput))
}

fn resource(body: &Value, origin: Origin) -> Resource {
    Resource::new(Arc::new(body.clone()), origin).expect("generated objects have a kind")
}

fn text() -> Origin {
    Origin::Text {
        file: 0,
        document: 0,
        item: None,
    }
}

fn rendering(resource: &Resource) -> Attributes<'_> {
    Attributes {
        door: Door::Render,
        operation: unknown(),
        resource,
        old: unknown(),
        namespace: Ok("photos"),
        namespace_object: unknown(),
        request: unknown(),
        allowance: None,
    }
}

fn creation(resource: &Resource) -> Attributes<'_> {
    Attributes {
        door: Door::Admission,
        operation: Ok(Operation::Create),
        old: Ok(None),
        ..rendering(resource)
    }
}

fn world(facts: &[Value]) -> Objects {
    let mut world = Objects::new(Some("photos".into()));
    facts.iter().for_each(|fact| world.add(Arc::new(fact.clone())));
    world
}

/// A world that lost one fact.
#[derive(Debug)]
struct Forgetful<'w> {
    inner: &'w Objects,
    forgotten: &'w Value,
}

impl World for Forgetful<'_> {
    fn get(&self, key: &Key) -> Fact<Option<Arc<Value>>> {
        match self.inner.get(key)? {
            Some(found) if *found == *self.forgotten => Err(key.unknown(Why::Forbidden)),
            other => Ok(other),
        }
    }

    fn list(&self, query: &Query) -> Listing {
        let mut listing = self.inner.list(query);
        let before = listing.items.len();
        listing.items.retain(|item| **item != *self.forgotten);
        if listing.items.len() < before {
            listing.missing = Some(query.unknown(Why::Forbidden));
        }
        listing
    }
}

/// What became of each rule, by name: every place's outcome.
fn outcomes(plan: &Plan<'_>) -> BTreeMap<String, Vec<Outcome>> {
    let mut all: BTreeMap<String, Vec<Outcome>> = BTreeMap::new();
    for verdict in &plan.verdicts {
        all.entry(verdict.by.to_string())
            .or_default()
            .push(verdict.outcome);
    }
    all
}

fn is_found(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Found | Outcome::Repaired | Outcome::Held)
}

/// The object as the API server would store it, as far as the generated objects leave defaults out.
fn defaulted(object: &Value) -> Value {
    let mut object = serde_json::Value::from(without_nulls(object));
    if object["kind"] == "Deployment" {
        let spec = &mut object["spec"];
        let replicas = spec["replicas"].as_i64().unwrap_or(1);
        spec["replicas"] = replicas.into();
        let kind = spec["strategy"]["type"]
            .as_str()
            .unwrap_or("RollingUpdate")
            .to_owned();
        spec["strategy"]["type"] = kind.as_str().into();
        if kind == "RollingUpdate" {
            for key in ["maxSurge", "maxUnavailable"] {
                let limit = &mut spec["strategy"]["rollingUpdate"][key];
                if limit.is_null() {
                    *limit = "25%".into();
                }
            }
        }
    }
    let pods = [
        "/spec",
        "/spec/template/spec",
        "/spec/jobTemplate/spec/template/spec",
    ];
    for pod in pods {
        let Some(pod) = object
            .pointer_mut(pod)
            .filter(|pod| pod.get("containers").is_some())
        else {
            continue;
        };
        if pod.get("enableServiceLinks").is_none() {
            pod["enableServiceLinks"] = true.into();
        }
        if let Some(volumes) = pod.get_mut("volumes").and_then(serde_json::Value::as_array_mut) {
            for volume in volumes
                .iter_mut()
                .filter(|volume| volume.get("hostPath").is_some())
            {
                volume["hostPath"]["type"] = "".into();
            }
        }
    }
    object.into()
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(_, value)| !value.is_null());
            Value::Object(
                kept.map(|(key, value)| (key.clone(), without_nulls(value)))
                    .collect(),
            )
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

/// A stream with a comment on a line of its own in front of every document, and one behind each first line.
fn stream(objects: &[Value]) -> String {
    let mut text = String::new();
    for (number, object) in objects.iter().enumerate() {
        let yaml = serde_saphyr::to_string(object).expect("generated objects can be written");
        let (first, rest) = yaml.split_once('\n').expect("more than one line");
        text.push_str(&format!(
            "---\n# object {number}\n{first} # kept {number}\n{rest}"
        ));
    }
    text
}

fn render(set: &PolicySet, text: &str, facts: &[Value]) -> StreamPlan {
    planned(set, text, facts, Door::Render)
}

fn planned(set: &PolicySet, text: &str, facts: &[Value], door: Door) -> StreamPlan {
    let options = StreamOptions {
        door,
        namespace: Some("photos".into()),
        facts: facts.iter().cloned().map(Arc::new).collect(),
    };
    plan_stream(set, &[Source::new("stream.yaml", text)], &options).unwrap_or_else(|error| panic!("{error}"))
}

/// Law 5 says nothing if no fact ever matters: here one does.
#[test]
fn a_claim_decides_and_forgetting_it_is_said() {
    let object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "immich", "namespace": "photos"},
        "spec": {"template": {"spec": {
            "containers": [{"name": "main", "image": "ghcr.io/immich-app/immich-server:v2.3.1",
                "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "library"}}],
        }}},
    });
    let claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": "library", "namespace": "photos"},
        "spec": {"accessModes": ["ReadWriteOnce"]},
    });
    let written = resource(&object, text());
    let rule = "rollout-strategy/recreate";
    let outcome = |facts: &[Value]| {
        let world = world(facts);
        outcomes(&plan(&SETS[1], &world, &rendering(&written))).remove(rule)
    };
    assert_eq!(
        outcome(std::slice::from_ref(&claim)),
        Some(vec![Outcome::Repaired])
    );
    assert_eq!(outcome(&[]), Some(vec![Outcome::Unknown]));
}

proptest! {
    /// Law 1, the part of admission: what local rules make of the text is what they make of the object.
    #[test]
    fn rendering_and_admission_give_the_same_object(object in objects::object()) {
        for set in SETS.iter() {
            let written = resource(&object, text());
            let rendered = plan(set, &Nothing, &rendering(&written)).after.into_owned();
            let stored = resource(&defaulted(&object), Origin::Api);
            let admitted = plan(set, &Nothing, &creation(&stored)).after.into_owned();
            prop_assert_eq!(defaulted(&rendered), defaulted(&admitted));
        }
    }

    /// Law 2: once is enough, at both doors.
    #[test]
    fn a_second_time_changes_nothing(object in objects::manifest(), facts in objects::facts()) {
        let world = world(&facts);
        for set in SETS.iter() {
            let first = resource(&object, text());
            let after = plan(set, &world, &rendering(&first)).after.into_owned();
            let second = resource(&after, text());
            let again = plan(set, &world, &rendering(&second));
            prop_assert!(again.edits.is_empty(), "{:#?}", again.edits);
            let stored = resource(&defaulted(&after), Origin::Api);
            let admitted = plan(set, &world, &creation(&stored));
            prop_assert!(admitted.edits.is_empty(), "{:#?}", admitted.edits);
        }
    }

    /// What render wrote has nothing left that a repair could mend.
    #[test]
    fn check_finds_nothing_to_mend_in_what_render_wrote(
        objects in prop::collection::vec(objects::object(), 1..4),
        facts in objects::facts(),
    ) {
        for set in SETS.iter() {
            let rendered = render(set, &stream(&objects), &facts);
            prop_assume!(rendered.findings(|decision| &decision.failures).next().is_none());
            let text: String = rendered.sources.iter().map(SourcePlan::text).collect();
            let checked = planned(set, &text, &facts, Door::Check);
            for object in checked.objects() {
                let Decision { denials, warnings, audits, .. } = &object.decision;
                for finding in [denials, warnings, audits].into_iter().flatten() {
                    prop_assert!(finding.kind != Kind::Unrepaired, "{}: {:?}", finding.by, finding.fix);
                }
            }
        }
    }

    /// Laws 3 and 4: as many documents come out, what no policy changed is the same to the byte, comments
    /// stay, and what is written reads as what was planned.
    #[test]
    fn untouched_bytes_stay(objects in prop::collection::vec(objects::manifest(), 1..4), facts in objects::facts()) {
        let text = stream(&objects);
        for set in SETS.iter() {
            let planned = render(set, &text, &facts);
            let source = &planned.sources[0];
            let out = Source::new("out.yaml", source.text());
            let documents = manifest::split(&out);
            prop_assert_eq!(documents.len(), objects.len());
            for (number, document) in documents.iter().enumerate() {
                let written = out.slice(document.span);
                let before = source.source.slice(source.documents[number].document.span);
                let object = source.objects.iter().find(|object| object.document as usize == number);
                let Some(object) = object.filter(|object| !object.edits.is_empty()) else {
                    prop_assert_eq!(written, before);
                    continue;
                };
                prop_assert_eq!(&source.documents[number].reflowed, &vec![]);
                let (own, kept) = (format!("# object {number}\n"), format!(" # kept {number}\n"));
                prop_assert!(written.contains(&own) && written.contains(&kept));
                let read = manifest::read(&out, document).expect("what is written reads");
                prop_assert_eq!(&read.value, object.after.as_ref());
            }
        }
    }

    /// Law 3 again: lines that stand in no changed place come out in their order.
    #[test]
    fn other_lines_stay(object in objects::manifest(), facts in objects::facts()) {
        let text = stream(std::slice::from_ref(&object));
        for set in SETS.iter() {
            let planned = render(set, &text, &facts);
            let source = &planned.sources[0];
            let documents = manifest::split(&source.source);
            let tree = manifest::read(&source.source, &documents[0]).expect("generated objects read");
            let places = source.objects.iter().flat_map(|object| &object.edits).map(|edit| &edit.place.pointer);
            // What is added to brackets changes their line.
            let brackets = |place: &Pointer| {
                let parent = tree.span(&place.split_last()?.0)?;
                source.source.slice(parent).starts_with(['{', '[']).then_some(parent)
            };
            let changed: Vec<_> = places
                .flat_map(|place| [tree.key_span(place), tree.span(place), brackets(place)])
                .flatten()
                .collect();
            let out = source.text();
            let mut left = out.lines();
            let mut offset = 0;
            for line in text.split_inclusive('\n') {
                let span = offset..offset + line.len();
                offset = span.end;
                let is_changed = changed.iter().any(|place| place.start < span.end && span.start < place.end);
                if !is_changed {
                    prop_assert!(left.any(|other| other == line.trim_end()), "{line:?} is gone from\n{out}");
                }
            }
        }
    }

    /// Law 5: what is forgotten makes a rule uncertain, it never turns its answer over.
    #[test]
    fn forgetting_a_fact_never_turns_an_answer_over(object in objects::manifest(), facts in objects::facts()) {
        let knowing = world(&facts);
        let written = resource(&object, text());
        for set in SETS.iter() {
            let sure = outcomes(&plan(set, &knowing, &rendering(&written)));
            for forgotten in &facts {
                let forgetful = Forgetful { inner: &knowing, forgotten };
                let unsure = outcomes(&plan(set, &forgetful, &rendering(&written)));
                for (rule, before) in &sure {
                    let after = unsure.get(rule).map_or(&[][..], Vec::as_slice);
                    let was_found = before.iter().any(is_found);
                    let was_settled = !was_found && !before.contains(&Outcome::Unknown);
                    if was_settled {
                        prop_assert!(!after.iter().any(is_found), "{rule}: {before:?} became {after:?}");
                    }
                    if was_found && before.iter().all(is_found) {
                        let turned = !after.is_empty() && after.iter().all(|one| matches!(one, Outcome::Satisfied | Outcome::NoMatch));
                        prop_assert!(!turned, "{rule}: {before:?} became {after:?}");
                    }
                }
            }
        }
    }

    /// Law 7: every change names its rule, its place in both forms and its reason, and stands in the object.
    #[test]
    fn every_change_has_a_name(object in objects::manifest(), facts in objects::facts()) {
        let world = world(&facts);
        let written = resource(&object, text());
        for set in SETS.iter() {
            let planned = plan(set, &world, &rendering(&written));
            for edit in &planned.edits {
                prop_assert!(!edit.by.is_empty());
                prop_assert!(!edit.reason.is_empty());
                prop_assert!(!edit.place.keyed.0.is_empty());
                prop_assert_eq!(&edit.place.pointer, &edit.change.pointer);
                let rule = &edit.by[0];
                let is_named = planned.verdicts.iter().any(|verdict| verdict.by == *rule && is_found(&verdict.outcome));
                prop_assert!(is_named, "{rule} has no verdict");
            }
            let rules: usize = set.policies.iter().map(|policy| policy.rules.len()).sum();
            let told = outcomes(&planned).len();
            prop_assert_eq!(told, rules, "a rule without a verdict");
        }
    }
}
