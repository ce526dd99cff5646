//! Manifests of the command line, planned: what render, check, diff and explain begin with.

use std::io::IsTerminal as _;
use std::mem::ManuallyDrop;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::thread;

use super::input::InputError;
use super::progress::while_judging;
use super::{Console, Failure, facts, input, set};
use crate::cli::{FactArgs, SetArgs};
use crate::policy::{Door, PolicySet};
use crate::stream::{self, Input, More, StreamOptions, StreamPlan};

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
    let reading = begin(files);
    let set = ManuallyDrop::new(set::load(set, console)?);
    let plan = ManuallyDrop::new(end(reading, files, &set, known, door, more, console)?);
    Ok(Planned { set, plan })
}

/// The same by policies that are there.
pub(super) fn plan_by(
    set: &PolicySet,
    files: &[PathBuf],
    known: &FactArgs,
    door: Door,
    console: &mut Console,
) -> Result<StreamPlan, Failure> {
    end(begin(files), files, set, known, door, More::default(), console)
}

type Reading = thread::JoinHandle<Result<Vec<Input>, InputError>>;

fn begin(files: &[PathBuf]) -> Reading {
    let paths = files.to_vec();
    thread::spawn(move || Ok(input::manifests(&paths)?.into_iter().map(Input::split).collect()))
}

fn end(
    reading: Reading,
    files: &[PathBuf],
    set: &PolicySet,
    known: &FactArgs,
    door: Door,
    more: More,
    console: &mut Console,
) -> Result<StreamPlan, Failure> {
    if input::wants_stdin(files) && std::io::stdin().is_terminal() {
        console.remark(|_| "reading manifests from the terminal, Ctrl-D ends them\n".to_owned());
    }
    let inputs = reading.join().unwrap_or_else(|panic| resume_unwind(panic))?;
    let options = StreamOptions {
        door,
        namespace: known.namespace.clone(),
        facts: facts::read(&known.facts)?,
    };
    let planned = while_judging(console, more, |more| {
        stream::plan_more(set, inputs, &options, more)
    });
    Ok(planned?)
}
