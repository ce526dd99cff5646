//! `fixative probe`.

use clap::Args;

use super::{ClusterArgs, namespace};
use crate::webhook::judge::Webhook;

pub(super) const HELP: &str = "\
The creation of a Deployment is tried (dry run), and the webhook says that it saw it. An object that gets in tells \
nothing, since the API server lets everything in where a webhook that fails open cannot be called. It takes the right to \
create Deployments in the namespace, which must be one that the webhook is called for.

Examples:
  fixative probe
  fixative probe --namespace photos --wait 30

Exit status:
  0  every webhook was called
  1  one was not
  2  it could not be tried";

/// `fixative probe`.
#[derive(Clone, Debug, Args)]
pub struct ProbeArgs {
    /// Where it is tried
    #[arg(short, long, value_name = "NAME", default_value = "default", value_parser = namespace)]
    pub namespace: String,
    /// Which webhook is to be called [default: both]
    #[arg(long = "webhook", value_name = "mutate|validate", value_parser = webhook)]
    pub webhooks: Vec<Webhook>,
    /// Try again for so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub wait: u16,
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

impl ProbeArgs {
    /// The webhooks that are to be called.
    pub fn webhooks(&self) -> &[Webhook] {
        match self.webhooks.is_empty() {
            true => &Webhook::ALL,
            false => &self.webhooks,
        }
    }
}

fn webhook(text: &str) -> Result<Webhook, &'static str> {
    let found = Webhook::ALL.into_iter().find(|webhook| webhook.name() == text);
    found.ok_or("the webhooks are mutate and validate")
}
