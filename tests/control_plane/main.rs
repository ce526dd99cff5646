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
mod create;
mod delete;
mod dry_run;
mod expect;
mod fail_open;
mod harness;
mod mounted;
mod noop;
mod objects;
mod plane;
mod process;
mod registration;
mod room;
mod service;
mod update;
mod webhook;
