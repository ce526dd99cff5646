//! `make bench`, in a real API server: what `fixative serve` adds to the creation of a Deployment, beside a webhook
//! that does nothing and beside none. Dry runs by one client, one after the other, in turns; client, API server, etcd
//! and webhooks share this machine, so look at the ratio.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark that borrows the harness of the tests"
)]

#[path = "../tests/control_plane/api.rs"]
mod api;
#[path = "../tests/control_plane/certificates.rs"]
mod certificates;
#[path = "../tests/control_plane/expect.rs"]
mod expect;
#[path = "../tests/control_plane/mounted.rs"]
mod mounted;
#[path = "../tests/control_plane/noop.rs"]
mod noop;
#[path = "../tests/control_plane/objects.rs"]
mod objects;
#[path = "../tests/control_plane/plane.rs"]
mod plane;
#[path = "../tests/control_plane/process.rs"]
mod process;
#[path = "../tests/control_plane/registration.rs"]
mod registration;
#[path = "../tests/control_plane/room.rs"]
mod room;
#[path = "../tests/control_plane/service.rs"]
mod service;
#[path = "../tests/control_plane/webhook.rs"]
mod webhook;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use api::Api;
use certificates::Authority;
use noop::Noop;
use objects::{deployment, linked_pod};
use plane::plane;
use registration::{FailurePolicy, Owned, configurations};
use room::{HOME, home, room};
use service::{PORT, Replica, Service};
use webhook::{Settings, Webhook, until_called};

const ROUNDS: usize = 5;
const A_ROUND: usize = 150;

fn main() {
    let none = room("latency-none");
    let nothing = room("latency-noop");
    let (_service, _noop) = do_nothing(&nothing);
    let ours = room("latency-ours");
    let _webhook = Webhook::start(&ours, Settings::default());
    let rooms = [
        ("no webhook", &none),
        ("do-nothing, mutating and validating", &nothing),
        ("fixative serve, both; one repair", &ours),
    ];
    let mut times: [Vec<Duration>; 3] = Default::default();
    for _ in 0..ROUNDS {
        for ((_, room), times) in rooms.iter().zip(&mut times) {
            times.extend((0..A_ROUND).map(|_| create(room)));
        }
    }
    println!(
        "creating a Deployment of the Immich server, dry run, {} of each",
        ROUNDS * A_ROUND
    );
    let base = median(&mut times[0]);
    for ((name, _), times) in rooms.iter().zip(&mut times) {
        let took = median(times);
        let added = (took.as_secs_f64() - base.as_secs_f64()) * 1e3;
        println!(
            "  {name:<36} p50 {:>6.2} ms  added {added:>5.2} ms",
            took.as_secs_f64() * 1e3
        );
    }
}

fn create(room: &Api) -> Duration {
    let object = deployment("web", linked_pod());
    let start = Instant::now();
    let answer = room.dry_run(&object);
    let took = start.elapsed();
    assert_eq!(answer.status, 201, "{answer:?}");
    took
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn do_nothing(room: &Api) -> (Service, Noop) {
    let service = Service::create("latency-noop");
    let authority = Authority::new(&format!("{}.{HOME}.svc", service.name));
    let issued = authority.issue();
    let address = SocketAddr::from((plane().pod_address(), PORT));
    let started = Noop::start(address, &issued.certificate, &issued.key);
    let noop = plane().runtime.block_on(started);
    service.add(Replica {
        address: noop.address,
        health: None,
    });
    for configuration in configurations(
        room,
        &service,
        &authority.certificate,
        FailurePolicy::Fail,
        Owned::Dropped,
    ) {
        assert_eq!(home().create(&configuration).status, 201);
    }
    until_called(room, || noop.calls() >= 2);
    (service, noop)
}
