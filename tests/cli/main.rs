//! The command line as a shell meets it: usage, help, statuses, broken input and output.

mod program;
mod usage;
