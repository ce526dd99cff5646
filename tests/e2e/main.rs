//! The built program with real Helm 3, real Helm 4 and Go's own YAML reader, on whole streams.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that unwraps fails with a good message"
)]

mod bad_input;
mod docs;
mod go_yaml;
mod helm3;
mod helm4;
mod helmfile;
mod large;
mod other_tools;
mod program;
mod recorded_streams;
#[path = "../yaml/objects.rs"]
mod yaml;
