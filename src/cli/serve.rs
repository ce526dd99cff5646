//! `fixative serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::{ClusterArgs, SetArgs, namespace};

pub(super) const HELP: &str = "\
The same policies as render's hold the cluster: /mutate repairs objects that come or change, /validate denies \
and warns. What it cannot answer it leaves to failurePolicy. It is installed with the chart charts/fixative; \
docs/admission.md says what it can do to a cluster and what not.

Policies and configuration are read again when their files change; a set that does not load never replaces \
one that does. SIGTERM: readiness fails, requests are answered for --drain seconds more, then it ends.

Examples:
  fixative serve --tls-dir certs                         certificates from a folder
  fixative serve --tls-secret fixative-tls --service fixative --namespace fixative \\
    --webhook-configuration fixative                     its own certificates, in a cluster
  curl -s localhost:8080/readyz?verbose                  what is loaded, and what is wrong

Exit status: 0 told to stop, 2 it could not start";

/// `fixative serve`.
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// Which policies.
    #[command(flatten)]
    pub set: SetArgs,
    /// Where the API server calls: /mutate and /validate, by TLS
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "0.0.0.0:8443",
        help_heading = "Server"
    )]
    pub listen: SocketAddr,
    /// Where probes and scrapers call: /healthz, /readyz and /metrics, plain
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "0.0.0.0:8080",
        help_heading = "Server"
    )]
    pub health_listen: SocketAddr,
    /// How many connections there may be; the oldest idle one makes room
    #[arg(long, value_name = "NUMBER", default_value = "512", help_heading = "Server", value_parser = clap::value_parser!(u16).range(1..))]
    pub max_connections: u16,
    /// How long requests are answered after SIGTERM
    #[arg(long, value_name = "SECONDS", default_value = "10", help_heading = "Server", value_parser = clap::value_parser!(u16).range(..=300))]
    pub drain: u16,
    /// A folder with tls.crt and tls.key, as a Secret is mounted
    #[arg(
        long,
        value_name = "FOLDER",
        help_heading = "Certificate",
        required_unless_present = "tls_secret"
    )]
    pub tls_dir: Option<PathBuf>,
    /// A Secret in --namespace in which it keeps a CA and a certificate that it makes itself
    #[arg(long, value_name = "NAME", help_heading = "Certificate", conflicts_with = "tls_dir",
        requires_all = ["namespace", "service"])]
    pub tls_secret: Option<String>,
    /// The Service by which the API server calls; names a certificate of --tls-secret
    #[arg(long, value_name = "NAME", help_heading = "Certificate")]
    pub service: Option<String>,
    /// The name of the mutating and of the validating configuration, which get the CA of --tls-secret
    #[arg(long, value_name = "NAME", help_heading = "Certificate")]
    pub webhook_configuration: Option<String>,
    /// Watch the objects that the policies ask for: `fixative policies rbac` prints what that needs
    #[arg(long, help_heading = "Facts")]
    pub facts: bool,
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// The webhook's own namespace, which is never judged
    #[arg(short, long, value_name = "NAME", env = "POD_NAMESPACE", hide_env_values = true, value_parser = namespace, help_heading = "Cluster")]
    pub namespace: Option<String>,
}
