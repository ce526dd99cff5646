//! The certificate that is served: read from a folder or made by ourselves, changed without a dropped connection.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};

use super::metrics::Metrics;
use super::watch::Watch;

/// File names that Kubernetes gives to Secrets of type `kubernetes.io/tls`.
const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";

/// Why a certificate and its key cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A folder does not hold what can be served.
    #[error("{} holds no certificate with its key: {error}; `fixative certs dev` shows what belongs there", .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        error: Box<CertificateError>,
    },
    /// A file cannot be read.
    #[error("{} cannot be read: {error}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A text is not PEM of what it should be.
    #[error("{what} is not PEM that can be used: {error}")]
    Pem {
        /// Certificate or key.
        what: &'static str,
        /// Why.
        error: rustls::pki_types::pem::Error,
    },
    /// There is no certificate in the text.
    #[error("there is no certificate in {CERTIFICATE}")]
    Empty,
    /// The key is of a kind that cannot be used, or not the certificate's.
    #[error("{KEY} and {CERTIFICATE} do not belong together or cannot be used: {0}")]
    Pair(#[from] rustls::Error),
    /// The certificate cannot be taken apart.
    #[error("the certificate cannot be read: {0}")]
    X509(String),
}

/// A certificate with its key, and when it ends.
#[derive(Clone, Debug)]
pub struct Pair {
    key: Arc<CertifiedKey>,
    /// Seconds since 1970.
    pub expiry: i64,
}

/// What is served now; every handshake asks.
#[derive(Debug, Default)]
pub struct Current(ArcSwapOption<CertifiedKey>);

impl Pair {
    /// From PEM. A half-written or mismatched pair is an error.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate)
            .collect::<Result<_, _>>()
            .map_err(|error| CertificateError::Pem {
                what: CERTIFICATE,
                error,
            })?;
        let key =
            PrivateKeyDer::from_pem_slice(key).map_err(|error| CertificateError::Pem { what: KEY, error })?;
        let leaf = chain.first().ok_or(CertificateError::Empty)?;
        let expiry = expiry(leaf)?;
        let certified = CertifiedKey::from_der(chain, key, &ring::default_provider())?;
        certified.keys_match()?;
        Ok(Self {
            key: Arc::new(certified),
            expiry,
        })
    }

    /// From a folder, as a Secret of type `kubernetes.io/tls` is mounted.
    pub fn from_folder(folder: &Path) -> Result<Self, CertificateError> {
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read(&path).map_err(|error| CertificateError::Unreadable { path, error })
        };
        let (certificate, key) = (read(CERTIFICATE)?, read(KEY)?);
        Self::from_pem(&certificate, &key).map_err(|error| CertificateError::Folder {
            folder: folder.to_owned(),
            error: Box::new(error),
        })
    }

    fn is(&self, other: &Self) -> bool {
        self.key.cert == other.key.cert
    }
}

/// When a certificate ends, in seconds since 1970.
pub fn expiry(certificate: &CertificateDer<'_>) -> Result<i64, CertificateError> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate)
        .map_err(|error| CertificateError::X509(error.to_string()))?;
    Ok(parsed.validity().not_after.timestamp())
}

impl Current {
    /// Serves another pair from the next handshake on.
    pub fn set(&self, pair: &Pair) {
        self.0.store(Some(Arc::clone(&pair.key)));
    }

    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.0.load().is_some()
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.load_full()
    }
}

/// TLS 1.3 and 1.2 (rustls has AEAD suites only), HTTP version by ALPN.
pub fn server_config(current: Arc<Current>) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(current);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Follows a folder for ever: what is there and good is served, what is not leaves the last good pair.
pub async fn follow(folder: PathBuf, first: Pair, current: Arc<Current>, metrics: Arc<Metrics>) {
    let mut watch = Watch::new(std::slice::from_ref(&folder));
    let mut served = first;
    let mut said = None;
    loop {
        watch.changed().await;
        match Pair::from_folder(&folder) {
            Ok(pair) if pair.is(&served) => said = None,
            Ok(pair) => {
                current.set(&pair);
                metrics.certificate(pair.expiry);
                tracing::info!(expiry = pair.expiry, "a new certificate is served");
                served = pair;
                said = None;
            }
            Err(error) => {
                let text = error.to_string();
                if said.as_ref() != Some(&text) {
                    tracing::error!(%error, "the new certificate cannot be served, the last one stays");
                    metrics.no_certificate();
                    said = Some(text);
                }
            }
        }
    }
}
