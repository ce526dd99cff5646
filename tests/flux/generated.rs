//! Law 1 at this door: what Flux makes of the chart with our patches is what render makes of it, for random objects
//! and policies.

use std::collections::BTreeMap;

use fixative::flux::export;
use fixative::policy::{Door, LoadOptions, PackSource, PolicySet, load};
use fixative::source::Source;
use fixative::stream::{StreamOptions, StreamPlan, plan_stream};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::generate::{policy, stream};
use crate::post_renderer::{flux, normal, objects, release};

/// Cases a run.
const CASES: u32 = 2_000;

/// A set of one policy.
pub fn set(policy: &str) -> PolicySet {
    let pack = PackSource {
        origin: "random".into(),
        files: vec![Source::new("random.yaml", policy)],
        tests: Vec::new(),
    };
    let options = LoadOptions {
        packs: Some(vec![pack]),
        ..LoadOptions::default()
    };
    load(&options).unwrap_or_else(|all| {
        let all: Vec<String> = all.iter().map(ToString::to_string).collect();
        panic!("{}\n{policy}", all.join("\n"))
    })
}

/// What the policies want of a stream at a door.
pub fn plan(set: &PolicySet, stream: &str, door: Door) -> StreamPlan {
    let options = StreamOptions {
        door,
        namespace: Some("photos".into()),
        facts: Vec::new(),
    };
    let sources = [Source::new("stream.yaml", stream)];
    plan_stream(set, &sources, &options).unwrap_or_else(|wrong| panic!("{wrong}\n{stream}"))
}

/// The text that render writes.
pub fn rendered(set: &PolicySet, stream: &str) -> String {
    let plan = plan(set, stream, Door::Render);
    plan.sources.iter().map(|source| source.text()).collect()
}

#[test]
fn random_patches_do_what_render_does() {
    let mut runner = TestRunner::new_with_rng(
        Config {
            cases: CASES,
            ..Config::default()
        },
        TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]),
    );
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let seen_cell = std::cell::RefCell::new(&mut seen);
    let outcome = runner.run(&(stream(), policy()), |(stream, policy)| {
        let set = set(&policy);
        let what = match export(&set, &plan(&set, &stream, Door::Flux)) {
            Ok(export) => {
                let patches = release(&export);
                let by_flux = flux(&patches, &stream)
                    .map_err(|error| TestCaseError::fail(format!("{error}\n{patches}\n{stream}")))?;
                let by_render = objects(&rendered(&set, &stream));
                prop_assert!(
                    normal(by_flux.clone()) == by_render,
                    "{}\n{}\n{}",
                    patches,
                    serde_json::json!(normal(by_flux)),
                    serde_json::json!(by_render)
                );
                if export.patches.is_empty() {
                    "nothing to do"
                } else {
                    "patched"
                }
                .to_owned()
            }
            Err(wrong) => wrong.first().map_or("none", |wrong| wrong.code).to_owned(),
        };
        *seen_cell.borrow_mut().entry(what).or_default() += 1;
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    // A large integer next to a change in a list is all that these cannot say.
    assert!(seen["patched"] > CASES / 2, "{seen:?}");
    let refused: Vec<&String> = seen.keys().filter(|what| what.starts_with("flux-")).collect();
    assert_eq!(refused, ["flux-inexpressible"], "{seen:?}");
}
