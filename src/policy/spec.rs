//! The YAML of policies, packs and configurations. JSON schemas for editors come out of the same types.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::params::ParamSchema;
use super::{Disposition, Door, LabelSelector, Operation, Severity, Subject};
use crate::json::Value;

/// The version of every file that this crate reads.
pub(super) const API_VERSION: &str = "fixative.dev/v1alpha1";

/// A file with one policy.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PolicyFile {
    /// `fixative.dev/v1alpha1`.
    pub api_version: String,
    /// `Policy`.
    pub kind: String,
    pub metadata: Metadata,
    pub spec: PolicySpec,
}

/// A file with the components of a pack.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PackFile {
    /// `fixative.dev/v1alpha1`.
    pub api_version: String,
    /// `Pack`.
    pub kind: String,
    pub metadata: Metadata,
    pub spec: PackSpec,
}

/// Its name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Metadata {
    pub name: String,
}

/// One policy.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PolicySpec {
    /// One line.
    pub title: String,
    /// Why it exists.
    #[serde(default)]
    pub description: String,
    /// Where it can be read up: addresses, or names of texts.
    #[serde(default)]
    pub sources: Vec<String>,
    /// How bad a finding is.
    pub severity: Severity,
    /// What an unrepaired finding does.
    pub action: Disposition,
    /// What an Unknown does.
    #[serde(default = "audit")]
    pub unknown: Disposition,
    /// No value is printed under its findings.
    #[serde(default)]
    pub sensitive: bool,
    /// What paths start from.
    #[serde(default = "pod")]
    pub subject: Subject,
    /// Which subjects; `$(params.x)` may stand in it.
    #[serde(default, rename = "match")]
    pub matching: Option<MatchSpec>,
    /// What users may set: a JSON schema of type object.
    #[serde(default)]
    pub params: ParamSchema,
    /// Named expressions, `variables.NAME`.
    #[serde(default)]
    pub variables: Vec<VariableSpec>,
    /// Named expressions with arguments, for what depends on an item.
    #[serde(default)]
    pub functions: Vec<FunctionSpec>,
    /// What it does, in order.
    pub rules: Vec<RuleSpec>,
}

fn audit() -> Disposition {
    Disposition::Audit
}

fn pod() -> Subject {
    Subject::Pod
}

/// One rule; exactly one verb.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RuleSpec {
    /// Its name, unique in the policy.
    pub name: String,
    /// What paths start from, where it is not the policy's.
    #[serde(default)]
    pub subject: Option<Subject>,
    /// Narrows the policy's.
    #[serde(default, rename = "match")]
    pub matching: Option<MatchSpec>,
    /// A typed path: `containers[server].env[*]`.
    #[serde(default)]
    pub at: Option<String>,
    /// CEL: only where this holds.
    #[serde(default, rename = "where")]
    pub condition: Option<String>,
    /// Said in a finding; `$(…)` is CEL.
    #[serde(default)]
    pub message: Option<String>,
    /// What an unrepaired finding does, where it is not the policy's.
    #[serde(default)]
    pub action: Option<Disposition>,
    /// What an Unknown does, where it is not the policy's.
    #[serde(default)]
    pub unknown: Option<Disposition>,
    /// Where the rule runs; everywhere if absent.
    #[serde(default)]
    pub doors: Option<Vec<Door>>,
    /// Strategic merge at the root or item.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Value>")]
    pub merge: Option<Value>,
    /// The value at `at`.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Value>")]
    pub set: Option<Value>,
    /// `true`: nothing at `at`.
    #[serde(default)]
    pub remove: Option<bool>,
    /// Add the item, or each of a computed list, unless an equal one is there.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Value>")]
    pub ensure: Option<Value>,
    /// Put the expression into every node selector term.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Value>")]
    pub require_node_affinity: Option<Value>,
    /// Prefer nodes.
    #[serde(default)]
    pub prefer_node_affinity: Option<PreferSpec>,
    /// CEL: true is good.
    #[serde(default)]
    pub assert: Option<String>,
}

/// A field that is there, even with null.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A preference of nodes.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PreferSpec {
    /// 1 to 100.
    pub weight: Value,
    /// A match expression, or a list of them.
    pub term: Value,
}

/// Which subjects; every field that is there must hold. A field may be `$(…)` of params.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MatchSpec {
    /// Components of the pack; `["*"]` is any.
    #[serde(default)]
    pub components: Option<Value>,
    /// `Deployment.apps`: kind and group, never the version.
    #[serde(default)]
    pub kinds: Option<Value>,
    /// Names; `*` stands for any run of characters.
    #[serde(default)]
    pub names: Option<Value>,
    /// Namespaces, likewise.
    #[serde(default)]
    pub namespaces: Option<Value>,
    /// A label selector on the subject's own metadata.
    #[serde(default)]
    pub labels: Option<LabelSelector>,
    /// A label selector on the Namespace.
    #[serde(default)]
    pub namespace_selector: Option<LabelSelector>,
    /// Operations of the API server.
    #[serde(default)]
    pub operations: Option<Vec<Operation>>,
}

/// A named expression.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VariableSpec {
    pub name: String,
    /// CEL.
    pub expression: String,
}

/// A named expression with arguments.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FunctionSpec {
    pub name: String,
    #[serde(default)]
    pub args: Vec<String>,
    /// CEL.
    pub expression: String,
}

/// What the policies of a pack share.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PackSpec {
    /// Version of the pack.
    #[serde(default)]
    pub version: String,
    /// Parts of the application, by name.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, ComponentSpec>")]
    pub components: crate::json::Map,
    /// CEL: whether an object with a generic image is this pack's.
    #[serde(default)]
    pub ours: Option<String>,
    /// Functions of every policy of the pack.
    #[serde(default)]
    pub functions: Vec<FunctionSpec>,
}

/// A part of an application, known by its image.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ComponentSpec {
    /// Whole trailing segments of repositories that only this application uses.
    #[serde(default)]
    pub images: Vec<String>,
    /// The same, but anybody may use them: they count where `ours` holds.
    #[serde(default)]
    pub generic: Vec<String>,
    /// Objects that are this component themselves.
    #[serde(default)]
    pub objects: Vec<ObjectSpec>,
}

impl ComponentSpec {
    /// The first image that no repository can have: images are compared without tag and digest. Told with its
    /// field and position.
    pub(super) fn impossible(&self) -> Option<(&'static str, usize, &str)> {
        let is_impossible = |image: &&String| {
            let last = image.rsplit('/').next().unwrap_or_default();
            last.is_empty() || last.contains([':', '@']) || image.contains('@')
        };
        [("images", &self.images), ("generic", &self.generic)]
            .into_iter()
            .find_map(|(field, images)| {
                let position = images.iter().position(|image| is_impossible(&image))?;
                Some((field, position, images.get(position)?.as_str()))
            })
    }
}

/// An object that is a component itself.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectSpec {
    /// `Cluster.postgresql.cnpg.io`.
    pub kind: String,
    /// Where its image stands.
    pub image: String,
}

/// The configuration.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ConfigFile {
    /// `fixative.dev/v1alpha1`.
    #[serde(default)]
    pub api_version: Option<String>,
    /// `Config`.
    #[serde(default)]
    pub kind: Option<String>,
    /// Packs, in order; the embedded ones if absent.
    #[serde(default)]
    pub packs: Option<Vec<PackReference>>,
    /// What is said of policies, by name.
    #[serde(default)]
    pub policies: BTreeMap<String, PolicyConfig>,
    /// Images that are components beside those of the packs.
    #[serde(default)]
    pub components: BTreeMap<String, ComponentSpec>,
    /// Who is exempt from what.
    #[serde(default)]
    pub exemptions: Vec<ExemptionSpec>,
    /// Whether the annotation fixative.dev/exempt counts.
    #[serde(default)]
    pub exempt_annotation: Option<bool>,
    /// What the webhook may do beyond its defaults.
    #[serde(default)]
    pub admission: AdmissionConfig,
}

/// What the webhook may do beyond its defaults.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AdmissionConfig {
    /// Repairs that depend on other objects are made, not only reported. A GitOps tool without the same facts
    /// undoes them.
    #[serde(default)]
    pub factual_repairs: bool,
    /// Kinds that the webhook leaves alone unless they are named here: `Namespace`, `Node`.
    #[serde(default)]
    pub kinds: Vec<String>,
}

/// An embedded pack, or a folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PackReference {
    /// Name of an embedded pack.
    #[serde(default)]
    pub name: Option<String>,
    /// A folder, relative to the working directory.
    #[serde(default)]
    pub path: Option<String>,
}

/// What a user says of one policy.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyConfig {
    /// `false`: the policy does not run.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Its params.
    #[serde(default)]
    pub params: crate::json::Map,
    /// What an unrepaired finding does; no rule does more than this.
    #[serde(default)]
    pub action: Option<Disposition>,
    /// How bad a finding is.
    #[serde(default)]
    pub severity: Option<Severity>,
}

/// An exemption.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExemptionSpec {
    /// Policies by name; `*` stands for any run of characters.
    pub policies: Vec<String>,
    /// Which subjects.
    #[serde(default, rename = "match")]
    pub matching: MatchSpec,
    /// Why.
    pub reason: String,
    /// Last day on which it counts, `YYYY-MM-DD`.
    #[serde(default)]
    pub until: Option<String>,
}

/// The kinds of files of which there is a JSON schema here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaKind {
    /// `kind: Policy`.
    Policy,
    /// `kind: Pack`.
    Pack,
    /// `kind: Config`.
    Config,
}

static SCHEMAS: LazyLock<[Value; 3]> = LazyLock::new(|| {
    [
        schemars::schema_for!(PolicyFile).to_value().into(),
        schemars::schema_for!(PackFile).to_value().into(),
        schemars::schema_for!(ConfigFile).to_value().into(),
    ]
});

/// The JSON schema of a kind of file.
pub fn json_schema(kind: SchemaKind) -> &'static Value {
    let [policy, pack, config] = &*SCHEMAS;
    match kind {
        SchemaKind::Policy => policy,
        SchemaKind::Pack => pack,
        SchemaKind::Config => config,
    }
}
