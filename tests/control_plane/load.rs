//! A bounded, steady load: a few clients, each with a pause between its calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::api::{Api, JSON};
use crate::objects::{deployment, linked_pod};
use crate::plane::plane;
use crate::process::wait;

/// How many clients call at once, and how long each waits after an answer.
const CLIENTS: usize = 4;
const PAUSE: Duration = Duration::from_millis(25);

/// Dry-run creations of a Deployment that the webhook repairs.
pub struct Load {
    over: Arc<AtomicBool>,
    calls: Arc<AtomicU64>,
    clients: Vec<JoinHandle<Tally>>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Tally {
    /// Calls in all.
    pub calls: u64,
    /// Those that came back repaired.
    pub repaired: u64,
    /// Those that went through as they were: the webhook was not there, and `failurePolicy` let them.
    pub unrepaired: u64,
    /// What the API server said to those that failed.
    pub failed: Vec<Value>,
}

impl Tally {
    /// Every call came back, and repaired.
    #[track_caller]
    pub fn none_failed(&self) {
        assert!(
            self.failed.is_empty(),
            "{} of {}: {:#?}",
            self.failed.len(),
            self.calls,
            self.failed.first()
        );
        assert_eq!(self.repaired, self.calls, "{self:?}");
    }
}

impl Load {
    /// Starts to call.
    pub fn start(room: &Api) -> Self {
        let (over, calls): (Arc<AtomicBool>, Arc<AtomicU64>) = Default::default();
        let clients = (0..CLIENTS).map(|_| {
            let client = client(room.clone(), Arc::clone(&over), Arc::clone(&calls));
            plane().runtime.spawn(client)
        });
        let clients = clients.collect();
        Self { over, calls, clients }
    }

    /// Waits until there were so many more calls.
    #[track_caller]
    pub fn go_on(&self, more: u64) {
        let goal = self.calls.load(Ordering::Relaxed) + more;
        wait(Duration::from_secs(120), "calls", || {
            (self.calls.load(Ordering::Relaxed) >= goal).then_some(())
        });
    }

    /// Ends it.
    pub fn end(self) -> Tally {
        self.over.store(true, Ordering::Relaxed);
        let mut all = Tally::default();
        for client in self.clients {
            let one = plane().runtime.block_on(client).unwrap();
            all.calls += one.calls;
            all.repaired += one.repaired;
            all.unrepaired += one.unrepaired;
            all.failed.extend(one.failed);
        }
        all
    }
}

async fn client(room: Api, over: Arc<AtomicBool>, calls: Arc<AtomicU64>) -> Tally {
    let object = deployment("immich", linked_pod());
    let path = tokio::task::block_in_place(|| room.dry_run_path(&object));
    let mut tally = Tally::default();
    while !over.load(Ordering::Relaxed) {
        let answer = room.call("POST", &path, JSON, &object).await;
        tally.calls += 1;
        calls.fetch_add(1, Ordering::Relaxed);
        match answer.body.pointer("/spec/template/spec/enableServiceLinks") {
            Some(links) if *links == json!(false) => tally.repaired += 1,
            Some(_) => tally.unrepaired += 1,
            None => tally.failed.push(answer.body),
        }
        tokio::time::sleep(PAUSE).await;
    }
    tally
}
