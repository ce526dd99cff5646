//! `fixative serve` in a real control plane: etcd, kube-apiserver and kube-controller-manager, built by `make tools`,
//! without containers, root, or a network beyond loopback. Linux only: Services have addresses in 127/8.
//!
//! One control plane serves all tests of this program; it is ready after about 5 seconds, and all tests together take
//! about 80 seconds on two cores. Each test works in a namespace (`room`) with a webhook of its own, which is called as
//! in a cluster: through a Service, by its name, over TLS and HTTP/1.1. There is no kubelet, no scheduler and no
//! kube-proxy: `service` forwards connections to replicas that are ready, `kubelet` runs the Pods of our chart, and
//! the Pods of others get their status from the test. Everything ends with the tests, also by SIGKILL.
//!
//! One subject: `cargo test --test control_plane update::`; one file here for each. `harness` shows that the cluster
//! itself works and is the first to look at. The logs lie in `/tmp/fixative-control-plane-*` while tests run.

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
mod custom_resources;
mod definitions;
mod delete;
mod dry_run;
mod expect;
mod facts;
mod fail_open;
mod harness;
mod helm;
mod installation;
mod kubelet;
mod live;
mod load;
mod mounted;
mod noop;
mod objects;
mod owned;
mod parity;
mod parity_table;
mod plane;
#[path = "../flux/post_renderer.rs"]
#[allow(dead_code, reason = "the tests of that door need more of it")]
mod post_renderer;
mod probe;
mod process;
mod registration;
mod release;
mod reload;
mod room;
mod rotation;
mod same_answer;
mod service;
mod streams;
mod under_load;
mod update;
mod webhook;
#[path = "../yaml/objects.rs"]
mod yaml;

/// What modules of other tests know it by.
mod program {
    pub use crate::process::tool;
}
