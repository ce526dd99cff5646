//! A rule, compiled: where it looks, what it does and what it says.

use std::collections::BTreeSet;

use super::{Disposition, Door, Matcher, Subject};
use crate::cel::Program;
use crate::json::Value;
use crate::source::Span;

/// One rule, compiled; policy-wide values are filled in.
#[derive(Debug)]
pub struct Rule {
    /// Name: `move-mounts`.
    pub name: String,
    /// What the rule looks at.
    pub subject: Subject,
    /// The policy's match and the rule's own; both must hold.
    pub matchers: Vec<Matcher>,
    /// The places, one by one; `None`: the subject's root.
    pub at: Option<Path>,
    /// CEL: only where this holds.
    pub condition: Option<Program>,
    /// Whether these params alone say that the condition never holds.
    pub is_off: bool,
    /// What it does.
    pub verb: Verb,
    /// Said in a finding; interpolated.
    pub message: Option<Template>,
    /// What an unrepaired finding does.
    pub action: Disposition,
    /// What an Unknown does.
    pub unknown: Disposition,
    /// Where the rule runs.
    pub doors: BTreeSet<Door>,
    /// Whether it needs more than the object, params and own metadata.
    pub locality: Locality,
    /// Whether it reads the old object: a transition, never part of a baseline.
    pub transition: bool,
    /// Whether any expression of it reads the admission request.
    pub reads_request: bool,
    /// The rule in the policy's source.
    pub span: Span,
}

/// Whether a rule's answer depends on more than the object itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locality {
    /// Object, params, own metadata.
    Local,
    /// World, claims behind volumes, namespace object, request, old object.
    Factual,
}

/// The verb of a rule.
#[derive(Debug)]
pub enum Verb {
    /// Strategic merge at the root or item.
    Merge(Template),
    /// The value at `at`.
    Set(Template),
    /// Nothing at `at`.
    Remove,
    /// The item, or each of a computed list, unless an equal one is there.
    Ensure(Template),
    /// The expression in every OR-ed node selector term.
    RequireNodeAffinity(Template),
    /// A preferred term, once.
    PreferNodeAffinity {
        /// 1 to 100.
        weight: Template,
        /// A match expression, as for require.
        term: Template,
    },
    /// A condition; true is good.
    Assert(Program),
}

/// A YAML value of a policy with `$(…)` in it.
#[derive(Debug)]
pub enum Template {
    /// `null` as written: the field is to be absent (in `merge`), null elsewhere.
    Absent,
    /// A scalar, or an empty list or map, as written.
    Literal(Value),
    /// The whole scalar is `$(…)`: keeps its type.
    Expression(Program),
    /// Text with `$(…)` in it.
    Interpolated(Vec<Part>),
    /// A map; keys may be computed.
    Map(Vec<(Template, Template)>),
    /// A list.
    List(Vec<Template>),
}

/// A piece of an interpolated text.
#[derive(Debug)]
pub enum Part {
    /// As written (`$$(` is already `$(`).
    Text(String),
    /// A program whose result is put in as text.
    Expression(Program),
}

/// A typed path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Where it starts.
    pub root: Root,
    /// The steps.
    pub segments: Vec<Segment>,
    /// As written.
    pub text: String,
}

/// Where a path starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// The subject's root.
    Subject,
    /// `containers[server]`, `containers[*]`: containers and native sidecars, by component; `None` is `*`.
    Containers(Option<Vec<String>>),
}

/// One step of a typed path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// `.name` or `["a.b/c"]`.
    Field(String),
    /// `[*]`: every item of a list or every entry of a map.
    Each,
    /// `[name=data]`: the items with that value.
    Where {
        /// Key.
        key: String,
        /// Value.
        value: String,
    },
}
