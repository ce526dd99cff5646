//! `fixative serve`: the admission webhook.

mod log;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::{Console, Failure, Status, set};
use crate::cli::{ServeArgs, SetArgs};
use crate::cluster::{self, Client, ClientOptions, Facts};
use crate::output::Style;
use crate::webhook::configurations::Configurations;
use crate::webhook::events::Events;
use crate::webhook::managed::Managed;
use crate::webhook::policies::{Cluster, Load};
use crate::webhook::serve::{CertificateSource, Options, judges, serve};

/// A policy may nest deep before it meets its budget.
const STACK: usize = 16 << 20;
/// Threads beside those that judge: names are looked up and policies are loaded on them.
const OTHERS: usize = 4;

pub(super) fn run(args: &ServeArgs, _console: &mut Console) -> Result<Status, Failure> {
    log::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("fixative")
        .thread_stack_size(STACK)
        .max_blocking_threads(judges() + OTHERS)
        .build()
        .map_err(Failure::Runtime)?;
    runtime.block_on(start(args))?;
    // A policy that still runs for a request that nobody waits for does not hold up the end.
    runtime.shutdown_background();
    Ok(Status::Good)
}

async fn start(args: &ServeArgs) -> Result<(), Failure> {
    let needs_cluster = args.tls_secret.is_some() || args.facts || args.webhook_configuration.is_some();
    let client = if needs_cluster {
        Some(cluster::connect(&client_options(args)).await?)
    } else {
        None
    };
    let cluster = cluster(args, client.as_ref());
    let options = Options {
        listen: args.listen,
        health_listen: args.health_listen,
        certificate: certificate(args, client, &cluster)?,
        load: load(args.set.clone()),
        folders: set::folders(&args.set),
        own_namespace: args.namespace.clone(),
        cluster,
        max_connections: usize::from(args.max_connections),
        drain: Duration::from_secs(u64::from(args.drain)),
    };
    serve(options).await?;
    Ok(())
}

fn client_options(args: &ServeArgs) -> ClientOptions {
    ClientOptions {
        kubeconfig: args.cluster.kubeconfig.clone(),
        context: args.cluster.context.clone(),
        patience: None,
    }
}

fn cluster(args: &ServeArgs, client: Option<&Client>) -> Cluster {
    let Some(client) = client else {
        return Cluster::default();
    };
    let configurations = args.webhook_configuration.clone();
    Cluster {
        events: events(args, client),
        // What is watched is told by the policies, which are loaded next.
        facts: args
            .facts
            .then(|| Arc::new(Facts::watch(client.clone(), BTreeSet::new()))),
        configurations: configurations.map(|name| Configurations::new(client.clone(), name)),
    }
}

fn certificate(
    args: &ServeArgs,
    client: Option<Client>,
    cluster: &Cluster,
) -> Result<CertificateSource, Failure> {
    if let Some(folder) = &args.tls_dir {
        return Ok(CertificateSource::Folder(folder.clone()));
    }
    match (client, &args.tls_secret, &args.namespace, &args.service) {
        (Some(client), Some(secret), Some(namespace), Some(service)) => {
            Ok(CertificateSource::Managed(Box::new(Managed {
                client,
                namespace: namespace.clone(),
                secret: secret.clone(),
                names: vec![
                    format!("{service}.{namespace}.svc"),
                    format!("{service}.{namespace}"),
                ],
                configurations: cluster.configurations.clone(),
            })))
        }
        _ => Err(Failure::Usage(
            "--tls-secret needs --namespace and --service".to_owned(),
        )),
    }
}

fn events(args: &ServeArgs, client: &Client) -> Events {
    let pod = std::env::var("POD_NAME").ok().filter(|name| !name.is_empty());
    match (&args.namespace, pod) {
        (Some(namespace), Some(pod)) => Events::on_pod(client.clone(), namespace, &pod),
        _ => Events::default(),
    }
}

fn load(args: SetArgs) -> Load {
    Load::new(move || match set::read(&args) {
        Ok((set, _)) => Ok(set),
        Err(failure) => Err(failure.draw(Style::default())),
    })
}
