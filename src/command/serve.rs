//! `fixative serve`: the admission webhook.

use std::sync::Arc;
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use super::{Console, Failure, Status, set};
use crate::cli::{ServeArgs, SetArgs};
use crate::output::Style;
use crate::webhook::events::Events;
use crate::webhook::managed::Managed;
use crate::webhook::policies::Load;
use crate::webhook::serve::{CertificateSource, Options, serve};
use crate::world::Unwatched;

/// A policy may nest deep before it meets its budget.
const STACK: usize = 16 << 20;
/// Threads that judge; more would only take memory.
const JUDGES: usize = 64;

pub(super) fn run(args: &ServeArgs, _console: &mut Console) -> Result<Status, Failure> {
    log();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("fixative")
        .thread_stack_size(STACK)
        .max_blocking_threads(JUDGES)
        .build()
        .map_err(|error| Failure::Usage(format!("no threads can be started: {error}")))?;
    runtime.block_on(start(args))?;
    // A policy that still runs for a request that nobody waits for does not hold up the end.
    runtime.shutdown_background();
    Ok(Status::Good)
}

async fn start(args: &ServeArgs) -> Result<(), Failure> {
    let needs_cluster = args.tls_secret.is_some();
    let client = if needs_cluster {
        Some(client().await?)
    } else {
        None
    };
    let options = Options {
        listen: args.listen,
        health_listen: args.health_listen,
        certificate: certificate(args, client.as_ref())?,
        load: load(args.set.clone()),
        folders: set::folders(&args.set),
        world: Arc::new(Unwatched),
        own_namespace: args.namespace.clone(),
        events: events(args, client),
        max_connections: usize::from(args.max_connections),
        drain: Duration::from_secs(u64::from(args.drain)),
    };
    serve(options).await?;
    Ok(())
}

async fn client() -> Result<::kube::Client, Failure> {
    let client = ::kube::Client::try_default().await;
    client.map_err(|error| Failure::Usage(format!("the cluster cannot be reached: {error}")))
}

fn certificate(args: &ServeArgs, client: Option<&::kube::Client>) -> Result<CertificateSource, Failure> {
    if let Some(folder) = &args.tls_dir {
        return Ok(CertificateSource::Folder(folder.clone()));
    }
    match (client, &args.tls_secret, &args.namespace, &args.service) {
        (Some(client), Some(secret), Some(namespace), Some(service)) => {
            Ok(CertificateSource::Managed(Box::new(Managed {
                client: client.clone(),
                namespace: namespace.clone(),
                secret: secret.clone(),
                names: vec![
                    format!("{service}.{namespace}.svc"),
                    format!("{service}.{namespace}"),
                ],
                configuration: args.webhook_configuration.clone(),
            })))
        }
        _ => Err(Failure::Usage(
            "--tls-secret needs --namespace and --service".to_owned(),
        )),
    }
}

fn events(args: &ServeArgs, client: Option<::kube::Client>) -> Events {
    let pod = std::env::var("POD_NAME").ok().filter(|name| !name.is_empty());
    match (client, &args.namespace, pod) {
        (Some(client), Some(namespace), Some(pod)) => Events::on_pod(client, namespace, &pod),
        _ => Events::default(),
    }
}

fn load(args: SetArgs) -> Load {
    Load::new(move || match set::read(&args) {
        Ok((set, _)) => Ok(set),
        Err(failure) => Err(failure.draw(Style::default())),
    })
}

/// One JSON object a line on stderr; `FIXATIVE_LOG=debug` says more.
fn log() {
    let filter = EnvFilter::try_from_env("FIXATIVE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // A second subscriber in one process is a test's, which has its own.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}
