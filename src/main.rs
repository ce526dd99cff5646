//! The `fixative` program: parses the command line, runs one command, sets the exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    fixative::command::main()
}
