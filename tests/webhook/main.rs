//! `fixative serve` as a process: what the API server sends, what an attacker sends, and what changes while it
//! runs. What a real API server makes of the answers is tested in `control_plane`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod abuse;
mod bodies;
mod client;
mod process;
mod recorded;
mod reload;
mod reviews;
mod stop;
