//! Making certificates: a CA and leaves that it signs.

use std::fmt;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a CA counts.
pub const CA_LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// How long a leaf counts.
pub const LEAF_LIFE: Duration = Duration::from_secs(21 * 24 * 60 * 60);
/// Clocks of other machines may be behind.
const BACKDATED: Duration = Duration::from_secs(60 * 60);

/// Why a certificate cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("a certificate cannot be made: {0}")]
pub struct IssueError(#[from] rcgen::Error);

/// A certificate and its key, both PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// Its key, PKCS #8.
    pub key: String,
}

/// Without the key, wherever it may be printed.
impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

/// A new CA that can sign leaves and nothing else.
pub fn authority(name: &str, now: SystemTime) -> Result<Issued, IssueError> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = (now - BACKDATED).into();
    params.not_after = (now + CA_LIFE).into();
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    Ok(Issued {
        certificate: params.self_signed(&key)?.pem(),
        key: key.serialize_pem(),
    })
}

/// A leaf for a server with these DNS names.
pub fn leaf(ca: &Issued, names: &[String], now: SystemTime) -> Result<Issued, IssueError> {
    let mut params = CertificateParams::new(names.to_vec())?;
    if let Some(first) = names.first() {
        // A common name has at most 64 characters; nobody reads it, the DNS names count.
        let short: String = first.chars().take(64).collect();
        params.distinguished_name.push(DnType::CommonName, short);
    }
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.not_before = (now - BACKDATED).into();
    params.not_after = (now + LEAF_LIFE).into();
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let issuer = Issuer::from_ca_cert_pem(&ca.certificate, KeyPair::from_pem(&ca.key)?)?;
    Ok(Issued {
        certificate: params.signed_by(&key, &issuer)?.pem(),
        key: key.serialize_pem(),
    })
}

/// Whether two thirds of a life are over. By the wall clock: machines sleep.
pub fn is_due(expiry: i64, life: Duration, now: SystemTime) -> bool {
    let Ok(expiry) = u64::try_from(expiry) else {
        return true;
    };
    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(expiry);
    // A clock that was set back must not make a leaf look as good as new.
    let left = end.duration_since(now).unwrap_or_default();
    left < life / 3 || left > life + DAY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::certificates::Pair;

    fn pem(text: &str) -> Vec<u8> {
        use tokio_rustls::rustls::pki_types::pem::PemObject as _;
        tokio_rustls::rustls::pki_types::CertificateDer::from_pem_slice(text.as_bytes())
            .unwrap()
            .to_vec()
    }

    #[test]
    fn a_leaf_is_its_cas_and_its_keys() {
        let now = SystemTime::now();
        let ca = authority("test", now).unwrap();
        let leaf = leaf(&ca, &["fixative.fixative.svc".to_owned()], now).unwrap();
        let pair = Pair::from_pem(leaf.certificate.as_bytes(), leaf.key.as_bytes()).unwrap();
        let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64;
        assert_eq!(pair.expiry - seconds, LEAF_LIFE.as_secs() as i64);
        let der = pem(&leaf.certificate);
        let (_, parsed) = x509_parser::parse_x509_certificate(&der).unwrap();
        assert_eq!(
            seconds - parsed.validity().not_before.timestamp(),
            3600,
            "a clock may be an hour behind"
        );
        assert!(
            Pair::from_pem(leaf.certificate.as_bytes(), ca.key.as_bytes()).is_err(),
            "another key"
        );
        assert!(
            Pair::from_pem(b"", leaf.key.as_bytes()).is_err(),
            "no certificate"
        );
        let half = &leaf.certificate[..leaf.certificate.len() / 2];
        assert!(
            Pair::from_pem(half.as_bytes(), leaf.key.as_bytes()).is_err(),
            "half a certificate"
        );
    }

    #[test]
    fn renewal_is_due_after_two_thirds() {
        let now = SystemTime::now();
        let in_days =
            |days: i64| now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64 + days * 86_400;
        assert!(!is_due(in_days(21), LEAF_LIFE, now));
        assert!(!is_due(in_days(8), LEAF_LIFE, now));
        assert!(is_due(in_days(6), LEAF_LIFE, now));
        assert!(is_due(in_days(-1), LEAF_LIFE, now));
        assert!(
            is_due(in_days(40), LEAF_LIFE, now),
            "made by a clock that was ahead"
        );
        assert!(is_due(-1, LEAF_LIFE, now));
    }
}
