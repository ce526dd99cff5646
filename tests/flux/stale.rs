//! Patches made for one version of a chart, applied to another in which a container was put first: they stop the
//! release, or they still do what a fresh export would; nothing else.

use fixative::flux::export;
use fixative::manifest;
use fixative::policy::Door;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::generate::{policy, stream};
use crate::generated::{plan, rendered, set};
use crate::post_renderer::{as_written, flux, normal, objects, release};
use crate::streams::streams;

/// Cases of random charts a run.
const CASES: u32 = 400;

/// The stream with another container in front of those of every pod.
fn moved(stream: &str) -> String {
    let write = |mut object: Value| {
        if let Some(Value::Array(containers)) = object.pointer_mut("/spec/template/spec/containers") {
            containers.insert(0, json!({"name": "new-in-front", "image": "envoy:1"}));
        }
        format!("---\n{}", manifest::yaml(&object))
    };
    as_written(stream).into_iter().map(write).collect()
}

/// What github.com/evanphx/json-patch says of a `test` that does not hold.
fn is_failed_test(error: &str) -> bool {
    ["testing value", "test operation does not apply"]
        .iter()
        .any(|words| error.contains(words))
}

/// Whether the old patches stopped the release; a third outcome panics.
fn stopped(patches: &str, stream: &str, fresh: &[Value]) -> Result<bool, String> {
    match flux(patches, stream) {
        Err(error) if is_failed_test(&error) => Ok(true),
        Err(error) => Err(format!("no failed test: {error}")),
        Ok(by_flux) if normal(by_flux.clone()) == fresh => Ok(false),
        Ok(by_flux) => Err(format!("neither stopped nor equal: {}", json!(by_flux))),
    }
}

#[test]
fn a_container_in_front_stops_old_patches_or_changes_nothing() {
    let (mut stops, mut equals) = (0, 0);
    for stream in streams() {
        let exported = stream.door("flux");
        if exported.status != Some(0) {
            continue;
        }
        let spec: String = exported
            .good()
            .lines()
            .map(|line| format!("  {line}\n"))
            .collect();
        let patches = format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: a, namespace: b}}\nspec:\n{spec}"
        );
        let text = moved(&stream.text);
        let newer = crate::streams::Stream {
            name: stream.name.clone(),
            text,
        };
        let fresh = objects(&newer.door("render").good());
        match stopped(&patches, &newer.text, &fresh) {
            Ok(true) => stops += 1,
            Ok(false) => equals += 1,
            Err(third) => panic!("{}: {third}\n{patches}", stream.name),
        }
    }
    assert!(
        stops > 0 && stops + equals >= 4,
        "{stops} stopped, {equals} equal"
    );
}

#[test]
fn so_it_is_for_random_charts_and_policies() {
    let config = Config {
        cases: CASES,
        ..Config::default()
    };
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let mut runner = TestRunner::new_with_rng(config, seed);
    let stops = std::cell::Cell::new(0);
    let outcome = runner.run(&(stream(), policy()), |(stream, policy)| {
        let set = set(&policy);
        let Ok(export) = export(&set, &plan(&set, &stream, Door::Flux)) else {
            return Ok(());
        };
        let newer = moved(&stream);
        // What Flux could not do afresh either is another matter.
        if fixative::flux::export(&set, &plan(&set, &newer, Door::Flux)).is_err() {
            return Ok(());
        }
        let fresh = objects(&rendered(&set, &newer));
        match stopped(&release(&export), &newer, &fresh) {
            Ok(true) => stops.set(stops.get() + 1),
            Ok(false) => {}
            Err(third) => prop_assert!(false, "{third}\n{}\n{newer}", release(&export)),
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(stops.get() > 0);
}
