//! `make bench`, the webhook: `fixative serve` beside a do-nothing server of the same stack, in one run.
//!
//! The floor reads a review's envelope borrowed and always allows. A second one reads the object, too, which is the least
//! that whoever changes it must do. All are processes of their own; the load comes from here, over keep-alive TLS
//! connections. What the load takes of the machine is the same for all.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing
)]

mod load;
mod review;
mod servers;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use load::{CONNECTIONS, STEADY, measure, steady};
use review::sized;
use servers::{floor, served, start_floor, start_ours};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Goals, as shares of the floor's throughput and in times of its p99.
const GOAL_CHANGED: f64 = 0.60;
const GOAL_UNTOUCHED: f64 = 0.85;
const GOAL_P99: f64 = 1.3;
/// Megabytes.
const GOAL_IDLE: f64 = 15.0;
const GOAL_LOADED: f64 = 25.0;
const GOAL_READY: Duration = Duration::from_millis(50);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(position) = arguments.iter().position(|it| it == "--floor") {
        return floor(
            arguments[position + 1].parse().unwrap(),
            Path::new(&arguments[position + 2]),
            arguments[position + 3] == "reads",
        );
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench/webhook");
    let served = served();
    println!("{}", served.display());
    let made = Command::new(&served)
        .args(["certs", "dev", "--force", "-q"])
        .arg(&folder)
        .status();
    assert!(made.unwrap().success());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(compare(&folder));
}

async fn compare(folder: &Path) {
    let ours = start_ours(folder).await;
    println!(
        "  idle memory                  {:>10.1} MB  {}",
        ours.memory(),
        verdict(ours.memory() <= GOAL_IDLE, "15 MB")
    );
    let floor = start_floor(folder, "").await;
    let reader = start_floor(folder, "reads").await;
    let cases = [
        ("5 KB, a policy changes it", sized(5 << 10, true), GOAL_CHANGED),
        ("5 KB, no policy matches", sized(5 << 10, false), GOAL_UNTOUCHED),
        ("60 KB, a policy changes it", sized(60 << 10, true), GOAL_CHANGED),
        ("60 KB, no policy matches", sized(60 << 10, false), GOAL_UNTOUCHED),
    ];
    for (name, body, goal) in cases {
        println!("{name}: {} bytes, {CONNECTIONS} connections", body.len());
        let base = measure(&floor, folder, &body).await;
        let mine = measure(&ours, folder, &body).await;
        base.print("  do-nothing server (floor)", None);
        if goal == GOAL_CHANGED {
            let read = measure(&reader, folder, &body).await;
            read.print("  the same, object read", Some((&base, goal)));
        }
        mine.print("  fixative serve", Some((&base, goal)));
        let [base, mine] = steady([&floor, &ours], folder, &body).await;
        println!("  at {STEADY} requests a second");
        base.print_latency("  do-nothing server (floor)", None);
        mine.print_latency("  fixative serve", Some(&base));
    }
    println!(
        "  memory under load            {:>10.1} MB  {}",
        ours.memory(),
        verdict(ours.memory() <= GOAL_LOADED, "25 MB")
    );
    let size = fs::metadata(served()).unwrap().len() as f64 / 1e6;
    println!(
        "  binary                       {size:>10.1} MB  {}",
        verdict(size <= 15.0, "15 MB")
    );
}

fn verdict(reached: bool, goal: &str) -> String {
    format!("goal {goal}: {}", if reached { "reached" } else { "MISSED" })
}
