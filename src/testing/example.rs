//! Examples for people: what the cases of a pack show of one policy alone.

use std::collections::HashMap;

use super::spec::{self, Case};
use super::{Problem, Sets, input};
use crate::finding::Finding;
use crate::json::{Value, json};
use crate::manifest;
use crate::policy::{Door, PackSource, PolicySet};
use crate::source::{Diagnostic, Source};
use crate::stream::{self, SourcePlan, StreamOptions, StreamPlan};

/// The name of an example's manifest.
const NAME: &str = "example.yaml";

/// A case, planned by one policy of its pack.
#[derive(Debug)]
pub struct Example {
    /// What it shows, in the words of the test.
    pub name: String,
    /// The configuration of the case.
    pub config: Option<Value>,
    /// What the policy may ask about.
    pub world: Vec<Value>,
    /// What the policy makes of it.
    pub plan: StreamPlan,
}

/// The first cases that show what a policy does; one case may show both.
#[derive(Debug, Default)]
pub struct Examples {
    /// It changes an object.
    pub repair: Option<Example>,
    /// It says something of an object that it leaves as it is.
    pub finding: Option<Example>,
}

/// Examples of a policy out of its pack's tests. Cases that cannot be run are passed over: `fixative test` tells
/// of them.
pub fn examples(pack: &PackSource, set: &PolicySet, policy: &str) -> Result<Examples, Vec<Diagnostic>> {
    let mut found = Examples::default();
    let others = others_off(set, policy);
    for file in in_order(pack, policy) {
        let (test, _) = spec::read(file)?;
        if !is_about(policy, file, test.policies.as_deref(), set) {
            continue;
        }
        let mut sets = Sets {
            packs: std::slice::from_ref(pack),
            file,
            loaded: HashMap::new(),
        };
        for case in test.cases {
            if found.repair.is_some() && found.finding.is_some() {
                return Ok(found);
            }
            if let Ok(example) = planned(&case, &mut sets, &others) {
                found.take(example, policy);
            }
        }
    }
    Ok(found)
}

impl Examples {
    /// Keeps an example that shows something new.
    fn take(&mut self, example: Example, policy: &str) {
        let is_said = findings(&example.plan).any(|finding| finding.by.policy == policy);
        if example.plan.sources.iter().any(SourcePlan::is_changed) {
            self.repair.get_or_insert(example);
        } else if is_said {
            self.finding.get_or_insert(example);
        }
    }
}

/// What is said without being asked for.
fn findings(plan: &StreamPlan) -> impl Iterator<Item = &Finding> {
    let denials = plan.findings(|decision| &decision.denials);
    denials.chain(plan.findings(|decision| &decision.warnings))
}

/// The tests of a pack, the one that is named like the policy first.
fn in_order<'p>(pack: &'p PackSource, policy: &str) -> Vec<&'p Source> {
    let is_own = |file: &&Source| stem(file) == policy;
    let (mut first, others): (Vec<&Source>, Vec<&Source>) = pack.tests.iter().partition(is_own);
    first.extend(others);
    first
}

/// `links` of `mine/links.test.yaml`.
fn stem(file: &Source) -> &str {
    let name = file.name().rsplit('/').next().unwrap_or_default();
    name.split_once(".test.").map_or(name, |(stem, _)| stem)
}

/// Whether cases of a file may show a policy: not where they list the findings of others, nor where the file is
/// named like another policy.
fn is_about(policy: &str, file: &Source, listed: Option<&[String]>, set: &PolicySet) -> bool {
    match listed {
        Some(listed) => listed.iter().any(|name| name == policy),
        None => {
            let stem = stem(file);
            stem == policy || !set.policies.iter().any(|other| other.name == stem)
        }
    }
}

/// What a configuration says of policies, so that only one runs.
fn others_off(set: &PolicySet, policy: &str) -> Vec<(String, Value)> {
    let others = set.policies.iter().filter(|other| other.name != policy);
    others
        .map(|other| (other.name.clone(), json!({"enabled": false})))
        .collect()
}

fn planned(case: &Case, sets: &mut Sets<'_>, others: &[(String, Value)]) -> Result<Example, Problem> {
    let set = sets.get(&alone(case, others))?;
    let text = match &case.object {
        Some(object) => manifest::yaml(object),
        // A file is not at hand here, and would be long.
        None => input(case, sets.file, &|path| Err(path.to_owned()))?
            .text()
            .to_owned(),
    };
    let options = StreamOptions {
        door: case.door.unwrap_or(Door::Render),
        namespace: case.namespace.clone(),
        facts: case.world.iter().cloned().map(Into::into).collect(),
    };
    Ok(Example {
        name: case.name.clone(),
        config: case.config.clone(),
        world: case.world.clone(),
        plan: stream::plan_stream(&set, &[Source::new(NAME, text)], &options)?,
    })
}

/// The case with all other policies switched off.
fn alone(case: &Case, others: &[(String, Value)]) -> Case {
    let mut case = case.clone();
    let config = case.config.get_or_insert_with(|| json!({}));
    if let Some(config) = config.as_object_mut() {
        let policies = config.entry("policies").or_insert_with(|| json!({}));
        if let Some(policies) = policies.as_object_mut() {
            policies.extend(others.iter().cloned());
        }
    }
    case
}
