//! `fixative policies`: what is loaded.

use super::{Console, Failure, Status, answer, set};
use crate::cli::{PoliciesCommand, SchemaKind, SetArgs};
use crate::output::{clean, policies};
use crate::{policy, testing};

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
    let schema = match kind {
        SchemaKind::Policy => policy::json_schema(policy::SchemaKind::Policy),
        SchemaKind::Pack => policy::json_schema(policy::SchemaKind::Pack),
        SchemaKind::Config => policy::json_schema(policy::SchemaKind::Config),
        SchemaKind::Test => &testing::spec::json_schema(),
    };
    format!("{schema:#}\n")
}
