//! Law 1 as a table that fills itself: every shipped policy, every stream, every door. Render is the measure; Flux is
//! helm-controller's own code and real `kustomize build`, admission is the webhook in the real API server.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use fixative::change::Action;
use fixative::flux::{Export, export};
use fixative::policy::{Door, LoadOptions, Locality, PolicySet, load};
use fixative::source::Source;
use fixative::stream::{ObjectPlan, StreamOptions, StreamPlan, plan_stream};
use serde_json::{Value, json};

use crate::api::{Answer, Api};
use crate::definitions::definitions;
use crate::parity_table::{Cell, Table};
use crate::post_renderer::{flux, normal, objects, release};
use crate::process::{repository, tool, wait};
use crate::room::room;
use crate::same_answer::{difference, dry_run, stored};
use crate::streams::{Stream, run, streams};
use crate::webhook::{SHIPPED, Settings, Webhook};

/// Params without which a policy sleeps; a new policy that needs some is told of by the test.
const PARAMS: [(&str, &str); 7] = [
    ("colocate", "{near: {cnpg.io/cluster: photos-db}}"),
    ("database-storage-class", "{classes: [encrypted]}"),
    ("session-affinity", "{services: ['*server*']}"),
    ("media-location", "{path: /photos}"),
    (
        "gpu-runtime",
        "{vendor: nvidia, runtimeClass: nvidia, resource: nvidia.com/gpu}",
    ),
    (
        "nvme-affinity",
        "{label: storage.example.com/nvme, mode: require}",
    ),
    (
        "resources",
        "{defaults: {server: {requests: {memory: 1Gi}}, machine-learning: {limits: {memory: 4Gi}}}}",
    ),
];

#[test]
fn every_policy_on_every_stream_ends_alike_at_every_door() {
    definitions();
    let (with, without) = (room("parity"), room("parity-without"));
    let mut webhook = Webhook::start(&with, Settings::default());
    // What is denied is another matter: here every object is to come through.
    webhook.unregister_validation();
    let streams: Vec<(Stream, Vec<Value>)> = streams()
        .into_iter()
        .filter_map(|stream| stream.raw().map(|raw| (stream, raw)))
        .collect();
    let mut plain = BTreeMap::new();
    for (stream, raw) in &streams {
        let answers: Vec<Answer> = raw.iter().map(|object| dry_run(&without, object)).collect();
        plain.insert(stream.name.clone(), answers);
    }
    let mut table = Table::default();
    for policy in shipped() {
        let config = alone(&policy);
        let set = loaded(&config, &policy);
        webhook.configure(&config);
        let digest = set.digest.to_string();
        wait(std::time::Duration::from_secs(30), "the reload", || {
            webhook.digests().iter().all(|held| *held == digest).then_some(())
        });
        for (stream, raw) in &streams {
            let doors = Doors {
                with: &with,
                without: &without,
                set: &set,
                stream,
                raw,
                plain: &plain[&stream.name],
            };
            table.put(&policy, &stream.name, doors.cells());
        }
    }
    table.write(&repository("target"));
    let different = table.different();
    assert!(
        different.is_empty(),
        "{} cells differ, see target/parity.html\n{}",
        different.len(),
        different.join("\n")
    );
    assert!(
        table.repaired() >= 20,
        "only {} cells show a repair",
        table.repaired()
    );
}

/// The names of the policies in the pack.
fn shipped() -> Vec<String> {
    let files = fs::read_dir(repository("policies/immich")).unwrap();
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".test.yaml") && name != "pack.yaml")
        .map(|name| name.trim_end_matches(".yaml").to_owned())
        .collect();
    names.sort();
    names
}

/// A configuration in which one policy is awake.
fn alone(policy: &str) -> String {
    let settings: String = shipped()
        .iter()
        .map(|other| match PARAMS.iter().find(|(name, _)| name == other) {
            _ if other != policy => format!("  {other}: {{enabled: false}}\n"),
            Some((_, params)) => format!("  {other}: {{params: {params}}}\n"),
            None => format!("  {other}: {{enabled: true}}\n"),
        })
        .collect();
    format!("{SHIPPED}policies:\n{settings}")
}

fn loaded(config: &str, policy: &str) -> PolicySet {
    let options = LoadOptions {
        config: Some(Source::new("fixative.yaml", config)),
        ..LoadOptions::default()
    };
    let set = load(&options).unwrap_or_else(|all| panic!("{policy}: {}", all[0]));
    let awake = set.policies.iter().find(|one| one.name == policy).unwrap();
    assert!(
        awake.inactive.is_none(),
        "{policy} sleeps ({:?}): give it PARAMS here",
        awake.inactive
    );
    set
}

struct Doors<'t> {
    with: &'t Api,
    without: &'t Api,
    set: &'t PolicySet,
    stream: &'t Stream,
    raw: &'t [Value],
    /// What the API server makes of the raw objects.
    plain: &'t [Answer],
}

impl Doors<'_> {
    /// Flux by its own code, Flux by kustomize, admission.
    fn cells(&self) -> [Cell; 3] {
        let rendered = self.plan(Door::Render);
        let text: String = rendered.sources.iter().map(|source| source.text()).collect();
        let [own, kustomize] = match export(self.set, &self.plan(Door::Flux)) {
            Ok(export) => [
                by_flux(&export, self.text(), &text),
                by_kustomize(&export, self.text(), &text),
            ],
            Err(why) => [
                Cell::Refused(why[0].message.clone()),
                Cell::Refused(why[0].message.clone()),
            ],
        };
        [own, kustomize, self.by_admission(&rendered)]
    }

    fn text(&self) -> &str {
        std::str::from_utf8(self.stream.text()).unwrap()
    }

    fn plan(&self, door: Door) -> StreamPlan {
        let options = StreamOptions {
            door,
            namespace: Some("photos".into()),
            facts: Vec::new(),
        };
        plan_stream(self.set, &[Source::new("stream.yaml", self.text())], &options).unwrap()
    }

    fn by_admission(&self, rendered: &StreamPlan) -> Cell {
        let mut seen = Cell::Nothing;
        for (raw, plain) in self.raw.iter().zip(self.plain) {
            if plain.status >= 300 {
                // The API server itself wants none of it: then there is nothing to agree on.
                continue;
            }
            let cell = self.object(raw, plain, rendered);
            if matches!(cell, Cell::Different(_)) {
                return cell;
            }
            seen = seen.max(cell);
        }
        seen
    }

    fn object(&self, raw: &Value, plain: &Answer, rendered: &StreamPlan) -> Cell {
        let id = format!("{}/{}", raw["kind"], raw["metadata"]["name"]);
        let admitted = stored(&dry_run(self.with, raw));
        let planned = rendered.objects().find(|object| {
            !object.edits.is_empty()
                && object.before["kind"] == raw["kind"]
                && object.before["metadata"]["name"] == raw["metadata"]["name"]
        });
        let Some(planned) = planned else {
            return if admitted == stored(plain) {
                Cell::Nothing
            } else {
                Cell::Different(difference(&id, &stored(plain), &admitted))
            };
        };
        let after = serde_json::Value::from((*planned.after).clone());
        let mut expected = stored(&dry_run(self.without, &after));
        let reported = self.leave_factual(planned, &mut expected, &stored(plain), &admitted);
        if admitted != expected {
            return Cell::Different(difference(&id, &expected, &admitted));
        }
        // Law 2: what render wrote needs no repair.
        let again = stored(&dry_run(self.with, &after));
        let unchanged = stored(&dry_run(self.without, &after));
        if again != unchanged {
            return Cell::Different(difference(&format!("{id}, again"), &unchanged, &again));
        }
        if reported { Cell::Reported } else { Cell::Same }
    }

    /// R5: what a factual rule repairs in a text is only reported here, and stays as it came; so does what a rule
    /// says is for other doors.
    fn leave_factual(
        &self,
        planned: &ObjectPlan,
        expected: &mut Value,
        plain: &Value,
        admitted: &Value,
    ) -> bool {
        let is_for_texts = |policy: &str, rule: &str| {
            let rules = self
                .set
                .policies
                .iter()
                .filter(|one| one.name == policy)
                .flat_map(|one| &one.rules);
            rules
                .filter(|one| one.name == rule)
                .any(|one| one.locality == Locality::Factual || !one.doors.contains(&Door::Admission))
        };
        let mut reported = false;
        for edit in &planned.edits {
            let for_texts = edit.by.iter().any(|by| is_for_texts(&by.policy, &by.rule));
            let asks_config_maps = planned.before.to_string().contains("configMapRef");
            if !for_texts && !asks_config_maps {
                continue;
            }
            // A list is compared from where it is one: the position of an item means another in it.
            let place = match &edit.change.action {
                Action::Add(_) => edit.change.pointer.split_last().map(|(list, _)| list.to_string()),
                Action::Replace { .. } | Action::Remove { .. } => Some(edit.change.pointer.to_string()),
            };
            let place = place.unwrap_or_default();
            let (was, is) = (plain.pointer(&place).cloned(), admitted.pointer(&place).cloned());
            if was == is && expected.pointer(&place) != is.as_ref() {
                reported |= put(expected, &place, was);
            }
        }
        reported
    }
}

/// Sets what stands at a place of an object, or takes it away; whether its parent is there.
fn put(object: &mut Value, place: &str, value: Option<Value>) -> bool {
    let (parent, last) = place.rsplit_once('/').unwrap_or_default();
    match (object.pointer_mut(parent), value) {
        (Some(Value::Object(map)), Some(value)) => {
            map.insert(last.to_owned(), value);
            true
        }
        (Some(Value::Object(map)), None) => {
            map.remove(last);
            true
        }
        _ => false,
    }
}

fn by_flux(export: &Export, stream: &str, rendered: &str) -> Cell {
    compared(export, flux(&release(export), stream).map(normal), rendered)
}

fn by_kustomize(export: &Export, stream: &str, rendered: &str) -> Cell {
    let spec = &objects(&release(export))[0]["spec"];
    let patches = spec["postRenderers"][0]["kustomize"]["patches"].clone();
    let patches = if patches.is_null() { json!([]) } else { patches };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("stream.yaml"), stream).unwrap();
    let kustomization = json!({"resources": ["stream.yaml"], "patches": patches});
    fs::write(
        folder.path().join("kustomization.yaml"),
        kustomization.to_string(),
    )
    .unwrap();
    let mut command = Command::new(tool("kustomize"));
    let (status, stdout, stderr) = run(command.arg("build").arg(folder.path()), b"");
    let text = String::from_utf8(stdout).unwrap();
    let built = if status == Some(0) {
        Ok(objects(&text))
    } else {
        Err(stderr)
    };
    compared(export, built, rendered)
}

fn compared(export: &Export, got: Result<Vec<Value>, String>, rendered: &str) -> Cell {
    match got {
        Err(error) => Cell::Different(error),
        Ok(got) if got != objects(rendered) => Cell::Different("other objects than render writes".into()),
        Ok(_) if export.patches.is_empty() => Cell::Nothing,
        Ok(_) => Cell::Same,
    }
}
