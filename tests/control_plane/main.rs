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
mod expect;
mod harness;
mod mounted;
mod noop;
mod objects;
mod plane;
mod process;
mod registration;
mod room;
mod service;
mod webhook;
