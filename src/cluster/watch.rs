//! One watched kind: finds out how it is served, lists it, follows its changes, and begins anew when it must.

use std::sync::Arc;
use std::time::Duration;

use ::kube::runtime::reflector::Store;
use ::kube::runtime::reflector::store::Writer;
use ::kube::runtime::watcher::{self, Event};
use ::kube::{Api, Client};
use arc_swap::{ArcSwap, ArcSwapOption};
use futures::StreamExt as _;
use tokio::time::sleep;

use super::discovery::{Kinds, Served};
use super::object::Object;
use super::{Standing, code, sentence};
use crate::kube::GroupKind;

/// How long it is waited for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// After the first failure.
    pub first: Duration,
    /// After many failures.
    pub most: Duration,
    /// Until it is looked again whether a definition was installed.
    pub recheck: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            most: Duration::from_secs(30),
            recheck: Duration::from_secs(30),
        }
    }
}

/// What is known of a kind; readers take it as it is and never wait.
#[derive(Debug, Default)]
pub(super) struct Watched {
    pub standing: ArcSwap<Standing>,
    /// What went wrong last, until something goes well.
    pub error: ArcSwapOption<String>,
    /// The objects as of the last whole list and what came since. They stay while a lost watch is found again.
    pub objects: ArcSwapOption<Shelf>,
}

/// The objects of a kind.
#[derive(Debug)]
pub(super) struct Shelf {
    pub served: Served,
    pub store: Store<Object>,
}

/// Why following a kind ended.
enum Ended {
    /// It may not be read.
    Forbidden,
    /// It is not there as it was: another version, no definition, an expired list.
    Changed,
}

/// Waits longer and longer.
struct Delay {
    pace: Pace,
    next: Duration,
}

impl Delay {
    fn new(pace: Pace) -> Self {
        let next = pace.first;
        Self { pace, next }
    }

    fn reset(&mut self) {
        self.next = self.pace.first;
    }

    async fn wait(&mut self) {
        sleep(self.next).await;
        self.next = (self.next * 2).min(self.pace.most);
    }
}

impl Watched {
    fn failed(&self, error: String) {
        self.error.store(Some(Arc::new(error)));
    }

    /// Nothing is known any more, because of this.
    fn lost(&self, standing: Standing) {
        self.standing.store(Arc::new(standing));
        self.objects.store(None);
    }

    fn synced(&self, served: &Served, store: Store<Object>) {
        let served = served.clone();
        self.objects.store(Some(Arc::new(Shelf { served, store })));
        self.standing.store(Arc::new(Standing::Synced));
    }
}

/// Keeps what is known of `kind` up to date, for ever.
pub(super) async fn keep(
    client: Client,
    kinds: Arc<Kinds>,
    kind: GroupKind,
    watched: Arc<Watched>,
    pace: Pace,
) {
    let mut delay = Delay::new(pace);
    loop {
        match kinds.served_now(&kind).await {
            Ok(Some(served)) => match follow(&client, &served, &watched, &mut delay).await {
                Ended::Forbidden => watched.lost(Standing::Forbidden),
                Ended::Changed => {}
            },
            Ok(None) => {
                watched.lost(Standing::NotInstalled);
                watched.error.store(None);
                delay.reset();
                sleep(pace.recheck).await;
                continue;
            }
            Err(error) => {
                watched.failed(sentence(&error));
                if code(&error) == Some(403) {
                    watched.lost(Standing::Forbidden);
                }
            }
        }
        delay.wait().await;
    }
}

/// Lists and follows the kind until it must be looked up again. A watch that breaks off is taken up where it
/// was.
async fn follow(client: &Client, served: &Served, watched: &Watched, delay: &mut Delay) -> Ended {
    let api: Api<Object> = Api::all_with(client.clone(), &served.resource);
    let mut writer = Writer::new(served.resource.clone());
    let mut events = std::pin::pin!(watcher::watcher(api, watcher::Config::default()));
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                let is_whole = matches!(event, Event::InitDone);
                let is_news = !matches!(event, Event::Init | Event::InitApply(_));
                writer.apply_watcher_event(&event.modify(|object| object.complete(&served.resource)));
                if is_whole {
                    watched.synced(served, writer.as_reader());
                }
                if is_news {
                    watched.error.store(None);
                    delay.reset();
                }
            }
            Err(error) => {
                watched.failed(error_sentence(&error));
                match (error_code(&error), &error) {
                    (Some(403), _) => return Ended::Forbidden,
                    (Some(404 | 410), _) | (_, watcher::Error::InitialListFailed(_)) => {
                        return Ended::Changed;
                    }
                    _ => delay.wait().await,
                }
            }
        }
    }
    Ended::Changed
}

fn error_code(error: &watcher::Error) -> Option<u16> {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => code(error),
        watcher::Error::WatchError(status) => Some(status.code),
        watcher::Error::NoResourceVersion => None,
    }
}

fn error_sentence(error: &watcher::Error) -> String {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => sentence(error),
        watcher::Error::WatchError(status) => status.message.clone(),
        watcher::Error::NoResourceVersion => "the server sends no resourceVersion".to_owned(),
    }
}
