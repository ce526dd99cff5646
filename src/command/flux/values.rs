//! The values of a HelmRelease: `spec.valuesFrom` in order, `spec.values` over them.
//! Source: github.com/fluxcd/pkg/chartutil, `ChartValuesFromReferences`.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::flux::HelmRelease;
use crate::json::Value;
use crate::manifest;
use crate::source::{Diagnostic, Source};

/// The key that counts where `valuesKey` is not given.
const DEFAULT_KEY: &str = "values.yaml";

/// What helm is given.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Values {
    /// Maps, each over the one before.
    pub files: Vec<Value>,
    /// `--set` or `--set-string`, and `path=value`.
    pub assignments: Vec<(&'static str, String)>,
}

/// Why the values cannot be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ValuesError {
    /// What `valuesFrom` names is not there.
    #[error(
        "{release}: valuesFrom asks for {wanted}, which is not among --facts; give its manifest, or mark it optional"
    )]
    Missing { release: String, wanted: String },
    /// It is there and cannot be read.
    #[error("{release}: {wanted} cannot be read as values: {why}")]
    Unreadable {
        release: String,
        wanted: String,
        why: String,
    },
    /// It is ciphertext.
    #[error(
        "{release}: {wanted} is encrypted by SOPS; decrypt it first and give the plain manifest with --facts"
    )]
    Encrypted { release: String, wanted: String },
}

/// One entry of `valuesFrom`.
struct Reference<'r> {
    release: String,
    kind: &'r str,
    name: &'r str,
    key: &'r str,
    target: Option<&'r str>,
    optional: bool,
}

/// All values of a release.
pub(super) fn of(release: &HelmRelease, facts: &[Arc<Value>]) -> Result<Values, ValuesError> {
    let mut values = Values::default();
    let mut targets: Vec<(&str, String)> = Vec::new();
    let entries = release.spec("valuesFrom").and_then(Value::as_array);
    for entry in entries.into_iter().flatten() {
        let text = |key: &str| {
            entry
                .get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        let reference = Reference {
            release: release.id.to_string(),
            kind: text("kind").unwrap_or_default(),
            name: text("name").unwrap_or_default(),
            key: text("valuesKey").unwrap_or(DEFAULT_KEY),
            target: text("targetPath"),
            optional: entry.get("optional") == Some(&Value::Bool(true)),
        };
        let Some(found) = reference.find(release.id.namespace.as_deref(), facts)? else {
            continue;
        };
        match reference.target {
            Some(path) => targets.push((path, found)),
            None => values.files.push(reference.parse(&found)?),
        }
    }
    if let Some(own) = release.spec("values") {
        values.files.push(own.clone());
    }
    // helm lets --set win over every file, Flux lets spec.values win over all of valuesFrom.
    let own = release.spec("values");
    let is_overridden = |path: &str| own.is_some_and(|own| reaches(own, path));
    values.assignments = targets
        .into_iter()
        .filter(|(path, _)| !is_overridden(path))
        .map(|(path, value)| assignment(path, &value))
        .collect();
    Ok(values)
}

/// A quoted value is a text, as Flux has it.
fn assignment(path: &str, value: &str) -> (&'static str, String) {
    let quoted = ['\'', '"'].into_iter().find_map(|quote| {
        value
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
    });
    match quoted {
        Some(text) => ("--set-string", format!("{path}={text}")),
        None => ("--set", format!("{path}={value}")),
    }
}

/// Whether values hold something at a path of `--set`.
fn reaches(values: &Value, path: &str) -> bool {
    let mut here = values;
    for step in path.split('.') {
        match here.get(step) {
            Some(next) => here = next,
            None => return false,
        }
    }
    true
}

impl Reference<'_> {
    fn wanted(&self) -> String {
        format!("{} {}, key {}", self.kind, self.name, self.key)
    }

    /// The text behind the key; nothing where it may be missing and is.
    fn find(&self, namespace: Option<&str>, facts: &[Arc<Value>]) -> Result<Option<String>, ValuesError> {
        let object = facts.iter().find(|object| {
            let metadata = |key: &str| object.get("metadata")?.get(key)?.as_str();
            let is_near = match (metadata("namespace"), namespace) {
                (Some(its), Some(ours)) => its == ours,
                _ => true,
            };
            object.get("kind").and_then(Value::as_str) == Some(self.kind)
                && metadata("name") == Some(self.name)
                && is_near
        });
        if object.is_some_and(|object| object.get("sops").is_some()) {
            return Err(ValuesError::Encrypted {
                release: self.release.clone(),
                wanted: self.wanted(),
            });
        }
        let under = |field: &str| object?.get(field)?.get(self.key)?.as_str();
        let found = match (under("stringData"), under("data")) {
            (Some(text), _) => Some(text.to_owned()),
            (None, Some(data)) if self.kind == "Secret" => Some(self.decoded(data)?),
            (None, data) => data.map(str::to_owned),
        };
        if found.is_none() && !self.optional {
            return Err(ValuesError::Missing {
                release: self.release.clone(),
                wanted: self.wanted(),
            });
        }
        Ok(found)
    }

    fn decoded(&self, data: &str) -> Result<String, ValuesError> {
        let bytes = STANDARD.decode(data.trim());
        bytes
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| self.unreadable("it is not base64 of a text"))
    }

    fn parse(&self, text: &str) -> Result<Value, ValuesError> {
        let source = Source::new(self.wanted(), text);
        let documents = manifest::split(&source);
        let Some(document) = documents.first() else {
            return Ok(Value::Object(crate::json::Map::new()));
        };
        let tree = manifest::read(&source, document);
        // What the text says may be secret: only the line is told.
        let tree = tree.map_err(|wrong: Diagnostic| {
            let line = source.line_column(wrong.span.start).line;
            self.unreadable(&format!("line {line} is not YAML"))
        })?;
        match tree.value {
            Value::Null => Ok(Value::Object(crate::json::Map::new())),
            map @ Value::Object(_) => Ok(map),
            _ => Err(self.unreadable("it is not a map")),
        }
    }

    fn unreadable(&self, why: &str) -> ValuesError {
        ValuesError::Unreadable {
            release: self.release.clone(),
            wanted: self.wanted(),
            why: why.to_owned(),
        }
    }
}
