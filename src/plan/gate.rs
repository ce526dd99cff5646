//! Permission: may a rule repair here and now? (design, "Admission": the webhook must not hurt.)

use super::Pair;
use super::context::Context;
use super::wish::Wanted;
use crate::attributes::Attributes;
use crate::change::{Action, Change};
use crate::json::Value;
use crate::kube::workload;
use crate::policy::{Door, Locality, Operation, Subject};
use crate::schema;

/// Whether a repair may be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    /// It may.
    Repair,
    /// It may only be reported, because of this.
    Report(String),
}

/// Annotations and the label by which Argo CD tracks what it applied.
/// Source: Argo CD, "Resource Tracking".
const ARGO_TRACKING: &str = "argocd.argoproj.io/tracking-id";

/// May the rule make these changes to the object at this door? Only the admission door is ever refused:
/// there somebody else wrote the object and looks at what comes back.
pub(crate) fn permission(context: &Context<'_>, pair: Pair<'_>, changes: &[&Wanted]) -> Permission {
    let attrs = context.attrs;
    if attrs.door != Door::Admission {
        return Permission::Repair;
    }
    let refusal = owned(attrs)
        .or_else(|| factual(context, pair, changes))
        .or_else(|| unchanged(attrs, pair))
        .or_else(|| immutable(attrs, changes))
        .or_else(|| tracked(attrs, changes));
    refusal.map_or(Permission::Repair, Permission::Report)
}

/// Whether repairs may be made in which other objects had a say (R5).
pub(crate) fn takes_facts(context: &Context<'_>) -> bool {
    context.attrs.door != Door::Admission || context.set.admission.factual_repairs
}

/// R1: the owner decides. A repaired ReplicaSet makes endless ReplicaSets.
fn owned(attrs: &Attributes<'_>) -> Option<String> {
    let owner = controller(&attrs.resource.body)?;
    Some(format!("the object belongs to {owner}, which would undo it"))
}

/// The controller that owns an object: `ReplicaSet immich-server-5d9`.
pub fn controller(object: &Value) -> Option<String> {
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = owners
        .iter()
        .find(|owner| owner.get("controller") == Some(&Value::Bool(true)))?;
    let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
    Some(format!("{} {}", text("kind"), text("name")))
}

/// Whether nothing can be mended on an object: it is on its way out, or it is the API server's picture of a static
/// Pod, which the kubelet runs from a file.
pub fn is_left_alone(object: &Value) -> bool {
    const MIRROR: &str = "kubernetes.io/config.mirror";
    let metadata = object.get("metadata");
    let is_going = metadata
        .and_then(|metadata| metadata.get("deletionTimestamp"))
        .is_some_and(|time| !time.is_null());
    let is_mirror = metadata
        .and_then(|metadata| metadata.get("annotations")?.get(MIRROR))
        .is_some();
    is_going || is_mirror
}

/// R5: what depends on other objects is repaired where text is written; here it would fight with GitOps.
fn factual(context: &Context<'_>, pair: Pair<'_>, changes: &[&Wanted]) -> Option<String> {
    let is_factual = changes.iter().any(|wanted| wanted.by_facts) || pair.rule.locality == Locality::Factual;
    (is_factual && !takes_facts(context)).then(|| {
        "the repair depends on other objects, and those are repaired where text is written".to_owned()
    })
}

/// R2: an UPDATE is judged by what it changes, else a label on a Deployment would restart Postgres.
fn unchanged(attrs: &Attributes<'_>, pair: Pair<'_>) -> Option<String> {
    let old = match (&attrs.operation, &attrs.old) {
        (Ok(Operation::Update), Ok(Some(old))) => *old,
        _ => return None,
    };
    let new = attrs.resource.body.as_ref();
    let gvk = &attrs.resource.id.gvk;
    let same = match pair.rule.subject {
        Subject::Pod => {
            let (old, new) = (workload::pod(gvk, old)?, workload::pod(gvk, new)?);
            schema::equal(schema::pod_template(), old, new)
        }
        Subject::Object => {
            let bare = |object: &Value| {
                let mut object = object.clone();
                if let Some(map) = object.as_object_mut() {
                    map.shift_remove("metadata");
                    map.shift_remove("status");
                }
                object
            };
            schema::equal(schema::of(gvk), &bare(old), &bare(new))
        }
    };
    same.then(|| "this update does not touch what the rule is about".to_owned())
}

/// R9: immutable is immutable. Bare Pods and Jobs cannot be changed at all.
fn immutable(attrs: &Attributes<'_>, changes: &[&Wanted]) -> Option<String> {
    if attrs.operation != Ok(Operation::Update) {
        return None;
    }
    let gvk = &attrs.resource.id.gvk;
    let whole = gvk.is("Pod", "") || gvk.is("Job", "batch");
    let fixed = changes
        .iter()
        .find(|wanted| whole || schema::immutable(gvk, &wanted.place.pointer))?;
    Some(format!(
        "{} cannot be changed on an existing {}: it needs re-creation",
        fixed.place.keyed, gvk.kind
    ))
}

/// An edit that overrides what Argo CD applied would be undone for ever.
fn tracked(attrs: &Attributes<'_>, changes: &[&Wanted]) -> Option<String> {
    let annotations = attrs.resource.body.get("metadata")?.get("annotations")?;
    annotations.get(ARGO_TRACKING)?;
    let overrides = |change: &Change| !matches!(change.action, Action::Add(_));
    changes.iter().any(|wanted| overrides(&wanted.change)).then(|| {
        "Argo CD tracks this object and would undo it: fix it in the source, or render it with fixative"
            .to_owned()
    })
}
