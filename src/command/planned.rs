//! Manifests of the command line, planned: what render, check, diff and explain begin with.

use std::io::IsTerminal as _;
use std::mem::ManuallyDrop;
use std::panic::resume_unwind;
use std::thread;

use super::input::InputError;
use super::progress::while_judging;
use super::{Console, Failure, facts, input, set};
use crate::cli::InputArgs;
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
    args: &InputArgs,
    door: Door,
    more: More,
    console: &mut Console,
) -> Result<Planned, Failure> {
    let reading = begin(args);
    let set = ManuallyDrop::new(set::load(&args.set, console)?);
    let plan = ManuallyDrop::new(end(reading, args, &set, door, more, console)?);
    Ok(Planned { set, plan })
}

/// The same by policies that are there.
pub(super) fn plan_by(
    args: &InputArgs,
    set: &PolicySet,
    door: Door,
    console: &mut Console,
) -> Result<StreamPlan, Failure> {
    end(begin(args), args, set, door, More::default(), console)
}

type Reading = thread::JoinHandle<Result<Vec<Input>, InputError>>;

fn begin(args: &InputArgs) -> Reading {
    let paths = args.files.clone();
    thread::spawn(move || Ok(input::manifests(&paths)?.into_iter().map(Input::split).collect()))
}

fn end(
    reading: Reading,
    args: &InputArgs,
    set: &PolicySet,
    door: Door,
    more: More,
    console: &mut Console,
) -> Result<StreamPlan, Failure> {
    if input::wants_stdin(&args.files) && std::io::stdin().is_terminal() {
        console.remark(|_| "reading manifests from the terminal, Ctrl-D ends them\n".to_owned());
    }
    let inputs = reading.join().unwrap_or_else(|panic| resume_unwind(panic))?;
    let options = StreamOptions {
        door,
        namespace: args.facts.namespace.clone(),
        facts: facts::read(&args.facts.facts)?,
    };
    let planned = while_judging(console, more, |more| {
        stream::plan_more(set, inputs, &options, more)
    });
    Ok(planned?)
}
