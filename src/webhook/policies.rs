//! Policies that change while requests are answered: a set that does not load never replaces one that does.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::configurations::Configurations;
use super::events::Events;
use super::health::{Health, Part};
use super::http::Service;
use super::rules::Rules;
use super::watch::Watch;
use crate::cluster::Facts;
use crate::policy::{Digest, Door, PolicySet};

/// An API server that takes longer is told later.
const TELLING: Duration = Duration::from_secs(10);
/// The name of this part in `/readyz?verbose`.
const PART: &str = "policies";

/// What is said where loading panicked.
const BUG: &str = "the program itself failed: this is a bug of fixative";

/// Reads all policies as they are now; an error is what people read.
#[derive(Clone)]
pub struct Load(Arc<dyn Fn() -> Result<PolicySet, String> + Send + Sync>);

impl Load {
    /// Loads by `load`.
    pub fn new(load: impl Fn() -> Result<PolicySet, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(load))
    }

    /// The policies, ready to judge by. A panic is an error, too: the last good ones stay.
    fn rules(&self) -> Result<Rules, String> {
        let rules = AssertUnwindSafe(|| (self.0)().map(Rules::new));
        catch_unwind(rules).unwrap_or_else(|_panic| Err(BUG.to_owned()))
    }
}

impl fmt::Debug for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Load")
    }
}

/// What of the cluster depends on the policies; all of it may be missing.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// Where troubles are told.
    pub events: Events,
    /// What is known; other policies ask for other kinds.
    pub facts: Option<Arc<Facts>>,
    /// Where the digest is written.
    pub configurations: Option<Configurations>,
}

/// Loads and keeps loading.
#[derive(Debug)]
pub struct Reloader {
    /// How.
    pub load: Load,
    /// Where it is read from.
    pub folders: Vec<PathBuf>,
    /// Whose policies they are.
    pub service: Arc<Service>,
    /// Where people look.
    pub health: Arc<Health>,
    /// What the cluster hears and tells.
    pub cluster: Cluster,
    /// The digest that stands on the webhook configurations.
    announced: Option<Digest>,
    digest: Option<Digest>,
    /// Why the policies as they are now cannot be loaded, and whether the cluster was told.
    trouble: Option<Trouble>,
}

#[derive(Debug)]
struct Trouble {
    error: String,
    is_told: bool,
}

impl Reloader {
    /// Nothing is loaded yet.
    pub fn new(
        load: Load,
        folders: Vec<PathBuf>,
        service: Arc<Service>,
        health: Arc<Health>,
        cluster: Cluster,
    ) -> Self {
        health.set(PART, Part::NotReady("not loaded yet".to_owned()));
        Self {
            load,
            folders,
            service,
            health,
            cluster,
            announced: None,
            digest: None,
            trouble: None,
        }
    }

    /// Loads once. No cluster is asked or told: requests must not wait for that.
    pub fn load_now(&mut self) {
        let loaded = self.load.rules();
        self.loaded(loaded);
    }

    fn loaded(&mut self, loaded: Result<Rules, String>) {
        match loaded {
            Ok(rules) => self.take(rules),
            Err(error) => self.refuse(error),
        }
    }

    /// Loads again whenever something changed, for ever. The date is a change too: exemptions end.
    pub async fn follow(mut self) {
        let mut watch = Watch::new(&self.folders);
        loop {
            if timeout(TELLING, self.tell()).await.is_err() {
                tracing::warn!("the API server does not answer, it is told later");
            }
            watch.changed().await;
            // Loading takes as long as a hundred reviews, which do not wait for it.
            let load = self.load.clone();
            // The runtime stops where this fails.
            let Ok(loaded) = spawn_blocking(move || load.rules()).await else {
                return;
            };
            self.loaded(loaded);
        }
    }

    fn take(&mut self, rules: Rules) {
        let set = &rules.set;
        let digest = set.digest;
        let policies = set
            .policies
            .iter()
            .filter(|policy| policy.inactive.is_none())
            .count();
        if self.digest != Some(digest) || self.trouble.is_some() {
            tracing::info!(%digest, policies, "policies are loaded");
            self.service.metrics.loaded(digest.to_string(), now());
            let detail = format!("{digest}, {policies} active");
            self.health.set(PART, Part::Good(detail));
        }
        self.digest = Some(digest);
        self.trouble = None;
        if let Some(facts) = &self.cluster.facts {
            facts.changed(set.asks(Door::Admission).kinds);
        }
        self.service.rules.store(Some(Arc::new(rules)));
    }

    fn refuse(&mut self, error: String) {
        if self
            .trouble
            .as_ref()
            .is_some_and(|trouble| trouble.error == error)
        {
            return;
        }
        tracing::error!(error, "the policies cannot be loaded, the last good ones stay");
        self.service.metrics.not_loaded();
        let part = match self.digest {
            Some(digest) => Part::Worse(format!(
                "{digest} stays, because the new ones cannot be loaded:\n{error}"
            )),
            None => Part::NotReady(format!("they cannot be loaded:\n{error}")),
        };
        self.health.set(PART, part);
        self.trouble = Some(Trouble {
            error,
            is_told: false,
        });
    }

    /// Tells the cluster what changed; what fails is told again at the next look.
    async fn tell(&mut self) {
        if let Some(trouble) = self.trouble.as_mut().filter(|trouble| !trouble.is_told) {
            self.cluster
                .events
                .warn("PoliciesNotLoaded", &trouble.error)
                .await;
            trouble.is_told = true;
        }
        let (Some(configurations), Some(digest)) = (&self.cluster.configurations, self.digest) else {
            return;
        };
        if self.announced == Some(digest) {
            return;
        }
        match configurations.announce_digest(&digest.to_string()).await {
            Ok(()) => self.announced = Some(digest),
            Err(error) => {
                tracing::warn!(%error, "the digest could not be written onto the webhook configurations");
            }
        }
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use arc_swap::ArcSwapOption;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::policy::{LoadOptions, load};
    use crate::world::Unwatched;

    fn service() -> Arc<Service> {
        Arc::new(Service {
            rules: ArcSwapOption::empty(),
            world: Arc::new(Unwatched),
            own_namespace: None,
            metrics: Arc::default(),
            judging: Arc::new(Semaphore::new(1)),
            bodies: Arc::new(Semaphore::new(1)),
            draining: AtomicBool::new(false),
        })
    }

    #[test]
    fn a_load_that_panics_is_told_and_the_last_good_policies_stay() {
        let (service, health) = (service(), Arc::new(Health::default()));
        let is_broken = Arc::new(AtomicBool::new(true));
        let seen = Arc::clone(&is_broken);
        let loading = Load::new(move || match seen.load(Ordering::Relaxed) {
            true => panic!("a bug"),
            false => Ok(load(&LoadOptions::default()).unwrap()),
        });
        let (to, shown) = (Arc::clone(&service), Arc::clone(&health));
        let mut reloader = Reloader::new(loading, Vec::new(), to, shown, Cluster::default());
        reloader.load_now();
        let (is_ready, report) = health.report();
        assert!(!is_ready && report.contains(BUG), "{report}");
        assert!(service.rules.load().is_none());

        is_broken.store(false, Ordering::Relaxed);
        reloader.load_now();
        assert!(health.report().0 && service.rules.load().is_some());

        is_broken.store(true, Ordering::Relaxed);
        reloader.load_now();
        let (is_ready, report) = health.report();
        assert!(
            is_ready && report.contains("stays") && report.contains(BUG),
            "{report}"
        );
        assert!(service.rules.load().is_some());
    }
}
