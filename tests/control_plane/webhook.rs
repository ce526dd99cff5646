//! `fixative serve` as a process behind a Service, registered for one namespace.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::api::Api;
use crate::certificates::Authority;
use crate::mounted::Mounted;
use crate::plane::plane;
use crate::process::{FIXATIVE, Process, repository, wait};
use crate::registration::{FailurePolicy, Owned, configurations};
use crate::room::{HOME, home};
use crate::service::{PORT, Replica, Service, get};

/// How a webhook is started and registered.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The configuration file.
    pub config: &'static str,
    /// Whether it watches the cluster for the facts that its policies ask for.
    pub facts: bool,
    /// More arguments of `serve`.
    pub arguments: &'static [&'static str],
    /// Packs out of `tests/fixtures/packs` that lie beside the configuration.
    pub packs: &'static [&'static str],
    /// What happens to calls that fail.
    pub failure: FailurePolicy,
    /// Whether owned objects reach it.
    pub owned: Owned,
    /// How many processes.
    pub replicas: usize,
}

/// The Immich pack as it is shipped.
pub const SHIPPED: &str = "apiVersion: fixative.dev/v1alpha1
kind: Config
packs: [{name: immich}]
";

impl Default for Settings {
    fn default() -> Self {
        Self {
            config: SHIPPED,
            facts: false,
            arguments: &[],
            packs: &[],
            // A call that fails must not look like one that allowed.
            failure: FailurePolicy::Fail,
            owned: Owned::Dropped,
            replicas: 1,
        }
    }
}

/// The webhook of one namespace.
pub struct Webhook {
    room: Api,
    settings: Settings,
    service: Service,
    authority: Authority,
    tls: Mounted,
    config: Mounted,
    replicas: Vec<Running>,
    registered: [Value; 2],
}

struct Running {
    process: Process,
    replica: Replica,
    health: SocketAddr,
}

impl Webhook {
    /// Starts and registers it, and waits until calls really reach it.
    #[track_caller]
    pub fn start(room: &Api, settings: Settings) -> Self {
        let service = Service::create(&room.namespace);
        let authority = Authority::new(&format!("{}.{HOME}.svc", service.name));
        let folder = plane().folder(&format!("webhook-{}", room.namespace));
        let registered = configurations(
            room,
            &service,
            &authority.certificate,
            settings.failure,
            settings.owned,
        );
        let config = Mounted::new(folder.join("config"));
        for pack in settings.packs {
            let from = repository("tests/fixtures/packs").join(pack);
            symlink(from, config.path(pack)).unwrap();
        }
        let mut webhook = Self {
            room: room.clone(),
            settings,
            service,
            authority,
            tls: Mounted::new(folder.join("tls")),
            config,
            replicas: Vec::new(),
            registered,
        };
        webhook.configure(settings.config);
        webhook.rotate_certificate();
        for _ in 0..settings.replicas {
            webhook.add_replica();
        }
        webhook.register();
        webhook
    }

    /// The configuration file is this now.
    pub fn configure(&mut self, config: &str) {
        self.config.write(&[("fixative.yaml", config)]);
    }

    /// Another certificate of the same authority lies in the mounted folder.
    pub fn rotate_certificate(&mut self) {
        let issued = self.authority.issue();
        self.tls
            .write(&[("tls.crt", &issued.certificate), ("tls.key", &issued.key)]);
    }

    /// Starts one more process and waits until it is ready.
    #[track_caller]
    pub fn add_replica(&mut self) {
        static STARTED: AtomicU32 = AtomicU32::new(1);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let address = plane().pod_address();
        let (serving, health) = (
            SocketAddr::from((address, PORT)),
            SocketAddr::from((address, 8080)),
        );
        let folder = plane().folder(&format!("replica-{number}"));
        let mut command = Command::new(FIXATIVE);
        command
            // Packs are named from where the program runs.
            .current_dir(self.config.folder())
            .env_clear()
            .env("FIXATIVE_LOG", "info")
            .env("POD_NAME", format!("fixative-{number}"))
            .env("POD_NAMESPACE", HOME)
            .args(["serve", "--listen", &serving.to_string()])
            .args(["--health-listen", &health.to_string()])
            .arg("--tls-dir")
            .arg(self.tls.folder())
            .arg("--config")
            .arg(self.config.path("fixative.yaml"))
            .args(self.settings.arguments);
        if self.settings.facts {
            command
                .arg("--facts")
                .arg("--kubeconfig")
                .arg(plane().kubeconfig());
        }
        let mut process = Process::start(&mut command, folder.join("log"));
        let replica = Replica {
            address: serving,
            health: Some(health),
        };
        self.service.add(replica);
        wait(Duration::from_secs(30), "a replica", || {
            if let Some(status) = process.ended() {
                panic!("fixative serve ended with {status}:\n{}", process.said());
            }
            self.service.is_ready(replica).then_some(())
        });
        self.replicas.push(Running {
            process,
            replica,
            health,
        });
    }

    /// Ends the oldest replica as the deletion of its Pod does: no new connections, SIGTERM. Its exit status.
    #[track_caller]
    pub fn terminate_replica(&mut self) -> i32 {
        let running = self.replicas.remove(0);
        self.service.remove(running.replica);
        running.process.terminate()
    }

    /// Kills the oldest replica at once; nobody is told.
    pub fn kill_replica(&mut self) {
        drop(self.replicas.remove(0));
    }

    /// The sum of a metric over all replicas and all series that have each of `labels`: `result="denied"`.
    pub fn metric(&self, name: &str, labels: &[&str]) -> f64 {
        let texts = self.replicas.iter().map(|running| {
            let answer = get(running.health, "/metrics");
            answer
                .unwrap_or_else(|| panic!("no metrics of {}", running.health))
                .1
        });
        texts.map(|text| sum(&text, name, labels)).sum()
    }

    /// Sends a signal to all replicas.
    pub fn signal(&self, name: &str) {
        for running in &self.replicas {
            running.process.signal(name);
        }
    }

    /// What the replicas said.
    pub fn log(&self) -> String {
        self.replicas
            .iter()
            .map(|running| running.process.said())
            .collect()
    }

    /// Writes the two configurations and waits until they are in force.
    #[track_caller]
    fn register(&self) {
        for configuration in &self.registered {
            let answer = home().create(configuration);
            assert_eq!(answer.status, 201, "{answer:?}");
        }
        until_called(&self.room, || {
            let calls = |webhook| self.metric("fixative_admission_requests_total", &[webhook]) > 0.0;
            calls("webhook=\"mutate\"") && calls("webhook=\"validate\"")
        });
    }

    /// Deletes the validating configuration alone: repairs go on, nothing is denied.
    #[track_caller]
    pub fn unregister_validation(&self) {
        home().delete(&self.registered[1]).accepts();
    }

    /// The digest of the policies that each replica holds.
    pub fn digests(&self) -> Vec<String> {
        let of = |running: &Running| {
            let (_, text) = get(running.health, "/metrics")?;
            let line = text
                .lines()
                .find(|line| line.starts_with("fixative_policies_loaded{"))?;
            Some(line.split('"').nth(1)?.to_owned())
        };
        self.replicas
            .iter()
            .map(|running| of(running).expect("the metric policies_loaded"))
            .collect()
    }

    /// Waits until readiness was asked for since whatever happened.
    #[track_caller]
    pub fn wait_until_only_the_living_are_ready(&self) {
        let living: BTreeSet<_> = self
            .replicas
            .iter()
            .map(|running| running.replica.address)
            .collect();
        wait(Duration::from_secs(10), "readiness", || {
            (self.service.ready().into_iter().collect::<BTreeSet<_>>() == living).then_some(())
        });
    }

    /// Deletes both configurations, as an uninstall does.
    pub fn unregister(&self) {
        for configuration in &self.registered {
            home().delete(configuration);
        }
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        // A failed test must not leave a webhook behind that refuses what others do.
        if !std::thread::panicking() {
            self.unregister();
        }
    }
}

/// Sends dry runs that nobody minds until the webhooks were called.
#[track_caller]
pub fn until_called(room: &Api, called: impl Fn() -> bool) {
    let probe = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"},
        "spec": {"containers": [{"name": "probe", "image": "example.com/nothing"}]},
    });
    wait(Duration::from_secs(20), "a call of the webhook", || {
        room.dry_run(&probe);
        called().then_some(())
    });
}

/// The sum of the series of a metric that have all labels.
fn sum(text: &str, name: &str, labels: &[&str]) -> f64 {
    let series = text.lines().filter(|line| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['{', ' ']))
            && labels.iter().all(|label| line.contains(label))
    });
    series
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

/// An object out of a file of the repository.
pub fn text(path: &str) -> String {
    let path = repository(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
