//! `fixative check`: what the policies have to say of manifests.

use super::planned::{self, Planned};
use super::{Console, Failure, Status, audit, findings};
use crate::cli::{CheckArgs, ClusterArgs, Format};
use crate::cluster::connect;
use crate::cluster::digests::{self, Announced};
use crate::finding::{Judged, Report};
use crate::output::{digest, render};
use crate::policy::{Door, PolicySet};
use crate::stream::{More, ObjectPlan, StreamPlan};

pub(super) fn run(args: &CheckArgs, console: &mut Console) -> Result<Status, Failure> {
    let more = More {
        replacements: args.findings.format == Format::Sarif,
        ..More::default()
    };
    let Planned { set, mut plan } = planned::plan(&args.input, Door::Check, more, console)?;
    let twice = plan.twice();
    console.remark(|style| render::notes(&plan.notes, style) + &render::notes(&twice, style));
    let report = report(&set, &mut plan);
    let status = findings::answer(&report, &set, &args.findings, console)?;
    if args.cluster && !is_same(&set, &args.which, console)? {
        return Ok(Status::No);
    }
    Ok(status)
}

/// Whether the webhooks of the cluster judge by the same policies; says where they do not.
fn is_same(set: &PolicySet, which: &ClusterArgs, console: &mut Console) -> Result<bool, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let announced = runtime.map_err(Failure::Runtime)?.block_on(async {
        let client = connect(&audit::options(which)).await?;
        Ok::<_, Failure>(digests::announced(&client).await?)
    })?;
    if announced.is_empty() {
        console.remark(digest::no_webhook);
    }
    let ours = set.digest.to_string();
    let others: Vec<&Announced> = announced.iter().filter(|other| other.digest != ours).collect();
    console.say(|style| digest::differences(&others, &ours, style));
    Ok(others.is_empty())
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
