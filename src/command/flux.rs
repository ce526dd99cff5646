//! `fixative flux`: the repairs as patches that Flux applies itself.

mod files;
mod helm;
mod releases;
mod values;

pub(crate) use helm::RenderError;

use super::planned::{self, Planned};
use super::render::{refused, wanted};
use super::{Console, Failure, Status, answer, set};
use crate::cli::{FluxArgs, PostBuild};
use crate::flux::{self, Substitution};
use crate::output::render;
use crate::policy::Door;
use crate::stream::{More, StreamPlan};

pub(super) fn run(args: &FluxArgs, console: &mut Console) -> Result<Status, Failure> {
    if !args.write.is_empty() || !args.check.is_empty() {
        return releases::run(args, &set::load(&args.input.set, console)?, console);
    }
    if args.chart.is_some() {
        return Err(Failure::Usage(
            "--chart renders a HelmRelease: name it with --write or --check".into(),
        ));
    }
    let Planned { set, plan } = planned::plan(&args.input, Door::Flux, More::default(), console)?;
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
