//! `fixative audit`: what the policies have to say of a live cluster.

use std::collections::BTreeSet;
use std::time::Duration;

use super::policies::unnamed;
use super::{Console, Failure, Status, findings, progress, set};
use crate::cli::{AuditArgs, ClusterArgs};
use crate::cluster::audit::audit;
use crate::cluster::{ClientOptions, Inventory, Within, connect, snapshot};
use crate::kube::GroupKind;
use crate::policy::{Door, Judged, PolicySet};

/// An answer that stands still for so long does not come any more.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn run(args: &AuditArgs, console: &mut Console) -> Result<Status, Failure> {
    let set = set::load(&args.set, console)?;
    let judged = set.judged(Door::Audit).map_err(unnamed)?;
    let inventory = read(args, wanted(&set, &judged), console)?;
    if inventory.is_closed_to(judged.0.keys()) {
        return Err(Failure::Closed);
    }
    if let Some(path) = &args.snapshot {
        let unwritable = |error| Failure::Unwritable(path.display().to_string(), error);
        snapshot::write(&inventory, path).map_err(unwritable)?;
    }
    let report = audit(&set, &judged, &inventory);
    findings::answer(&report, &set, &args.findings, console)
}

/// What is judged, and what the policies ask for beside it.
fn wanted(set: &PolicySet, judged: &Judged) -> BTreeSet<GroupKind> {
    let mut kinds = set.asks(Door::Audit).kinds;
    kinds.extend(judged.0.keys().cloned());
    kinds
}

fn read(args: &AuditArgs, kinds: BTreeSet<GroupKind>, console: &Console) -> Result<Inventory, Failure> {
    let within = args.namespace.clone().map_or(Within::Cluster, Within::Namespace);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::Runtime)?;
    let bar = progress::spinner(console);
    let mut tell = |kind: &GroupKind, read: usize| {
        bar.set_message(format!("{kind}: {read}"));
        bar.tick();
    };
    let inventory = runtime.block_on(async {
        let client = connect(&options(&args.cluster)).await?;
        Ok(Inventory::read(&client, &kinds, within, &mut tell).await?)
    });
    bar.finish_and_clear();
    inventory
}

pub(super) fn options(args: &ClusterArgs) -> ClientOptions {
    ClientOptions {
        kubeconfig: args.kubeconfig.clone(),
        context: args.context.clone(),
        patience: Some(PATIENCE),
    }
}
