//! The chart of the webhook, as real Helm 3 and real Helm 4 render it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that unwraps fails with a good message"
)]

mod certificates;
mod chart;
mod generated;
mod metrics;
mod network;
mod policies;
#[path = "../e2e/program.rs"]
#[allow(dead_code, reason = "the end-to-end tests use all of it")]
mod program;
mod refusals;
mod rendering;
mod rights;
mod webhooks;
mod workload;
