//! `fixative serve`: everything started, joined, and stopped in order.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use prometheus_client::metrics::gauge::Gauge;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::{TlsAcceptor, rustls};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::certificates::{self, CertificateError, Current, Pair};
use super::connections::Connections;
use super::health::{self, Health, Part, Shown};
use super::http::{self, Service};
use super::managed::{self, Managed};
use super::metrics::Metrics;
use super::policies::{Cluster, Load, Reloader};
use super::server::Server;
use crate::cluster::{Facts, Standing};
use crate::world::{Unwatched, World};

/// Connections of people and scrapers.
const HEALTH_CONNECTIONS: usize = 64;
/// What a request that is being answered may still take: longer than the API server waits.
const LAST_ANSWERS: Duration = Duration::from_secs(12);
/// The names of parts in `/readyz?verbose`.
const CERTIFICATE: &str = "certificate";
const SERVING: &str = "serving";
const FACTS: &str = "facts";
/// How often the state of the facts is shown anew.
const FACTS_SHOWN: Duration = Duration::from_secs(2);

/// What to serve, and how.
#[derive(Debug)]
pub struct Options {
    /// Where the API server calls.
    pub listen: SocketAddr,
    /// Where probes and scrapers call.
    pub health_listen: SocketAddr,
    /// Where the certificate comes from.
    pub certificate: CertificateSource,
    /// How policies are read.
    pub load: Load,
    /// Where they are read from.
    pub folders: Vec<PathBuf>,
    /// The webhook's own namespace.
    pub own_namespace: Option<String>,
    /// The cluster, as far as it is asked and told.
    pub cluster: Cluster,
    /// How many connections there may be.
    pub max_connections: usize,
    /// How long it goes on serving after it was told to stop.
    pub drain: Duration,
}

/// Where the certificate comes from.
#[derive(Debug)]
pub enum CertificateSource {
    /// A folder with `tls.crt` and `tls.key`.
    Folder(PathBuf),
    /// Made by ourselves.
    Managed(Box<Managed>),
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// The certificate of the folder cannot be served.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The signals that stop a server cannot be heard.
    #[error("signals cannot be heard: {0}")]
    Signals(std::io::Error),
}

/// How many requests are judged at once: all cores, and some for policies that take long.
pub fn judges() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from) + 2
}

/// Serves until it is told to stop (SIGTERM, SIGINT).
pub async fn serve(options: Options) -> Result<(), ServeError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Signals)?;
    let metrics = Arc::new(Metrics::default());
    let health = Arc::new(Health::default());
    let current = Arc::new(Current::default());
    let world: Arc<dyn World + Send + Sync> = match &options.cluster.facts {
        Some(facts) => Arc::clone(facts) as _,
        None => Arc::new(Unwatched),
    };
    let service = Arc::new(Service {
        rules: ArcSwapOption::empty(),
        world,
        own_namespace: options.own_namespace,
        metrics: Arc::clone(&metrics),
        judging: Arc::new(Semaphore::new(judges())),
        bodies: Arc::new(Semaphore::new(http::BODIES)),
        draining: false.into(),
    });
    let tls = certificates::server_config(Arc::clone(&current))?;
    let listener = listen(options.listen).await?;
    let plain = listen(options.health_listen).await?;

    let server = Server {
        router: http::router(Arc::clone(&service)),
        tls: Some(TlsAcceptor::from(Arc::new(tls))),
        connections: Connections::new(options.max_connections, metrics.connections.clone()),
        stop: CancellationToken::new(),
        tasks: TaskTracker::new(),
    };
    let shown = Shown {
        health: Arc::clone(&health),
        metrics: Arc::clone(&metrics),
    };
    let probes = Server {
        router: health::router(shown),
        tls: None,
        connections: Connections::new(HEALTH_CONNECTIONS, Gauge::default()),
        ..server.clone()
    };
    let mut policies = Reloader::new(
        options.load,
        options.folders,
        Arc::clone(&service),
        Arc::clone(&health),
        options.cluster.clone(),
    );
    start_certificate(options.certificate, &current, &health, &metrics)?;
    policies.load_now();
    tokio::spawn(policies.follow());
    if let Some(facts) = options.cluster.facts {
        tokio::spawn(show_facts(facts, Arc::clone(&health), Arc::clone(&metrics)));
    }
    tokio::spawn(server.clone().run(listener));
    tokio::spawn(probes.run(plain));
    health.set(SERVING, Part::Good("yes".to_owned()));
    tracing::info!(listen = %options.listen, health = %options.health_listen, "serving");

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!(
        seconds = options.drain.as_secs(),
        "told to stop, serving on while the cluster learns of it"
    );
    health.set(SERVING, Part::NotReady("about to stop".to_owned()));
    // Answers ask the API server to close its connections.
    service.draining.store(true, Ordering::Relaxed);
    tokio::select! {
        () = sleep(options.drain) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    server.stop.cancel();
    server.tasks.close();
    if timeout(LAST_ANSWERS, server.tasks.wait()).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Says for ever which facts are known. Requests are wanted all the same: what is not known is Unknown.
async fn show_facts(facts: Arc<Facts>, health: Arc<Health>, metrics: Arc<Metrics>) {
    loop {
        let mut lines = Vec::new();
        for status in facts.status() {
            let is_known = matches!(status.standing, Standing::Synced | Standing::NotInstalled);
            metrics.facts(status.kind.to_string(), is_known);
            if !is_known {
                let error = status.error.map(|error| format!(": {error}")).unwrap_or_default();
                lines.push(format!("{} is {:?}{error}", status.kind, status.standing));
            }
        }
        let part = if lines.is_empty() {
            Part::Good("all synced".to_owned())
        } else {
            Part::Worse(lines.join("; "))
        };
        health.set(FACTS, part);
        sleep(FACTS_SHOWN).await;
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| ServeError::Listen { address, error })
}

fn start_certificate(
    source: CertificateSource,
    current: &Arc<Current>,
    health: &Arc<Health>,
    metrics: &Arc<Metrics>,
) -> Result<(), ServeError> {
    match source {
        CertificateSource::Folder(folder) => {
            let pair = Pair::from_folder(&folder)?;
            current.set(&pair);
            metrics.certificate(pair.expiry);
            health.set(CERTIFICATE, Part::Good(format!("from {}", folder.display())));
            tokio::spawn(certificates::follow(
                folder,
                pair,
                Arc::clone(current),
                Arc::clone(metrics),
            ));
        }
        CertificateSource::Managed(managed) => {
            health.set(CERTIFICATE, Part::NotReady("not made yet".to_owned()));
            let shared = managed::Shared {
                current: Arc::clone(current),
                health: Arc::clone(health),
                metrics: Arc::clone(metrics),
                part: CERTIFICATE,
            };
            tokio::spawn(managed.follow(shared));
        }
    }
    Ok(())
}
