//! Group, version, kind.

use std::fmt;

use crate::json::Value;

/// Group, version and kind of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gvk {
    /// API group; empty for the core group.
    pub group: String,
    /// API version without the group: `v1`.
    pub version: String,
    /// Kind: `Deployment`.
    pub kind: String,
}

/// Group and kind, as `match.kinds` writes them: `Deployment.apps`, `Pod`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupKind {
    /// Kind.
    pub kind: String,
    /// API group; empty for the core group.
    pub group: String,
}

impl Gvk {
    /// From `apiVersion` and `kind`.
    pub fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
        }
    }

    /// Of an object; `None` where `apiVersion` or `kind` is missing or not text.
    pub fn of(object: &Value) -> Option<Self> {
        let api_version = object.get("apiVersion")?.as_str()?;
        let kind = object.get("kind")?.as_str()?;
        Some(Self::new(api_version, kind))
    }

    /// As an object writes it: `apps/v1`, `v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Without the version.
    pub fn group_kind(&self) -> GroupKind {
        GroupKind {
            kind: self.kind.clone(),
            group: self.group.clone(),
        }
    }

    /// Whether this is that kind, whatever the version.
    pub fn is(&self, kind: &str, group: &str) -> bool {
        self.kind == kind && self.group == group
    }
}

impl GroupKind {
    /// Of a group; the core group is empty.
    pub fn new(kind: &str, group: &str) -> Self {
        Self {
            kind: kind.into(),
            group: group.into(),
        }
    }

    /// Whether it is the Secret, whose values are never read.
    pub fn is_secret(&self) -> bool {
        self.kind == "Secret" && self.group.is_empty()
    }

    /// From `Deployment.apps` or `Pod`.
    pub fn parse(text: &str) -> Self {
        let (kind, group) = text.split_once('.').unwrap_or((text, ""));
        Self {
            kind: kind.into(),
            group: group.into(),
        }
    }
}

impl fmt::Display for GroupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() {
            f.write_str(&self.kind)
        } else {
            write!(f, "{}.{}", self.kind, self.group)
        }
    }
}
