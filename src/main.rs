//! The `fixative` program: parses the command line, runs one command, sets the exit status.

use std::process::ExitCode;

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    fixative::command::main()
}
