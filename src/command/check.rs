//! `fixative check`: what the policies have to say of manifests.

use super::planned::{self, Planned};
use super::{Console, Failure, Status, findings};
use crate::cli::{CheckArgs, Format};
use crate::finding::{Judged, Report};
use crate::output::render;
use crate::policy::{Door, PolicySet};
use crate::stream::{More, ObjectPlan, StreamPlan};

pub(super) fn run(args: &CheckArgs, console: &mut Console) -> Result<Status, Failure> {
    let more = More {
        replacements: args.findings.format == Format::Sarif,
        ..More::default()
    };
    let Planned { set, mut plan } =
        planned::plan(&args.files, &args.set, &args.facts, Door::Check, more, console)?;
    console.remark(|style| render::notes(&plan, style));
    let report = report(&set, &mut plan);
    findings::answer(&report, &set, &args.findings, console)
}

/// What was decided of every object that a policy may be about.
fn report(set: &PolicySet, plan: &mut StreamPlan) -> Report {
    let objects = plan
        .sources
        .iter_mut()
        .flat_map(|source| std::mem::take(&mut source.objects));
    Report::new(set, objects.map(judged).collect())
}

fn judged(object: ObjectPlan) -> (Judged, std::collections::BTreeSet<usize>) {
    let ObjectPlan {
        id,
        location,
        decision,
        verdicts,
        ..
    } = object;
    Judged::new(id, location, decision, &verdicts)
}
