//! `fixative check`.

use clap::Args;

use super::{ClusterArgs, FindingsArgs, InputArgs};

pub(super) const HELP: &str = "\
Nothing is changed. A repair that render would make is a finding, too, with the repair as its fix: what render \
wrote has none of those.

Examples:
  fixative check manifests/
  helm template immich ./immich | fixative check --namespace photos
  fixative check --format sarif --output fixative.sarif 'apps/**/*.yaml'
  fixative check --format github --fail-on warn manifests/
  fixative check --facts cluster.yaml release.yaml
  fixative check --cluster manifests/         also whether the webhook judges by the same policies

Exit status:
  0  no finding does what --fail-on names
  1  one does, or the webhook of --cluster judges by other policies
  2  it could not be answered: usage, policy, configuration, input, cluster, a policy that failed";

/// `fixative check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// What is judged, and by what.
    #[command(flatten)]
    pub input: InputArgs,
    /// How findings are answered.
    #[command(flatten)]
    pub findings: FindingsArgs,
    /// Compare the digest of the policies with that of the webhook in the cluster
    #[arg(long, help_heading = "Cluster")]
    pub cluster: bool,
    /// Which cluster.
    #[command(flatten)]
    pub which: ClusterArgs,
}
