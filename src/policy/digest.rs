//! The digest of a policy set: the same for the same sources and params, wherever they were read from.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::PackSource;
use crate::json::Value;

/// SHA-256 over the sources and params of a policy set; printed as its first 12 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(6).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Hashes sources and the effective configuration.
pub(super) fn digest(packs: &[PackSource], effective: &Value) -> Digest {
    let mut hasher = Sha256::new();
    let mut add = |text: &str| {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    };
    for pack in packs {
        let mut files: Vec<(&str, &str)> = pack
            .files
            .iter()
            .map(|file| (base_name(file.name()), file.text()))
            .collect();
        files.sort_unstable();
        add("pack");
        for (name, text) in files {
            add(name);
            add(text);
        }
    }
    add(&canonical(effective).to_string());
    Digest(hasher.finalize().into())
}

/// Folders differ from machine to machine.
fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The value with sorted keys.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            entries
                .into_iter()
                .map(|(key, value)| (key.clone(), canonical(value)))
                .collect()
        }
        Value::Array(items) => items.iter().map(canonical).collect(),
        scalar => scalar.clone(),
    }
}
