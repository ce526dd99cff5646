//! `fixative serve` in a real control plane.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that unwraps fails with a good message"
)]

mod api;
mod certificates;
mod chart;
mod create;
mod definitions;
mod delete;
mod dry_run;
mod expect;
mod fail_open;
mod harness;
mod helm;
mod kubelet;
mod load;
mod mounted;
mod noop;
mod objects;
mod owned;
mod plane;
mod process;
mod registration;
mod release;
mod room;
mod same_answer;
mod service;
mod streams;
mod under_load;
mod update;
mod webhook;
