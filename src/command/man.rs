//! `fixative man`: a man page in roff.

use clap::CommandFactory as _;

use super::{Failure, Status, answer};
use crate::cli::Cli;

pub(super) fn run(command: Option<&str>) -> Result<Status, Failure> {
    let mut root = Cli::command();
    root.build();
    let page = match command {
        None => root,
        Some(name) => {
            let known: Vec<&str> = root.get_subcommands().map(clap::Command::get_name).collect();
            let known = known.join(", ");
            let found = root.find_subcommand(name).cloned();
            found.ok_or_else(|| Failure::Usage(format!("there is no command {name}; there are {known}")))?
        }
    };
    let mut roff = Vec::new();
    let rendered = clap_mangen::Man::new(page).render(&mut roff);
    rendered.map_err(Failure::Output)?;
    answer::write(&String::from_utf8_lossy(&roff))?;
    Ok(Status::Good)
}
