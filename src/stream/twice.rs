//! Objects that stand in the input more than once: only one of them can be what the cluster gets.

use std::collections::HashMap;

use super::{ObjectPlan, StreamPlan};
use crate::finding::Location;
use crate::kube::GroupKind;
use crate::resource::Name;
use crate::source::Diagnostic;

impl StreamPlan {
    /// One note for each object that stood somewhere before.
    pub fn twice(&self) -> Vec<Diagnostic> {
        let mut first: HashMap<(GroupKind, Option<&str>, &str), &Location> = HashMap::new();
        let mut notes = Vec::new();
        for object in self.objects() {
            let (Some(key), Some(location)) = (key(object), &object.location) else {
                continue;
            };
            let Some(before) = first.get(&key) else {
                first.insert(key, location);
                continue;
            };
            let message = format!("{} stands at {} already", object.id, before.line());
            let (source, span) = (&location.source, location.span);
            notes.push(Diagnostic::new("duplicate-object", source, span, message));
        }
        notes
    }
}

/// What an API server would take for one object. A generated name is another one each time.
fn key(object: &ObjectPlan) -> Option<(GroupKind, Option<&str>, &str)> {
    match &object.id.name {
        Name::Given(name) => Some((object.id.gvk.group_kind(), object.id.namespace.as_deref(), name)),
        Name::Generated(_) | Name::Missing => None,
    }
}
