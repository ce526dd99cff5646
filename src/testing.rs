//! Tests of policies: a case is an object, what is known beside it, and what is expected of it.
//!
//! Cases are planned by the same [`plan_stream`](crate::stream::plan_stream) as manifests, written by the same
//! splices and read back, so what a case shows is what render does.

pub mod compare;
pub mod example;
pub mod expect;
pub mod patch;
pub mod spec;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::finding::{Finding, Kind};
use crate::json::{Value, json};
use crate::pointer::Pointer;
use crate::policy::{self, Door, LoadOptions, PackSource, PolicySet};
use crate::source::{Diagnostic, Source, Span};
use crate::stream::{self, StreamOptions, StreamPlan};

use compare::Difference;
use spec::Case;

/// Reads a file that a case names, relative to its test file; the error is a sentence.
pub type ReadFile<'r> = &'r dyn Fn(&str) -> Result<String, String>;

/// What became of one case.
#[derive(Debug)]
pub struct CaseResult {
    /// Its name.
    pub name: String,
    /// The test file.
    pub source: Source,
    /// The case in it.
    pub span: Span,
    /// Why it fails; empty: it passes.
    pub problems: Vec<Problem>,
}

/// Why a case fails.
#[derive(Debug)]
pub enum Problem {
    /// The policies cannot be loaded with the case's config, or the object cannot be read.
    Texts(Vec<Diagnostic>),
    /// The case itself makes no sense.
    Case(String),
    /// An object is not as it was expected to become.
    Differs {
        /// Which object.
        object: String,
        /// Where, and how.
        difference: Box<Difference>,
    },
    /// Nothing was to change, and these did.
    Changed(Vec<String>),
    /// Something was to change.
    Unchanged,
    /// A finding that was expected and not made; then those that were made and not expected.
    Missing(String),
    /// A finding that was made and not expected.
    Unexpected(Box<Finding>),
}

/// Runs the cases of one test file. An error is one of the file itself.
pub fn run(
    file: &Source,
    packs: &[PackSource],
    read: ReadFile<'_>,
) -> Result<Vec<CaseResult>, Vec<Diagnostic>> {
    let (test, tree) = spec::read(file)?;
    let mut sets = Sets {
        packs,
        file,
        loaded: HashMap::new(),
    };
    let results = test.cases.iter().enumerate().map(|(index, case)| {
        let at = Pointer::root().key("cases").index(index);
        let span = tree.span(&at.key("name")).or_else(|| tree.span(&at));
        CaseResult {
            name: case.name.clone(),
            source: file.clone(),
            span: span.unwrap_or_default(),
            problems: problems(case, test.policies.as_deref(), &mut sets, read)
                .unwrap_or_else(|problem| vec![problem]),
        }
    });
    Ok(results.collect())
}

/// Policy sets by configuration: most cases of a file share one.
struct Sets<'p> {
    packs: &'p [PackSource],
    file: &'p Source,
    loaded: HashMap<String, Rc<PolicySet>>,
}

impl Sets<'_> {
    fn get(&mut self, case: &Case) -> Result<Rc<PolicySet>, Problem> {
        let text = config_text(case)?;
        if let Some(set) = self.loaded.get(&text) {
            return Ok(Rc::clone(set));
        }
        let name = format!("{} (config of the case {:?})", self.file.name(), case.name);
        let options = LoadOptions {
            config: Some(Source::new(name, text.as_str())),
            packs: Some(self.packs.to_vec()),
            today: case.today.clone(),
            ..LoadOptions::default()
        };
        let set = Rc::new(policy::load(&options).map_err(Problem::Texts)?);
        self.loaded.insert(text, Rc::clone(&set));
        Ok(set)
    }
}

/// The case's configuration as the file it stands for.
fn config_text(case: &Case) -> Result<String, Problem> {
    let mut config = json!({"apiVersion": "fixative.dev/v1alpha1", "kind": "Config"});
    match (&case.config, config.as_object_mut()) {
        (None, _) => {}
        (Some(Value::Object(given)), Some(config)) => {
            config.extend(given.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        (Some(_), _) => return Err(Problem::Case("config must be a map, as in fixative.yaml".into())),
    }
    Ok(format!("{config:#}\n"))
}

fn problems(
    case: &Case,
    policies: Option<&[String]>,
    sets: &mut Sets<'_>,
    read: ReadFile<'_>,
) -> Result<Vec<Problem>, Problem> {
    let set = sets.get(case)?;
    if let Some(name) = policies.and_then(|all| all.iter().find(|name| !has_policy(&set, name))) {
        return Err(Problem::Case(format!("policies: there is no policy {name}")));
    }
    let input = input(case, sets.file, read)?;
    let options = StreamOptions {
        door: case.door.unwrap_or(Door::Render),
        namespace: case.namespace.clone(),
        facts: case.world.iter().map(|object| Arc::new(object.clone())).collect(),
    };
    let plan = stream::plan_stream(&set, std::slice::from_ref(&input), &options)?;
    let objects = Objects {
        before: stream::facts(std::slice::from_ref(&input))?,
        after: stream::facts(&[output(&plan, &input)])?,
    };
    // A policy that fails or fights is told whatever the cases are about.
    let broken = |finding: &Finding| matches!(finding.kind, Kind::Failed | Kind::Conflict { .. });
    let listed =
        |finding: &Finding| broken(finding) || policies.is_none_or(|all| all.contains(&finding.by.policy));
    Ok(expect::problems(&case.expect, &plan, &objects, &listed))
}

fn has_policy(set: &PolicySet, name: &str) -> bool {
    set.policies.iter().any(|policy| policy.name == name)
}

impl From<Box<Diagnostic>> for Problem {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Self::Texts(vec![*diagnostic])
    }
}

/// The objects of a case, as they came and as they were written.
#[derive(Debug)]
pub struct Objects {
    /// As they came.
    pub before: Vec<Arc<Value>>,
    /// As they were written.
    pub after: Vec<Arc<Value>>,
}

/// What the case plans: an object, a stream, or a file beside the test.
fn input(case: &Case, file: &Source, read: ReadFile<'_>) -> Result<Source, Problem> {
    let name = |what: &str| format!("{} ({what} of the case {:?})", file.name(), case.name);
    match (&case.object, &case.stream, &case.file) {
        (Some(object), None, None) => Ok(Source::new(name("object"), format!("{object:#}\n"))),
        (None, Some(stream), None) => Ok(Source::new(name("stream"), stream.as_str())),
        (None, None, Some(path)) => {
            let text = read(path).map_err(Problem::Case)?;
            Ok(Source::new(path.as_str(), text))
        }
        _ => Err(Problem::Case("give one of object, stream and file".into())),
    }
}

fn output(plan: &StreamPlan, input: &Source) -> Source {
    let text: String = plan.sources.iter().map(stream::SourcePlan::text).collect();
    Source::new(format!("{}, as it was written", input.name()), text)
}
