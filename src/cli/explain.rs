//! `fixative explain`.

use clap::Args;

use super::InputArgs;

pub(super) const HELP: &str = "\
What render would do, object by object and policy by policy: whether it applies, which condition decided, the \
values of its variables on the object as it came, what changes and why.

Examples:
  fixative explain release.yaml
  fixative explain release.yaml --policy media-location
  fixative explain manifests/ --object Deployment/immich-server
  helm template immich ./immich | fixative explain --policy 'nvme-*' --object '*-valkey'

Exit status: 0 explained, 2 there is no such policy or object, or it could not be answered";

/// `fixative explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// What is judged, and by what.
    #[command(flatten)]
    pub input: InputArgs,
    /// Only this policy; `*` stands for any part of a name; may be repeated
    #[arg(long, value_name = "NAME")]
    pub policy: Vec<String>,
    /// Only this object: [KIND/]NAME; `*` stands for any part of a name; may be repeated
    #[arg(long, value_name = "NAME")]
    pub object: Vec<String>,
}
