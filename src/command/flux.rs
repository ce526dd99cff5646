//! `fixative flux`: the repairs as patches that Flux applies itself.

mod files;
mod helm;
mod releases;
mod values;

pub(crate) use helm::RenderError;

use std::io::IsTerminal as _;

use super::render::{refused, wanted};
use super::{Console, Failure, Status, answer, facts, input, set};
use crate::cli::{FluxArgs, PostBuild};
use crate::flux::{self, Substitution};
use crate::output::render;
use crate::policy::{Door, PolicySet};
use crate::stream::{self, Input, StreamOptions, StreamPlan};

pub(super) fn run(args: &FluxArgs, console: &mut Console) -> Result<Status, Failure> {
    let set = set::load(&args.set, console)?;
    if !args.write.is_empty() || !args.check.is_empty() {
        return releases::run(args, &set, console);
    }
    if args.chart.is_some() {
        return Err(Failure::Usage(
            "--chart renders a HelmRelease: name it with --write or --check".into(),
        ));
    }
    let plan = plan_input(args, &set, args.facts.namespace.clone(), console)?;
    say(&plan, args, console);
    if let Some(refused) = refused(&plan, args.deny.on_deny, console)? {
        return Ok(refused);
    }
    let export = flux::export(&set, &plan).map_err(Failure::Texts)?;
    let text = export.fragment(substitution(args));
    answer::write(&text.map_err(|unsaid| Failure::Usage(unsaid.to_string()))?)?;
    console.remark(|_| format!("fixative: {}\n", render::summary(&plan)));
    Ok(Status::Good)
}

/// What was rendered already, planned.
fn plan_input(
    args: &FluxArgs,
    set: &PolicySet,
    namespace: Option<String>,
    console: &mut Console,
) -> Result<StreamPlan, Failure> {
    if input::wants_stdin(&args.files) && std::io::stdin().is_terminal() {
        console.remark(|_| "reading manifests from the terminal, Ctrl-D ends them\n".to_owned());
    }
    let inputs = input::manifests(&args.files)?.into_iter().map(Input::split);
    let options = StreamOptions {
        door: Door::Flux,
        namespace,
        facts: facts::read(&args.facts.facts)?,
    };
    Ok(stream::plan_inputs(set, inputs.collect(), &options)?)
}

/// Everything that there is to say of a plan.
fn say(plan: &StreamPlan, args: &FluxArgs, console: &mut Console) {
    let wanted = wanted(console, args.deny.on_deny);
    console.say(|style| render::stream(plan, wanted, style));
}

fn substitution(args: &FluxArgs) -> Substitution {
    match args.post_build {
        None => Substitution::Unsaid,
        Some(PostBuild::Used) => Substitution::PostBuild,
        Some(PostBuild::Unused) => Substitution::Off,
    }
}
