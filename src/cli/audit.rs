//! `fixative audit`, and how a cluster is named.

use std::path::PathBuf;

use clap::Args;

use super::{FindingsArgs, SetArgs, namespace};

pub(super) const HELP: &str = "\
Every object of the kinds that the active policies can match is read in pages and judged; nothing is changed. \
What a controller made is left out, since its owner is judged, and so is what is being deleted. Values of \
Secrets are never read.

Examples:
  fixative audit
  fixative audit --namespace photos --context home
  fixative audit --format json > findings.json
  fixative audit --snapshot cluster.yaml
  fixative render --facts cluster.yaml release.yaml
  fixative policies rbac --door audit        what a ClusterRole must allow

Exit status:
  0  no finding does what --fail-on names
  1  one does
  2  it could not be answered: no cluster, no answer, or nothing at all may be listed";

/// `fixative audit`.
#[derive(Clone, Debug, Args)]
pub struct AuditArgs {
    /// Judge one namespace [default: all]
    #[arg(short, long, value_name = "NAME", value_parser = namespace)]
    pub namespace: Option<String>,
    /// Which policies.
    #[command(flatten)]
    pub set: SetArgs,
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// How findings are written.
    #[command(flatten)]
    pub findings: FindingsArgs,
    /// Also write what was read as a YAML List that --facts reads; whole or not at all, for its owner only
    #[arg(long, value_name = "FILE", help_heading = "Answer")]
    pub snapshot: Option<PathBuf>,
}

/// Which cluster, as whom.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Cluster")]
pub struct ClusterArgs {
    /// Kubeconfig [default: $KUBECONFIG or ~/.kube/config; in a Pod its service account]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig instead of its current one
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}
