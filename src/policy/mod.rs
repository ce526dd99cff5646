//! Policies: the YAML types (`spec`), loading with spans (`load`), and the compiled form that the plan runs.

mod asks;
mod check;
mod compile;
mod config;
mod digest;
mod document;
mod embedded;
mod file;
mod glob;
mod kinds;
mod load;
mod locality;
mod matcher;
mod names;
mod needles;
mod pack;
mod params;
mod path;
mod place;
mod rule;
mod search;
mod shape;
mod spec;
mod template;
#[cfg(test)]
mod tests;

pub use asks::Asks;
pub use digest::Digest;
pub use embedded::embedded;
pub use file::{span_of, typed};
pub use glob::glob;
pub use kinds::{Judged, KindError};
pub use load::{LoadOptions, PackSource, ReadPack, load};
pub use rule::{Locality, Part, Path, Root, Rule, Segment, Template, Verb};
pub use search::Needles;
pub use spec::{SchemaKind, json_schema};

use std::collections::BTreeMap;

use crate::cel::Program;
use crate::json::Value;
use crate::kube::GroupKind;
use crate::source::{Source, Span};

/// Everything that is loaded; built only by [`load`], never half.
#[derive(Debug)]
pub struct PolicySet {
    /// Packs, in the order of the configuration.
    pub packs: Vec<Pack>,
    /// Policies: packs in order, within a pack by name.
    pub policies: Vec<Policy>,
    /// Exemptions of the configuration, those that are over too.
    pub exemptions: Vec<Exemption>,
    /// Whether the annotation `fixative.dev/exempt` counts.
    pub exempt_annotation: bool,
    /// What the webhook may do.
    pub admission: Admission,
    /// Over the sources and params of everything loaded.
    pub digest: Digest,
}

/// What the webhook may do beyond its defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// Whether repairs that depend on other objects are made there (R5).
    pub factual_repairs: bool,
    /// Kinds that it judges although they hold a cluster together.
    pub kinds: Vec<GroupKind>,
}

/// Components and functions that the policies of one folder share.
#[derive(Debug)]
pub struct Pack {
    /// Name: `immich`.
    pub name: String,
    /// Version of the pack.
    pub version: String,
    /// Components, in the order of the pack file, with what the user's config added.
    pub components: Vec<Component>,
    /// Whether an object with a generic image is this pack's; `None`: generic images never count.
    pub ours: Option<Program>,
}

/// A part of an application, known by its image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Name: `server`.
    pub name: String,
    /// Repository suffixes (whole segments) that only this application uses.
    pub images: Vec<String>,
    /// Repository suffixes that count only where the pack's `ours` holds.
    pub generic: Vec<String>,
    /// Objects that are this component themselves (a CloudNativePG `Cluster`).
    pub objects: Vec<ComponentObject>,
}

/// An object that is a component itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentObject {
    /// Its kind.
    pub kind: GroupKind,
    /// Where its image stands: `spec.imageName`. An object without one counts where `ours` holds.
    pub image: Path,
}

/// One policy, compiled.
#[derive(Debug)]
pub struct Policy {
    /// Position of its pack in [`PolicySet::packs`].
    pub pack: usize,
    /// Name: `media-location`.
    pub name: String,
    /// One line.
    pub title: String,
    /// Why it exists.
    pub description: String,
    /// How bad a finding is.
    pub severity: Severity,
    /// No sink prints a value under its findings.
    pub sensitive: bool,
    /// Parameters after config and command line, defaults filled.
    pub params: Value,
    /// Lazy, one evaluation per subject.
    pub variables: Vec<Variable>,
    /// Rules, as written.
    pub rules: Vec<Rule>,
    /// `Some(why)` where it can never apply with these params: disabled, a required param unset, conditions
    /// that fold to false.
    pub inactive: Option<String>,
    /// Its file.
    pub source: Source,
    /// Its name in it.
    pub span: Span,
}

impl Policy {
    /// The rules that can apply with these params.
    pub fn active_rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| self.why_inactive(rule).is_none())
    }

    /// Why one of its rules can never apply with these params; `None` for one that can.
    pub fn why_inactive(&self, rule: &Rule) -> Option<&str> {
        let off = "with these params its `where` never holds";
        self.inactive.as_deref().or(rule.is_off.then_some(off))
    }

    /// Whether one of its rules is inactive while others are not.
    pub fn is_off_alone(&self, rule: &Rule) -> bool {
        self.inactive.is_none() && rule.is_off
    }
}

/// A named expression of a policy.
#[derive(Debug)]
pub struct Variable {
    /// Name, used as `variables.NAME`.
    pub name: String,
    /// What it is.
    pub program: Program,
}

/// The root of paths and the thing that is compared.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub enum Subject {
    /// A bare Pod, or the template of a workload: `metadata`, `spec`.
    Pod,
    /// The object as it stands.
    Object,
}

/// How bad.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A nuisance.
    Low,
    /// Something will not work.
    Medium,
    /// Immich will not start, or not with what was asked for.
    High,
    /// Photos or the database are at risk.
    Critical,
}

/// What a finding or an Unknown does, weakest first.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub enum Disposition {
    /// Only counted and shown where asked for.
    Audit,
    /// Said.
    Warn,
    /// The answer is no.
    Deny,
}

/// A way in.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Door {
    /// The post-renderer.
    Render,
    /// Findings on files.
    Check,
    /// Patches for a HelmRelease.
    Flux,
    /// The webhook.
    Admission,
    /// Findings on a live cluster.
    Audit,
}

/// Which subjects. Every list that is there must hold; within a list one entry must.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    /// Component names; `["*"]` is any component of the pack.
    pub components: Option<Vec<String>>,
    /// Group and kind, never the version.
    pub kinds: Option<Vec<GroupKind>>,
    /// Object names; `*` stands for any run of characters.
    pub names: Option<Vec<String>>,
    /// Namespaces, likewise.
    pub namespaces: Option<Vec<String>>,
    /// Labels of the subject's own metadata.
    pub labels: Option<LabelSelector>,
    /// Labels of the namespace.
    pub namespace_selector: Option<LabelSelector>,
    /// CREATE, UPDATE.
    pub operations: Option<Vec<Operation>>,
}

/// Kubernetes' label selector.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelSelector {
    /// Each must be there with that value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
    /// Each must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<LabelRequirement>,
}

/// One requirement of a label selector.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelRequirement {
    /// Label name.
    pub key: String,
    /// How it is compared.
    pub operator: LabelOperator,
    /// Values for `In` and `NotIn`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub enum LabelOperator {
    /// One of the values.
    In,
    /// None of the values (an absent label holds).
    NotIn,
    /// There, with any value.
    Exists,
    /// Not there.
    DoesNotExist,
}

/// What is done to the object.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operation {
    /// A new object.
    Create,
    /// A change of one.
    Update,
    /// Its removal.
    Delete,
}

/// An exemption of the configuration.
#[derive(Clone, Debug)]
pub struct Exemption {
    /// Policy names.
    pub policies: Vec<String>,
    /// Which subjects.
    pub matcher: Matcher,
    /// Why.
    pub reason: String,
    /// Last day on which it counts, `YYYY-MM-DD`; `None`: for ever.
    pub until: Option<String>,
    /// That day has passed: it exempts nothing any more.
    pub is_over: bool,
    /// The configuration.
    pub source: Source,
    /// Where it stands there.
    pub span: Span,
}
