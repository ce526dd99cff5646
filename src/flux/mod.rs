//! Edits as patches that Flux applies itself: `spec.postRenderers` of a HelmRelease.
//!
//! Flux can run no executable, it puts what Helm rendered through kustomize. Every changed object gets at most
//! two patches: a strategic merge ([`strategic`]) for what lies behind no list, and then JSON patch operations
//! ([`operations`]) whose `test`s stop the release where the chart has changed under them. What kustomize cannot
//! carry ([`carry`]) is an error, never left out.

mod carry;
mod helm_release;
mod operations;
mod reading;
mod splice;
mod strategic;
mod target;
mod text;

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::change::Change;
use crate::finding::RuleRef;
use crate::json::Value;
use crate::policy::{Digest, PolicySet};
use crate::resource::ResourceId;
use crate::rfc6902::Operation;
use crate::schema;
use crate::source::Diagnostic;
use crate::stream::{ObjectPlan, SourcePlan, StreamPlan};

pub use carry::objects;
pub use helm_release::{Entry, HelmRelease, releases};
pub use splice::Splice;
pub use target::{Target, finds_any};
pub use text::UnsaidSubstitution;

use carry::Identities;

/// What a HelmRelease must say so that Flux makes the repairs.
#[derive(Clone, Debug)]
pub struct Export {
    /// What is patched, in the order of the input; the two patches of one object stand together.
    pub patches: Vec<Patch>,
    /// What it was made from.
    pub origin: Origin,
    /// The hooks among the patched objects: Flux patches them only where `spec.postRenderStrategy` lets it.
    pub hooks: Vec<ResourceId>,
}

/// What an export was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The policy set.
    pub policies: Digest,
    /// SHA-256 over the texts that came in.
    pub input: Digest,
}

/// One patch.
#[derive(Clone, Debug)]
pub struct Patch {
    /// The object as people call it.
    pub object: ResourceId,
    /// How kustomize finds it.
    pub target: Target,
    /// What is done.
    pub body: Body,
    /// Who wants it, each once.
    pub by: Vec<RuleRef>,
}

/// The two forms of a patch.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A strategic merge: the part of the object that changes.
    Strategic(Value),
    /// RFC 6902.
    Operations(Vec<Operation>),
}

/// What Flux's Kustomization makes of `${…}` in the file that holds the HelmRelease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Substitution {
    /// Nobody said: a patch with `${` is refused.
    Unsaid,
    /// `spec.postBuild` replaces it, so it is written `$${`.
    PostBuild,
    /// Nothing does, so it is written as it is.
    Off,
}

/// The patches that do what `plan` does to a stream. Every reason why kustomize could not is told.
pub fn export(set: &PolicySet, plan: &StreamPlan) -> Result<Export, Vec<Diagnostic>> {
    let identities = carry::check_stream(plan)?;
    let mut patches = Vec::new();
    let mut hooks = Vec::new();
    let mut wrong = Vec::new();
    for source in &plan.sources {
        for object in source.objects.iter().filter(|object| !object.edits.is_empty()) {
            match patches_of(source, object, &identities) {
                Ok(made) => patches.extend(made),
                Err(more) => wrong.extend(more),
            }
            if is_hook(&object.before) {
                hooks.push(object.id.clone());
            }
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let origin = Origin {
        policies: set.digest,
        input: input_digest(&plan.sources),
    };
    Ok(Export {
        patches,
        origin,
        hooks,
    })
}

fn patches_of(
    source: &SourcePlan,
    object: &ObjectPlan,
    identities: &Identities,
) -> Result<Vec<Patch>, Vec<Diagnostic>> {
    let ty = schema::of(&object.id.gvk);
    let keeps_lists = strategic::keeps_lists(ty, &object.before);
    let (merged, operated): (Vec<_>, Vec<_>) = object
        .edits
        .iter()
        .partition(|edit| keeps_lists && strategic::can_merge(&edit.change));
    carry::check_object(source, object, !operated.is_empty())?;
    let patch = |edits: &[&crate::plan::Edit], body: Body| {
        let mut by: Vec<RuleRef> = Vec::new();
        for rule in edits.iter().flat_map(|edit| &edit.by) {
            if !by.contains(rule) {
                by.push(rule.clone());
            }
        }
        by.sort();
        Patch {
            object: object.id.clone(),
            target: Target::of(&object.id, identities),
            body,
            by,
        }
    };
    let changes = |edits: &[&crate::plan::Edit]| -> Vec<Change> {
        edits.iter().map(|edit| edit.change.clone()).collect()
    };
    let mut patches = Vec::new();
    if !merged.is_empty() {
        let body = strategic::merge_patch(&object.id, &changes(&merged));
        patches.push(patch(&merged, Body::Strategic(body)));
    }
    if !operated.is_empty() {
        let operations = operations::guarded(ty, &object.before, &changes(&operated));
        patches.push(patch(&operated, Body::Operations(operations)));
    }
    Ok(patches)
}

/// Source: Helm's `release.HookAnnotation`.
fn is_hook(object: &Value) -> bool {
    let annotations = object
        .get("metadata")
        .and_then(|metadata| metadata.get("annotations"));
    annotations.is_some_and(|all| all.get("helm.sh/hook").is_some_and(|hook| !hook.is_null()))
}

fn input_digest(sources: &[SourcePlan]) -> Digest {
    let mut hasher = Sha256::new();
    for source in sources {
        let text = source.source.text();
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    Digest(hasher.finalize().into())
}

/// `policies 0123456789ab, input 0123456789ab`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "policies {}, input {}", self.policies, self.input)
    }
}
