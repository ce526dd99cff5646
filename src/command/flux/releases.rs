//! The HelmReleases of files and folders: each judged, all of them said in one table.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::files::{File, read, spliced, write};
use super::{helm, substitution};
use crate::cli::{FluxArgs, OnDeny};
use crate::command::render::denials;
use crate::command::{Console, Failure, Status, answer, facts, planned, progress};
use crate::flux::{self, Export, HelmRelease, Splice, Substitution};
use crate::json::Value;
use crate::output::flux::{self as output, Outcome, Row};
use crate::output::render;
use crate::parallel;
use crate::policy::{Door, PolicySet};
use crate::stream::{self, Input, StreamOptions, StreamPlan};

/// A HelmRelease takes a run of helm: two are worth a thread.
const WORTH_A_THREAD: usize = 2;

/// What became of one HelmRelease.
struct Judged {
    /// What the policies say; none where helm or the reading failed.
    plan: Option<StreamPlan>,
    /// The new text.
    splice: Result<Splice, Refusal>,
    /// Targets in front of Flux that match no object, each in a sentence.
    idle: Vec<String>,
    /// Things to know.
    notes: Vec<String>,
}

/// Why there is no new text.
enum Refusal {
    /// A finding denies.
    Denied,
    /// It could not be told.
    Failed(Failure),
}

pub(super) fn run(args: &FluxArgs, set: &PolicySet, console: &mut Console) -> Result<Status, Failure> {
    let files = read(if args.check.is_empty() {
        &args.write
    } else {
        &args.check
    })?;
    let jobs: Vec<&HelmRelease> = files.iter().flat_map(|file| &file.releases).collect();
    let judged = match &args.chart {
        Some(chart) => with_charts(args, set, chart, &jobs, console)?,
        None => vec![with_input(args, set, &jobs, console)?],
    };
    let mut rows = Vec::new();
    let mut splices: BTreeMap<&Path, Vec<&Splice>> = BTreeMap::new();
    let homes = files
        .iter()
        .flat_map(|file| file.releases.iter().map(move |release| (file, release)));
    for ((file, release), judged) in homes.zip(&judged) {
        say(args, release, judged, console);
        let outcome = outcome(args, judged);
        if let (Outcome::Written | Outcome::Touched, Ok(splice)) = (outcome, &judged.splice) {
            splices.entry(&file.path).or_default().push(splice);
        }
        rows.push(Row {
            release: release.id.to_string(),
            file: file.source.name().to_owned(),
            outcome,
        });
    }
    if !args.check.is_empty() {
        answer::write(&output::diffs(
            &differences(&files, &judged),
            console.answer_style(),
        ))?;
    }
    for file in &files {
        if let Some(splices) = splices.get(file.path.as_path()) {
            write(file, splices)?;
        }
    }
    if rows.len() > 1 {
        answer::write(&output::table(&rows, console.answer_style()))?;
    }
    console.remark(|_| format!("fixative: {}\n", output::summary(&rows)));
    Ok(status(&rows))
}

fn status(rows: &[Row]) -> Status {
    let any = |wanted: &[Outcome]| rows.iter().any(|row| wanted.contains(&row.outcome));
    if any(&[Outcome::Failed]) {
        Status::Unanswered
    } else if any(&[Outcome::Denied, Outcome::Stale, Outcome::Idle]) {
        Status::No
    } else {
        Status::Good
    }
}

/// One HelmRelease and what was rendered for it already.
fn with_input(
    args: &FluxArgs,
    set: &PolicySet,
    releases: &[&HelmRelease],
    console: &mut Console,
) -> Result<Judged, Failure> {
    let [release] = releases else {
        return Err(Failure::Usage(format!(
            "there are {} HelmReleases, and the manifests are of one: name its file, or render each with --chart",
            releases.len()
        )));
    };
    let mut input = args.input.clone();
    input.facts.namespace = namespace(args, release);
    let plan = planned::plan_by(&input, set, Door::Flux, console)?;
    Ok(judge(args, set, release, plan))
}

/// All HelmReleases, each rendered from its chart.
fn with_charts(
    args: &FluxArgs,
    set: &PolicySet,
    chart: &Path,
    releases: &[&HelmRelease],
    console: &Console,
) -> Result<Vec<Judged>, Failure> {
    let facts = facts::read(&args.input.facts.facts)?;
    let bar = progress::steps(console, releases.len());
    let judged = parallel::map(releases, WORTH_A_THREAD, |release| {
        bar.set_message(release.id.to_string());
        let judged = with_chart(args, set, chart, release, &facts);
        bar.inc(1);
        judged.unwrap_or_else(|failure| Judged {
            plan: None,
            splice: Err(Refusal::Failed(failure)),
            idle: Vec::new(),
            notes: Vec::new(),
        })
    });
    bar.finish_and_clear();
    Ok(judged)
}

fn with_chart(
    args: &FluxArgs,
    set: &PolicySet,
    chart: &Path,
    release: &HelmRelease,
    facts: &[Arc<Value>],
) -> Result<Judged, Failure> {
    let rendering = helm::Rendering {
        release,
        chart,
        kube_version: args.input.facts.kube_version.as_deref(),
        facts,
    };
    let source = rendering.render()?;
    let options = StreamOptions {
        door: Door::Flux,
        namespace: namespace(args, release),
        facts: facts.to_vec(),
    };
    let plan = stream::plan_inputs(set, vec![Input::split(source)], &options)?;
    Ok(judge(args, set, release, plan))
}

fn judge(args: &FluxArgs, set: &PolicySet, release: &HelmRelease, plan: StreamPlan) -> Judged {
    let splice = match denials(&plan) {
        Err(failure) => Err(Refusal::Failed(failure)),
        Ok(denials) if denials > 0 && args.deny.on_deny == OnDeny::Deny => Err(Refusal::Denied),
        Ok(_) => export(args, set, release, &plan).map_err(Refusal::Failed),
    };
    Judged {
        idle: idle_targets(release, &plan),
        notes: foreign_entries(release),
        plan: Some(plan),
        splice,
    }
}

fn export(
    args: &FluxArgs,
    set: &PolicySet,
    release: &HelmRelease,
    plan: &StreamPlan,
) -> Result<Splice, Failure> {
    let export: Export = flux::export(set, plan).map_err(Failure::Texts)?;
    let substitution = match substitution(args) {
        Substitution::Unsaid if release.keeps_variables() => Substitution::Off,
        said => said,
    };
    Ok(release.splice(&export, substitution)?)
}

/// The namespace of the release, as Flux has it.
fn namespace(args: &FluxArgs, release: &HelmRelease) -> Option<String> {
    let given = args.input.facts.namespace.clone();
    given.or_else(|| helm::namespace(release).map(str::to_owned))
}

/// Entries that Flux applies before ours: what they do to the chart is not seen here.
fn foreign_entries(release: &HelmRelease) -> Vec<String> {
    let ours = release.entry().ok().flatten().map(|entry| entry.index);
    let before = ours.unwrap_or(release.entries().len());
    if before == 0 {
        return Vec::new();
    }
    vec![format!(
        "{}: Flux applies {} before these patches; manifests that helm alone rendered do not show what they do",
        release.id,
        render::count(before, "other post-renderer")
    )]
}

/// Patches that are there and find no object: Flux says nothing about them.
fn idle_targets(release: &HelmRelease, plan: &StreamPlan) -> Vec<String> {
    let targets: Vec<(usize, &Value)> = release
        .entries()
        .iter()
        .enumerate()
        .flat_map(|(index, entry)| {
            let patches = entry.pointer("/kustomize/patches").and_then(Value::as_array);
            let targets = patches
                .into_iter()
                .flatten()
                .filter_map(|patch| patch.get("target"));
            targets.map(move |target| (index, target))
        })
        .collect();
    if targets.is_empty() {
        // All documents would be read for nothing.
        return Vec::new();
    }
    let objects = flux::objects(plan);
    targets
        .into_iter()
        .filter(|(_, target)| !flux::finds_any(target, &objects))
        .map(|(index, target)| {
            format!(
                "{}: the target {target} of spec.postRenderers[{index}] matches no object of the chart",
                release.id
            )
        })
        .collect()
}

fn outcome(args: &FluxArgs, judged: &Judged) -> Outcome {
    let is_check = !args.check.is_empty();
    match &judged.splice {
        Err(Refusal::Denied) => Outcome::Denied,
        Err(Refusal::Failed(_)) => Outcome::Failed,
        Ok(splice) if is_check && splice.is_another => Outcome::Stale,
        Ok(_) if is_check && !judged.idle.is_empty() => Outcome::Idle,
        Ok(splice) if !is_check && splice.is_another => Outcome::Written,
        Ok(splice) if !is_check && splice.is_touched => Outcome::Touched,
        Ok(_) => Outcome::Current,
    }
}

fn say(args: &FluxArgs, release: &HelmRelease, judged: &Judged, console: &mut Console) {
    if let Some(plan) = &judged.plan {
        super::say(plan, args, console);
    }
    for note in &judged.notes {
        console.remark(|style| output::note(note, style));
    }
    for idle in &judged.idle {
        console.say(|style| output::warning(idle, style));
    }
    match &judged.splice {
        Err(Refusal::Failed(failure)) => {
            console.fail(failure);
        }
        Err(Refusal::Denied) => console.say(|style| output::denied(&release.id.to_string(), style)),
        Ok(_) => {}
    }
}

/// Of each file that would change for Flux: its name, as it is, and as it would be.
fn differences<'f>(files: &'f [File], judged: &[Judged]) -> Vec<(&'f str, &'f str, String)> {
    let mut judged = judged.iter();
    let mut differences = Vec::new();
    for file in files {
        let splices: Vec<&Splice> = judged
            .by_ref()
            .take(file.releases.len())
            .filter_map(|judged| judged.splice.as_ref().ok())
            .filter(|splice| splice.is_another)
            .collect();
        if !splices.is_empty() {
            differences.push((file.source.name(), file.source.text(), spliced(file, &splices)));
        }
    }
    differences
}
