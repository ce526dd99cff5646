//! The command line as a shell meets it: usage, help, statuses, broken input and output.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that unwraps fails with a good message"
)]

mod api_server;
mod audit;
mod bad_manifests;
mod check;
mod diff;
mod exemptions;
mod explain;
mod last;
mod pack;
mod policies;
mod program;
mod progress;
mod render;
mod schemas;
mod stories;
mod story;
mod test;
mod usage;
#[path = "../yaml/objects.rs"]
mod yaml;
