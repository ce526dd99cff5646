//! `fixative policies`: what is loaded.

use std::path::Path;

use super::{Console, Failure, Status, answer, packs, set};
use crate::cli::{LiveDoor, PoliciesCommand, SchemaKind, SetArgs};
use crate::output::rbac::{self, Reading};
use crate::output::{clean, policies, reference, webhook_rules};
use crate::policy::{Door, KindError, LoadOptions, PackSource, PolicySet};
use crate::testing::example;
use crate::{policy, testing};

pub(super) fn run(command: &PoliciesCommand, console: &mut Console) -> Result<Status, Failure> {
    let text = match command {
        PoliciesCommand::List(args) => policies::list(&set::load(args, console)?, console.answer_style()),
        PoliciesCommand::Show { name, set } => show(name, set, console)?,
        PoliciesCommand::Docs { path } => docs(path.as_deref())?,
        PoliciesCommand::Schema { kind } => schema(*kind),
        PoliciesCommand::Rbac { door, set } => rbac(&set::load(set, console)?, *door)?,
        PoliciesCommand::WebhookRules(args) => {
            let set = set::load(args, console)?;
            webhook_rules::list(&set.judged(Door::Admission).map_err(unnamed)?)
        }
    };
    answer::write(&text)?;
    Ok(Status::Good)
}

fn show(name: &str, args: &SetArgs, console: &mut Console) -> Result<String, Failure> {
    let set = set::load(args, console)?;
    let policy = set.policies.iter().find(|policy| policy.name == name);
    let policy = policy.ok_or_else(|| Failure::Usage(policies::unknown(&set, &clean(name))))?;
    Ok(policies::show(&set, policy, console.answer_style()))
}

/// A page a pack. No configuration counts: the page is about what the pack says.
fn docs(path: Option<&Path>) -> Result<String, Failure> {
    let packs = match path {
        Some(path) => vec![packs::read(path)?],
        None => policy::embedded(),
    };
    let pages: Vec<String> = packs.iter().map(page).collect::<Result<_, _>>()?;
    Ok(pages.join("\n"))
}

fn page(pack: &PackSource) -> Result<String, Failure> {
    let options = LoadOptions {
        packs: Some(vec![pack.clone()]),
        ..LoadOptions::default()
    };
    let set = policy::load(&options).map_err(Failure::Texts)?;
    let policies = set.policies.iter();
    let examples = policies.map(|policy| example::examples(pack, &set, &policy.name));
    let examples: Vec<_> = examples.collect::<Result<_, _>>().map_err(Failure::Texts)?;
    Ok(reference::page(&set, &examples))
}

/// The webhook reads what its policies ask for, an audit also what they judge.
fn rbac(set: &PolicySet, door: LiveDoor) -> Result<String, Failure> {
    Ok(match door {
        LiveDoor::Admission => {
            let asks = set.asks(Door::Admission);
            rbac::rules(&asks.kinds, &asks, Reading::Watching)
        }
        LiveDoor::Audit => {
            let asks = set.asks(Door::Audit);
            let judged = set.judged(Door::Audit).map_err(unnamed)?;
            let kinds = asks.kinds.iter().chain(judged.0.keys()).cloned().collect();
            rbac::rules(&kinds, &asks, Reading::Once)
        }
    })
}

/// Kinds that cannot be told, or that may not be judged.
pub(super) fn unnamed(error: KindError) -> Failure {
    Failure::Usage(error.to_string())
}

fn schema(kind: SchemaKind) -> String {
    let schema = match kind {
        SchemaKind::Policy => policy::json_schema(policy::SchemaKind::Policy),
        SchemaKind::Pack => policy::json_schema(policy::SchemaKind::Pack),
        SchemaKind::Config => policy::json_schema(policy::SchemaKind::Config),
        SchemaKind::Test => &testing::spec::json_schema(),
    };
    format!("{schema:#}\n")
}
