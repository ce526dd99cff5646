//! The command line as a shell meets it: usage, help, statuses, broken input and output.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that unwraps fails with a good message"
)]

mod api_server;
mod audit;
mod check;
mod last;
mod pack;
mod policies;
mod program;
mod render;
mod test;
mod usage;
