//! One file per subcommand, and what they share: reading, loading, speaking, answering.

mod answer;
mod audit;
mod certs;
mod check;
mod clock;
mod completions;
mod console;
mod diff;
mod explain;
mod facts;
mod failure;
mod findings;
mod flux;
mod input;
mod last;
mod man;
mod packs;
mod pattern;
mod planned;
mod policies;
mod probe;
mod progress;
mod render;
mod report;
mod serve;
mod set;
mod test;

use std::any::Any;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::cli::{Cli, Command};

pub(crate) use console::Console;
pub(crate) use failure::Failure;

/// What a command comes to; also the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Good.
    Good,
    /// The answer is no.
    No,
    /// It could not be answered.
    Unanswered,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Good => Self::SUCCESS,
            Status::No => Self::from(1),
            Status::Unanswered => Self::from(2),
        }
    }
}

/// Parses, runs, and turns the outcome into an exit status: 0 good, 1 the answer is no, 2 it could not be
/// answered.
pub fn main() -> ExitCode {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.len() < 2 {
        if std::io::stdin().is_terminal() {
            return help().into();
        }
        // Helm 3 passes no arguments, the environment still counts.
        arguments = vec!["fixative".into(), "render".into()];
    }
    match Cli::try_parse_from(arguments) {
        Ok(cli) => run_reported(&cli).into(),
        Err(stop) => parse_stopped(&stop).into(),
    }
}

/// A person called the bare program: shows what there is, and that nothing was done.
fn help() -> Status {
    let text = Cli::command().render_help().to_string();
    Console::plain().say(|_| text.clone());
    Status::Unanswered
}

/// Help and version are answers, everything else is a usage error.
fn parse_stopped(stop: &clap::Error) -> Status {
    match stop.print() {
        Ok(()) if stop.exit_code() == 0 => Status::Good,
        Ok(()) => Status::Unanswered,
        Err(error) => Console::plain().fail(&Failure::Output(error)),
    }
}

/// Runs a command; whatever happens in it ends in a status, and a failed render leaves its report.
fn run_reported(cli: &Cli) -> Status {
    let mut console = Console::new(&cli.speech);
    if matches!(cli.command, Command::Render(_)) {
        console.record();
    }
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| run(cli, &mut console)));
    let status = match outcome {
        Ok(Ok(status)) => status,
        Ok(Err(failure)) => console.fail(&failure),
        Err(panic) => console.fail(&Failure::Bug(panic_message(panic.as_ref()))),
    };
    if let Command::Render(args) = &cli.command
        && status != Status::Good
    {
        report::publish(console.recorded(), args.helm4);
    }
    status
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a message".to_owned())
}

fn run(cli: &Cli, console: &mut Console) -> Result<Status, Failure> {
    match &cli.command {
        Command::Render(args) => render::run(args, console),
        Command::Check(args) => check::run(args, console),
        Command::Diff(args) => diff::run(args, console),
        Command::Explain(args) => explain::run(args, console),
        Command::Flux(args) => flux::run(args, console),
        Command::Serve(args) => serve::run(args, console),
        Command::Certs(args) => certs::run(&args.command, console),
        Command::Audit(args) => audit::run(args, console),
        Command::Probe(args) => probe::run(args, console),
        Command::Test(args) => test::run(args, console),
        Command::Policies(args) => policies::run(&args.command, console),
        Command::Last => last::run(),
        Command::Completions { shell } => completions::run(*shell),
        Command::Man { command } => man::run(command.as_deref()),
    }
}
