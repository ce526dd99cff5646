//! Certificates that the webhook makes itself: a CA and a leaf in one Secret, the CA in both webhook
//! configurations. Several replicas agree through the Secret's resourceVersion; there is no leader.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ::kube::api::{Api, ObjectMeta, PostParams};
use ::kube::{Client, Error, ResourceExt as _};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use tokio::time::{sleep, timeout};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

use super::certificates::{self, CertificateError, Current, Pair};
use super::configurations::Configurations;
use super::health::{Health, Part};
use super::issue::{self, CA_LIFE, IssueError, Issued, LEAF_LIFE};
use super::metrics::Metrics;

/// How often the Secret and the configurations are looked at.
const LOOK: Duration = Duration::from_secs(30);
/// An API server that takes longer is asked again.
const PATIENCE: Duration = Duration::from_secs(20);
/// After a failure.
const LOOK_AGAIN: Duration = Duration::from_secs(3);
/// A new CA stands in every `caBundle` for so long before a leaf of it is served.
const OVERLAP: Duration = Duration::from_secs(300);
/// When the newest CA was made, in seconds since 1970.
const CA_SINCE: &str = "fixative.dev/ca-since";
/// The keys of the Secret. `ca.crt` may hold the CA before, behind the one that signs.
const CA: &str = "ca.crt";
const CA_KEY: &str = "ca.key";
const LEAF: &str = "tls.crt";
const LEAF_KEY: &str = "tls.key";

/// What is managed, and where.
pub struct Managed {
    /// The API.
    pub client: Client,
    /// The namespace of the Secret.
    pub namespace: String,
    /// Its name.
    pub secret: String,
    /// The leaf's DNS names.
    pub names: Vec<String>,
    /// Where the CA is announced; `None`: somebody else writes the `caBundle`.
    pub configurations: Option<Configurations>,
}

/// Where the result goes.
#[derive(Debug)]
pub struct Shared {
    /// What is served.
    pub current: Arc<Current>,
    /// Where people look.
    pub health: Arc<Health>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The name of this part in the health report.
    pub part: &'static str,
}

/// Why the certificates cannot be kept.
#[derive(Debug, thiserror::Error)]
enum ManageError {
    #[error("the API server refuses: {0}")]
    Api(#[from] Error),
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("the API server does not answer")]
    Silent,
    #[error("other replicas change the Secret all the time")]
    Raced,
}

/// What a Secret holds.
#[derive(Clone, PartialEq)]
struct Held {
    /// The CA that signs, first, and the one before it.
    bundle: String,
    ca_key: String,
    leaf: Issued,
    ca_since: SystemTime,
}

/// Without the keys, wherever it may be printed.
impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held")
            .field("bundle", &self.bundle)
            .field("leaf", &self.leaf)
            .field("ca_since", &self.ca_since)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Managed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Managed({}/{})", self.namespace, self.secret)
    }
}

impl Managed {
    /// Keeps the certificates for ever.
    pub async fn follow(self: Box<Self>, shared: Shared) {
        let mut served: Option<String> = None;
        loop {
            let looked = timeout(PATIENCE, self.look(&shared, &mut served)).await;
            match looked.unwrap_or(Err(ManageError::Silent)) {
                Ok(()) => sleep(LOOK).await,
                Err(error) => {
                    tracing::error!(%error, "the certificates cannot be kept");
                    let detail = format!("{error}");
                    let part = if served.is_some() {
                        Part::Worse(detail)
                    } else {
                        Part::NotReady(detail)
                    };
                    shared.health.set(shared.part, part);
                    shared.metrics.no_certificate();
                    sleep(LOOK_AGAIN).await;
                }
            }
        }
    }

    /// One look: what is missing or due is made, what is there is served and announced.
    async fn look(&self, shared: &Shared, served: &mut Option<String>) -> Result<(), ManageError> {
        let held = self.agree().await?;
        // Announced before it is served: a leaf of a CA that nobody knows would be refused.
        if let Some(configurations) = &self.configurations {
            configurations.announce_bundle(&held.bundle).await?;
        }
        if served.as_ref() != Some(&held.leaf.certificate) {
            let pair = Pair::from_pem(held.leaf.certificate.as_bytes(), held.leaf.key.as_bytes())?;
            shared.current.set(&pair);
            shared.metrics.certificate(pair.expiry);
            tracing::info!(expiry = pair.expiry, "a new certificate is served");
            *served = Some(held.leaf.certificate.clone());
        }
        let detail = format!("from Secret {}/{}", self.namespace, self.secret);
        shared.health.set(shared.part, Part::Good(detail));
        Ok(())
    }

    /// The Secret as all replicas see it, renewed where it is due. Who loses a race reads what the other wrote.
    async fn agree(&self) -> Result<Held, ManageError> {
        const ATTEMPTS: usize = 5;
        let secrets: Api<Secret> = Api::namespaced(self.client.clone(), &self.namespace);
        for _ in 0..ATTEMPTS {
            let found = secrets.get_opt(&self.secret).await?;
            let held = found.as_ref().and_then(read);
            let now = SystemTime::now();
            let wanted = renewed(held.as_ref(), &self.names, now)?;
            if let (Some(held), None) = (&held, &wanted) {
                return Ok(held.clone());
            }
            let Some(wanted) = wanted else { continue };
            let written = match found {
                Some(found) => {
                    let secret = self.written(&wanted, Some(found));
                    secrets
                        .replace(&self.secret, &PostParams::default(), &secret)
                        .await
                }
                None => {
                    secrets
                        .create(&PostParams::default(), &self.written(&wanted, None))
                        .await
                }
            };
            match written {
                Ok(_) => return Ok(wanted),
                // 409: somebody else was faster.
                Err(Error::Api(status)) if status.code == 409 => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ManageError::Raced)
    }

    /// The Secret with these in it. Of one that is there everything else stays: its type cannot be changed, and its
    /// labels are a chart's.
    fn written(&self, held: &Held, found: Option<Secret>) -> Secret {
        let since = held
            .ca_since
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let data = [
            (CA, &held.bundle),
            (CA_KEY, &held.ca_key),
            (LEAF, &held.leaf.certificate),
            (LEAF_KEY, &held.leaf.key),
        ];
        let mut secret = found.unwrap_or_else(|| Secret {
            metadata: ObjectMeta {
                name: Some(self.secret.clone()),
                namespace: Some(self.namespace.clone()),
                labels: Some(BTreeMap::from([(
                    "app.kubernetes.io/managed-by".to_owned(),
                    "fixative".to_owned(),
                )])),
                ..ObjectMeta::default()
            },
            type_: Some("kubernetes.io/tls".to_owned()),
            ..Secret::default()
        });
        let annotations = secret.metadata.annotations.get_or_insert_default();
        annotations.insert(CA_SINCE.to_owned(), since.to_string());
        let data = data.map(|(key, text)| (key.to_owned(), ByteString(text.clone().into_bytes())));
        secret.data.get_or_insert_default().extend(data);
        secret
    }
}

fn read(secret: &Secret) -> Option<Held> {
    let data = secret.data.as_ref()?;
    let text = |key: &str| {
        let bytes = data.get(key)?;
        String::from_utf8(bytes.0.clone())
            .ok()
            .filter(|text| !text.is_empty())
    };
    let since = secret
        .annotations()
        .get(CA_SINCE)
        .and_then(|text| text.parse().ok());
    Some(Held {
        bundle: text(CA)?,
        ca_key: text(CA_KEY)?,
        leaf: Issued {
            certificate: text(LEAF)?,
            key: text(LEAF_KEY)?,
        },
        ca_since: UNIX_EPOCH + Duration::from_secs(since.unwrap_or(0)),
    })
}

/// What the Secret is to hold; `None`: it is good as it is.
fn renewed(held: Option<&Held>, names: &[String], now: SystemTime) -> Result<Option<Held>, IssueError> {
    let Some(held) = held else {
        return fresh(names, now).map(Some);
    };
    let cas: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(held.bundle.as_bytes())
        .filter_map(Result::ok)
        .collect();
    let Some(signing) = cas.first() else {
        return fresh(names, now).map(Some);
    };
    let Ok(ca_expiry) = certificates::expiry(signing) else {
        return fresh(names, now).map(Some);
    };
    let leaf = Pair::from_pem(held.leaf.certificate.as_bytes(), held.leaf.key.as_bytes());
    let Ok(leaf) = leaf else {
        return fresh(names, now).map(Some);
    };
    let ca = || Issued {
        certificate: held.bundle.clone(),
        key: held.ca_key.clone(),
    };
    if issue::is_due(ca_expiry, CA_LIFE, now) {
        // The old leaf is served on until every caBundle had time to learn the new CA.
        let next = issue::authority("fixative", now)?;
        return Ok(Some(Held {
            bundle: next.certificate + &first_pem(&held.bundle),
            ca_key: next.key,
            leaf: held.leaf.clone(),
            ca_since: now,
        }));
    }
    let age = now.duration_since(held.ca_since).unwrap_or_default();
    let is_announced = age >= OVERLAP;
    let of_old_ca = cas.len() > 1 && !is_signed_by(&held.leaf.certificate, signing);
    let leaf_due = issue::is_due(leaf.expiry, LEAF_LIFE, now);
    let is_wrong = !has_names(&held.leaf.certificate, names);
    if is_wrong || (leaf_due || of_old_ca) && is_announced {
        let leaf = issue::leaf(&ca(), names, now)?;
        return Ok(Some(Held { leaf, ..held.clone() }));
    }
    // The CA before goes once no leaf of it can be served any more.
    let life_is_over = age > LEAF_LIFE;
    if cas.len() > 1 && life_is_over {
        return Ok(Some(Held {
            bundle: first_pem(&held.bundle),
            ..held.clone()
        }));
    }
    Ok(None)
}

fn fresh(names: &[String], now: SystemTime) -> Result<Held, IssueError> {
    let ca = issue::authority("fixative", now)?;
    let leaf = issue::leaf(&ca, names, now)?;
    Ok(Held {
        bundle: ca.certificate,
        ca_key: ca.key,
        leaf,
        ca_since: now,
    })
}

/// The first certificate of a bundle.
fn first_pem(bundle: &str) -> String {
    const END: &str = "-----END CERTIFICATE-----";
    match bundle.split_once(END) {
        Some((first, _)) => format!("{first}{END}\n"),
        None => bundle.to_owned(),
    }
}

fn is_signed_by(leaf: &str, ca: &CertificateDer<'_>) -> bool {
    let Ok(leaf) = CertificateDer::from_pem_slice(leaf.as_bytes()) else {
        return false;
    };
    let (Ok((_, leaf)), Ok((_, ca))) = (
        x509_parser::parse_x509_certificate(&leaf),
        x509_parser::parse_x509_certificate(ca),
    ) else {
        return false;
    };
    let key_id = |it: &x509_parser::certificate::X509Certificate<'_>| {
        it.iter_extensions()
            .find_map(|extension| match extension.parsed_extension() {
                x509_parser::extensions::ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
                _ => None,
            })
    };
    let authority = leaf
        .iter_extensions()
        .find_map(|extension| match extension.parsed_extension() {
            x509_parser::extensions::ParsedExtension::AuthorityKeyIdentifier(id) => {
                id.key_identifier.as_ref().map(|id| id.0.to_vec())
            }
            _ => None,
        });
    authority.is_some() && authority == key_id(&ca)
}

fn has_names(leaf: &str, names: &[String]) -> bool {
    let Ok(leaf) = CertificateDer::from_pem_slice(leaf.as_bytes()) else {
        return false;
    };
    let Ok((_, leaf)) = x509_parser::parse_x509_certificate(&leaf) else {
        return false;
    };
    let Ok(Some(stated)) = leaf.subject_alternative_name() else {
        return false;
    };
    names.iter().all(|name| {
        stated
            .value
            .general_names
            .iter()
            .any(|it| matches!(it, x509_parser::extensions::GeneralName::DNSName(dns) if dns == name))
    })
}

#[cfg(test)]
mod tests;
