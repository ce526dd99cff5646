//! What kustomize cannot carry: an error that names the object, never a patch that does something else.
//!
//! Whoever adds the first post-renderer to a HelmRelease puts *every* object of the chart through kustomize, so
//! all of them are looked at, not only those that change.
//! Source: kustomize 5.8.1 (api 0.21.1), as its program behaves; `tests/parity` holds this against it.

use std::collections::HashMap;

use super::reading;
use crate::change::Action;
use crate::json::Value;
use crate::manifest::{self, Document};
use crate::plan::Edit;
use crate::pointer::{Pointer, Token};
use crate::resource::{Name, Origin, Resource, ResourceId};
use crate::source::{Diagnostic, Source, Span};
use crate::stream::{ObjectPlan, SourcePlan, StreamPlan, objects_of};

/// Integers beyond this lose digits where kustomize applies JSON patches, which it does in float64.
const LARGEST_EXACT: u64 = 1 << 53;

/// Annotations that kustomize or Helm keeps its own notes in, and takes away.
const THEIR_ANNOTATIONS: [&str; 4] = [
    "config.kubernetes.io/",
    "internal.config.kubernetes.io/",
    "config.k8s.io/",
    "postrenderer.helm.sh/",
];

/// Why an edit of these is refused.
const TAKEN_AWAY: &str = "kustomize and Helm take this annotation away";

/// With this annotation kustomize drops an object.
const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";

/// What every object of a stream is called.
#[derive(Debug, Default)]
pub(super) struct Identities {
    /// Namespaces in which an object of that group, kind and name stands.
    namespaces: HashMap<(String, String, String), Vec<Option<String>>>,
}

impl Identities {
    /// Whether a target without a namespace would find other objects too.
    pub(super) fn is_ambiguous(&self, id: &ResourceId) -> bool {
        self.namespaces.get(&key(id)).is_some_and(|all| all.len() > 1)
    }

    /// False where the same object was there already: kustomize takes none for `default`.
    fn insert(&mut self, id: &ResourceId) -> bool {
        let all = self.namespaces.entry(key(id)).or_default();
        let place = |namespace: &Option<String>| namespace.clone().unwrap_or_else(|| "default".into());
        let is_new = all.iter().all(|other| place(other) != place(&id.namespace));
        all.push(id.namespace.clone());
        is_new
    }
}

fn key(id: &ResourceId) -> (String, String, String) {
    let name = id.name.as_str().to_owned();
    (id.gvk.group.clone(), id.gvk.kind.clone(), name)
}

/// What every object of a stream is called, also of documents that no policy is about; what cannot be read is left
/// out.
pub fn objects(plan: &StreamPlan) -> Vec<ResourceId> {
    let documents = plan
        .sources
        .iter()
        .flat_map(|source| source.documents.iter().map(move |document| (source, document)));
    documents
        .filter_map(|(source, document)| manifest::read(&source.source, &document.document).ok())
        .flat_map(|tree| objects_of(&tree.value))
        .filter_map(|(_, body)| Resource::new(body, Origin::Api))
        .map(|object| object.id)
        .collect()
}

/// Looks at every document; an object's name and namespace are all that is kept.
pub(super) fn check_stream(plan: &StreamPlan) -> Result<Identities, Vec<Diagnostic>> {
    let mut identities = Identities::default();
    let mut wrong = Vec::new();
    for source in &plan.sources {
        for document in &source.documents {
            check_document(&source.source, &document.document, &mut identities, &mut wrong);
        }
    }
    if wrong.is_empty() {
        Ok(identities)
    } else {
        Err(wrong)
    }
}

fn check_document(
    source: &Source,
    document: &Document,
    identities: &mut Identities,
    wrong: &mut Vec<Diagnostic>,
) {
    let tree = match manifest::read(source, document) {
        Ok(tree) => tree,
        Err(unreadable) => {
            wrong.push(unreadable);
            return;
        }
    };
    let duplicates = tree.notes.iter().filter(|note| note.code == "duplicate-key");
    wrong.extend(duplicates.map(|note| {
        let message = format!("{}, and kustomize refuses it", note.message);
        Diagnostic::new("flux-duplicate-key", source, note.span, message)
            .help("leave one of the two out, in the chart or by its values")
    }));
    wrong.extend(
        tree.plain_scalars(source)
            .iter()
            .filter_map(|scalar| reading::difference(source, scalar)),
    );
    for (prefix, body) in objects_of(&tree.value) {
        let file = Origin::Text {
            file: 0,
            document: document.index,
            item: None,
        };
        let Some(object) = Resource::new(body, file) else {
            continue;
        };
        let span = |pointer: &Pointer| {
            let whole = tree.span(&prefix).unwrap_or(document.body);
            tree.span(&prefix.join(pointer)).unwrap_or(whole)
        };
        check_identity(source, &object, &span, identities, wrong);
        if let Some(at) = unreadable(&object.body) {
            let message = format!(
                "{} holds a control character that kustomize cannot carry",
                object.id
            );
            let control = Diagnostic::new("flux-character", source, span(&at), message);
            wrong.push(
                control
                    .help("take it out of the chart's values: U+007F, U+0080 to U+009F, U+FFFE and U+FFFF"),
            );
        }
        let is_typed_by_its_list = prefix
            .join(&Pointer::root().key("kind"))
            .get(&tree.value)
            .is_none();
        if is_typed_by_its_list {
            let message = format!(
                "{} leaves its kind to its List, and kustomize refuses it",
                object.id
            );
            let untyped = Diagnostic::new("flux-untyped-item", source, span(&Pointer::root()), message);
            wrong.push(untyped.help("write apiVersion and kind into every item"));
        }
    }
}

fn check_identity(
    source: &Source,
    object: &Resource,
    span: &dyn Fn(&Pointer) -> Span,
    identities: &mut Identities,
    wrong: &mut Vec<Diagnostic>,
) {
    let metadata = Pointer::root().key("metadata");
    let id = &object.id;
    if !matches!(id.name, Name::Given(_)) {
        let message = format!("{id} has no name of its own, and kustomize refuses that");
        let nameless = Diagnostic::new("flux-no-name", source, span(&metadata), message);
        wrong.push(
            nameless.help("give it metadata.name: Flux cannot post-render a chart with such an object"),
        );
    } else if !identities.insert(id) {
        let message = format!("{id} stands here a second time, and kustomize refuses that");
        let twice = Diagnostic::new("flux-twice", source, span(&metadata.key("name")), message);
        wrong.push(twice.help("let the chart render it once; without a namespace it counts as in `default`"));
    }
    let annotation = metadata.key("annotations").key(LOCAL_CONFIG);
    if annotation.get(&object.body).is_some_and(|value| value != "false") {
        let message = format!("{id} is annotated {LOCAL_CONFIG}: kustomize would drop it from the release");
        let local = Diagnostic::new("flux-local-config", source, span(&annotation), message);
        wrong.push(local.help("take the annotation away in the chart or by its values"));
    }
}

/// Whether what is to change in an object can be said to kustomize at all.
pub(super) fn check_object(
    source: &SourcePlan,
    object: &ObjectPlan,
    by_operations: bool,
) -> Result<(), Vec<Diagnostic>> {
    let mut wrong: Vec<Diagnostic> = object
        .edits
        .iter()
        .filter_map(|edit| Some(refused(source, object, edit, why_not(edit)?)))
        .collect();
    // Patches lie in Git, with the old value in their tests.
    let secret = object.edits.iter().filter(|edit| edit.sensitive);
    wrong.extend(secret.map(|edit| {
        refused(
            source,
            object,
            edit,
            "a patch would show what the policy keeps secret",
        )
    }));
    if let (Some(at), Some(edit)) = (unreadable(&object.after), object.edits.first()) {
        let why = format!("{at} would hold a control character that kustomize cannot carry");
        wrong.push(refused(source, object, edit, &why));
    }
    let too_large = by_operations
        && [&object.before, &object.after]
            .into_iter()
            .any(|value| holds_inexact(value));
    if let (true, Some(edit)) = (too_large, object.edits.first()) {
        let why = "the object holds an integer beyond 2^53, which loses digits where kustomize applies this";
        wrong.push(refused(source, object, edit, why));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn why_not(edit: &Edit) -> Option<&'static str> {
    let keys: Vec<&str> = edit
        .change
        .pointer
        .0
        .iter()
        .map_while(|token| match token {
            Token::Key(key) => Some(key.as_str()),
            Token::Index(_) => None,
        })
        .collect();
    match keys.as_slice() {
        [] => Some("it replaces the whole object"),
        ["apiVersion" | "kind"] | ["metadata", "name" | "namespace" | "generateName"] => {
            Some("kustomize does not let a patch rename an object")
        }
        ["metadata", "annotations", name, ..] if is_theirs(name) => Some(TAKEN_AWAY),
        ["metadata", "annotations"] => holds_theirs(&edit.change.action).then_some(TAKEN_AWAY),
        _ => None,
    }
}

/// Whether one of their annotations is among those that are written for the first time.
fn holds_theirs(action: &Action) -> bool {
    match action {
        Action::Add(Value::Object(map))
        | Action::Replace {
            new: Value::Object(map),
            ..
        } => map.keys().any(|name| is_theirs(name)),
        Action::Add(_) | Action::Replace { .. } | Action::Remove { .. } => false,
    }
}

fn is_theirs(annotation: &str) -> bool {
    THEIR_ANNOTATIONS
        .iter()
        .any(|prefix| annotation.starts_with(prefix))
}

fn refused(source: &SourcePlan, object: &ObjectPlan, edit: &Edit, why: &str) -> Diagnostic {
    let by: Vec<String> = edit.by.iter().map(ToString::to_string).collect();
    let message = format!(
        "{}: what {} does at {} cannot be a Flux patch: {why}",
        object.id,
        by.join(", "),
        edit.place.keyed
    );
    let (text, span) = match &edit.location {
        Some(location) => (&location.source, location.span),
        None => (&source.source, Span::default()),
    };
    Diagnostic::new("flux-inexpressible", text, span, message).help(
        "make this change by the chart's values, or switch the rule off for Flux: `doors: [render, check, admission, audit]`",
    )
}

/// The first text that kustomize writes in a form that it reads as another (U+0085) or not at all.
fn unreadable(value: &Value) -> Option<Pointer> {
    let is_control = |text: &str| {
        text.chars()
            .any(|letter| matches!(letter, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}'))
    };
    let below = |token: Token, value: &Value| {
        let mut at = Pointer(vec![token]);
        at.0.extend(unreadable(value)?.0);
        Some(at)
    };
    match value {
        Value::String(text) => is_control(text).then(Pointer::root),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| below(Token::Index(index), item)),
        Value::Object(map) => map.iter().find_map(|(key, value)| {
            let here = is_control(key).then(Pointer::root);
            here.or_else(|| below(Token::Key(key.as_str().into()), value))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Whether an integer in it has more digits than a float64 keeps.
fn holds_inexact(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            let size = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            size.is_some_and(|size| size > LARGEST_EXACT)
        }
        Value::Array(items) => items.iter().any(holds_inexact),
        Value::Object(map) => map.values().any(holds_inexact),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}
