//! `fixative completions`: what a shell needs to complete the command line.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Failure, Status, answer};
use crate::cli::Cli;

pub(super) fn run(shell: Shell) -> Result<Status, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "fixative", &mut script);
    answer::write(&String::from_utf8_lossy(&script))?;
    Ok(Status::Good)
}
