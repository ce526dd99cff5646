//! The client of a cluster, from a kubeconfig or from within a Pod.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ::kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use ::kube::{Client, Config};

use super::sentence;

/// Which cluster, as whom.
#[derive(Clone, Debug, Default)]
pub struct ClientOptions {
    /// This kubeconfig; else that of $KUBECONFIG or ~/.kube/config, else that of the Pod.
    pub kubeconfig: Option<PathBuf>,
    /// This context of it; else its current one.
    pub context: Option<String>,
    /// An answer that stands still for so long is given up; watches stand still for minutes.
    pub patience: Option<Duration>,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The kubeconfig is missing or wrong.
    #[error("cannot use {file}: {}", .error.to_string().trim_end())]
    Kubeconfig {
        /// The file, or where files were looked for.
        file: String,
        /// What is wrong with it.
        error: KubeconfigError,
    },
    /// Nothing says where the cluster is.
    #[error(
        "no cluster is given: there is no kubeconfig in $KUBECONFIG or ~/.kube/config, and this is no Pod; name one with --kubeconfig FILE"
    )]
    Nowhere,
    /// A context of no kubeconfig.
    #[error("there is no context {context} in {file}; `kubectl config get-contexts` lists them")]
    NoContext {
        /// The context.
        context: String,
        /// The file, or where files were looked for.
        file: String,
    },
    /// Certificates or credentials that cannot be used.
    #[error("cannot make a client for the cluster: {}", sentence(.0))]
    Client(#[source] Box<::kube::Error>),
}

/// Connects; nothing is sent yet.
pub async fn connect(options: &ClientOptions) -> Result<Client, ClientError> {
    let mut config = config(options).await?;
    config.read_timeout = options.patience;
    Client::try_from(config).map_err(|error| ClientError::Client(Box::new(error)))
}

async fn config(options: &ClientOptions) -> Result<Config, ClientError> {
    let chosen = KubeConfigOptions {
        context: options.context.clone(),
        ..KubeConfigOptions::default()
    };
    let wrong = |error| wrong(options, error);
    if let Some(path) = &options.kubeconfig {
        let file = Kubeconfig::read_from(path).map_err(wrong)?;
        return Config::from_custom_kubeconfig(file, &chosen).await.map_err(wrong);
    }
    if options.context.is_some() || has_kubeconfig() {
        return Config::from_kubeconfig(&chosen).await.map_err(wrong);
    }
    Config::incluster().map_err(|_| ClientError::Nowhere)
}

fn has_kubeconfig() -> bool {
    let named = std::env::var_os("KUBECONFIG").is_some_and(|paths| !paths.is_empty());
    let default = || std::env::home_dir().is_some_and(|home| home.join(".kube/config").exists());
    named || default()
}

fn wrong(options: &ClientOptions, error: KubeconfigError) -> ClientError {
    let display = |path: &Path| path.display().to_string();
    let file = options.kubeconfig.as_deref().map_or(
        "the kubeconfig of $KUBECONFIG or ~/.kube/config".to_owned(),
        display,
    );
    match (error, &options.context) {
        (KubeconfigError::LoadContext(_), Some(context)) => ClientError::NoContext {
            context: context.clone(),
            file,
        },
        (error, _) => ClientError::Kubeconfig { file, error },
    }
}
