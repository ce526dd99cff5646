//! Manifests of the command line, planned: what render, check, diff and explain begin with.

use std::io::IsTerminal as _;
use std::mem::ManuallyDrop;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::input::InputError;
use super::{Console, Failure, facts, input, set};
use crate::cli::{FactArgs, SetArgs};
use crate::policy::{Door, PolicySet};
use crate::stream::{self, Input, More, Progress, StreamOptions, StreamPlan};

/// Nobody is told of what takes less.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often a bar moves.
const PACE: Duration = Duration::from_millis(100);

/// A stream and the policies by which it was planned. The process ends behind the command: taking thousands of
/// trees apart would only cost time.
pub(super) struct Planned {
    pub(super) set: ManuallyDrop<PolicySet>,
    pub(super) plan: ManuallyDrop<StreamPlan>,
}

/// Reads, loads and plans; policies are loaded while the manifests come in.
pub(super) fn plan(
    files: &[PathBuf],
    set: &SetArgs,
    known: &FactArgs,
    door: Door,
    more: More,
    console: &mut Console,
) -> Result<Planned, Failure> {
    let paths = files.to_vec();
    let reading = thread::spawn(move || -> Result<Vec<Input>, InputError> {
        Ok(input::manifests(&paths)?.into_iter().map(Input::split).collect())
    });
    let set = ManuallyDrop::new(set::load(set, console)?);
    if input::wants_stdin(files) && std::io::stdin().is_terminal() {
        console.remark(|_| "reading manifests from the terminal, Ctrl-D ends them\n".to_owned());
    }
    let inputs = reading.join().unwrap_or_else(|panic| resume_unwind(panic))?;
    let options = StreamOptions {
        door,
        namespace: known.namespace.clone(),
        facts: facts::read(&known.facts)?,
    };
    let plan = with_bar(console, more, |more| {
        stream::plan_more(&set, inputs, &options, more)
    })?;
    let plan = ManuallyDrop::new(plan);
    Ok(Planned { set, plan })
}

/// Works, and shows how far it is to somebody who waits at a terminal for longer than [`PATIENCE`].
fn with_bar<T>(console: &Console, mut more: More, work: impl FnOnce(&More) -> T) -> T {
    if console.quiet || !std::io::stderr().is_terminal() {
        return work(&more);
    }
    let progress = Arc::new(Progress::default());
    more.progress = Some(Arc::clone(&progress));
    let (done, is_done) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || show(&progress, &is_done));
        let result = work(&more);
        drop(done);
        result
    })
}

fn show(progress: &Progress, is_done: &mpsc::Receiver<()>) {
    if is_done.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("judging {bar:40} {percent}%") {
        bar.set_style(style);
    }
    while is_done.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
        let (done, expected) = progress.steps();
        bar.set_length(expected as u64);
        bar.set_position(done as u64);
    }
    bar.finish_and_clear();
}
