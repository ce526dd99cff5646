//! The Flux door beside Flux itself: helm-controller's own code, and real kustomize.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that unwraps fails with a good message"
)]

mod charts;
mod generate;
mod generated;
mod helm_release;
mod post_renderer;
#[path = "../e2e/program.rs"]
#[allow(dead_code, reason = "the end-to-end tests need more of it")]
mod program;
mod reading;
mod refusals;
mod stale;
mod streams;
#[path = "../yaml/objects.rs"]
mod yaml;
