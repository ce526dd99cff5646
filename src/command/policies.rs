//! `fixative policies`: what is loaded.

use super::{Console, Failure, Status, answer, set};
use crate::cli::{PoliciesCommand, SchemaKind, SetArgs};
use crate::output::{clean, policies};

pub(super) fn run(command: &PoliciesCommand, console: &mut Console) -> Result<Status, Failure> {
    let text = match command {
        PoliciesCommand::List(args) => policies::list(&set::load(args, console)?, console.answer_style()),
        PoliciesCommand::Show { name, set } => show(name, set, console)?,
        PoliciesCommand::Schema { kind } => schema(*kind),
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

fn schema(kind: SchemaKind) -> String {
    let kind = match kind {
        SchemaKind::Policy => "policy",
        SchemaKind::Pack => "pack",
        SchemaKind::Config => "config",
        SchemaKind::Test => "test",
    };
    format!("{:#}\n", json_schema(kind))
}

fn json_schema(kind: &str) -> serde_json::Value {
    serde_json::json!({"title": kind})
}
