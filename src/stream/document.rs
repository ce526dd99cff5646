//! Documents of a stream: which are worth parsing, and the objects in them.

use std::sync::Arc;

use super::{Input, Progress, WORTH_A_THREAD};
use crate::finding::Location;
use crate::json::Value;
use crate::kube::Gvk;
use crate::manifest::{self, Document, Tree};
use crate::parallel;
use crate::pointer::Pointer;
use crate::policy::{Door, Needles};
use crate::resource::{Origin, Resource};
use crate::source::{Diagnostic, Source, Span};

/// One input, cut into documents.
#[derive(Debug)]
pub struct Text {
    pub(super) source: Source,
    pub(super) documents: Vec<Slot>,
}

/// One document, unread.
#[derive(Debug)]
pub struct Slot {
    pub(super) document: Document,
    /// Whether it is read: a policy may match it, or everything is wanted.
    pub(super) relevant: bool,
    /// Whether no policy may match it: what cannot be read of it disturbs nobody.
    is_optional: bool,
}

/// One document, read.
#[derive(Debug)]
pub struct Parsed {
    pub(super) source: Source,
    pub(super) text: usize,
    pub(super) document: Document,
    pub(super) tree: Tree,
    /// Position among the parsed documents.
    position: usize,
}

/// One object of a parsed document.
#[derive(Debug)]
pub struct Object<'p> {
    pub(super) resource: Resource,
    /// Where in its document it stands: an item of a List, or the root.
    pub(super) prefix: Pointer,
    pub(super) text: usize,
    pub(super) document: u32,
    /// Position of its document among the parsed ones.
    pub(super) parsed: usize,
    pub(super) home: &'p Parsed,
}

/// Helm 4 names the template of each document in this annotation.
const HELM_4_FILENAME: &str = "postrenderer.helm.sh/postrender-filename";

impl Text {
    /// All inputs, with which of their documents a policy may match.
    pub(super) fn all(inputs: Vec<Input>, needles: &Needles, everything: bool) -> Vec<Self> {
        let documents: Vec<(&Source, &Document)> = inputs
            .iter()
            .flat_map(|input| input.documents.iter().map(|document| (&input.source, document)))
            .collect();
        let relevant = parallel::map(&documents, WORTH_A_THREAD, |(source, document)| {
            needles.may_match(source.slice(document.body))
        });
        let mut relevant = relevant.into_iter();
        let texts = inputs.into_iter().map(|Input { source, documents }| Self {
            source,
            documents: documents
                .into_iter()
                .zip(relevant.by_ref())
                .map(|(document, may_match)| Slot {
                    document,
                    relevant: everything || may_match,
                    is_optional: !may_match,
                })
                .collect(),
        });
        texts.collect()
    }
}

/// Reads the documents that a policy may match.
pub(super) fn parse(texts: &[Text], door: Door, progress: &Progress) -> Result<Vec<Parsed>, Box<Diagnostic>> {
    let wanted: Vec<(usize, &Text, &Slot)> = texts
        .iter()
        .enumerate()
        .flat_map(|(text, it)| {
            it.documents
                .iter()
                .filter(|slot| slot.relevant)
                .map(move |slot| (text, it, slot))
        })
        .collect();
    progress.expect(wanted.len());
    let read = parallel::map(&wanted, WORTH_A_THREAD, |(_, text, slot)| {
        let read = read_one(&text.source, &slot.document, door);
        progress.advance();
        read
    });
    let mut parsed = Vec::new();
    for ((text, it, slot), tree) in wanted.iter().zip(read) {
        let tree = match tree {
            Err(_) if slot.is_optional => continue,
            tree => tree?,
        };
        parsed.push(Parsed {
            source: it.source.clone(),
            text: *text,
            document: slot.document.clone(),
            tree,
            position: parsed.len(),
        });
    }
    Ok(parsed)
}

fn read_one(source: &Source, document: &Document, door: Door) -> Result<Tree, Box<Diagnostic>> {
    let tree = manifest::read(source, document).map_err(Box::new)?;
    let must_be_object = matches!(door, Door::Render | Door::Flux);
    if must_be_object && !tree.value.is_object() && !tree.value.is_null() {
        let text = source.slice(document.body);
        let start = document.body.start + (text.len() - text.trim_start().len());
        let line_end = source.slice(Span::new(start, document.body.end)).find('\n');
        let span = Span::new(start, line_end.map_or(document.body.end, |length| start + length));
        let wrong = Diagnostic::new(
            "not-an-object",
            source,
            span,
            "this document is not a Kubernetes object",
        );
        return Err(Box::new(
            wrong
                .label("not a map of keys")
                .help("a manifest is a map with apiVersion, kind and metadata"),
        ));
    }
    Ok(tree)
}

/// Lists within lists, after which nobody looks further.
const DEEPEST_LIST: usize = 8;

/// The objects of a document's value: itself, or the items of a List, of Lists within it too. An item of a
/// typed List may leave `apiVersion` and `kind` to the List.
pub(crate) fn objects_of(value: &Value) -> Vec<(Pointer, Arc<Value>)> {
    let mut objects = Vec::new();
    add_objects(value, &Pointer::root(), DEEPEST_LIST, &mut objects);
    objects
}

fn add_objects(value: &Value, at: &Pointer, depth: usize, objects: &mut Vec<(Pointer, Arc<Value>)>) {
    let Some(gvk) = Gvk::of(value) else { return };
    let items = value.get("items").and_then(Value::as_array);
    let (Some(items), Some(kind)) = (items, gvk.kind.strip_suffix("List")) else {
        objects.push((at.clone(), Arc::new(value.clone())));
        return;
    };
    for (index, item) in items.iter().enumerate() {
        let place = at.key("items").index(index);
        match (Gvk::of(item), item) {
            (Some(_), item) if depth > 0 => add_objects(item, &place, depth - 1, objects),
            (None, Value::Object(fields)) if !kind.is_empty() => {
                let mut fields = fields.clone();
                fields.insert("apiVersion".into(), gvk.api_version().into());
                fields.insert("kind".into(), kind.into());
                objects.push((place, Arc::new(Value::Object(fields))));
            }
            _ => {}
        }
    }
}

impl Parsed {
    pub(super) fn objects(&self) -> Vec<Object<'_>> {
        let found = objects_of(&self.tree.value).into_iter().enumerate();
        found
            .filter_map(|(item, (prefix, body))| {
                let item = (!prefix.0.is_empty()).then_some(item);
                let origin = Origin::Text {
                    file: self.text,
                    document: self.document.index,
                    item,
                };
                Some(Object {
                    resource: Resource::new(body, origin)?,
                    prefix,
                    text: self.text,
                    document: self.document.index,
                    parsed: self.position,
                    home: self,
                })
            })
            .collect()
    }
}

impl Object<'_> {
    /// The chart template that rendered the object.
    pub(super) fn template(&self) -> Option<String> {
        let annotations = self
            .resource
            .body
            .get("metadata")
            .and_then(|metadata| metadata.get("annotations"));
        let named = annotations
            .and_then(|all| all.get(HELM_4_FILENAME))
            .and_then(Value::as_str);
        named.map(str::to_owned).or_else(|| {
            let text = self.home.source.slice(self.home.document.span);
            let comments = text
                .lines()
                .take_while(|line| line.starts_with(['#', '-']) || line.trim().is_empty());
            comments
                .filter_map(|line| line.strip_prefix("# Source: "))
                .next()
                .map(|path| path.trim().to_owned())
        })
    }

    /// Where a place of the object is in the input: the deepest node that is there.
    pub(super) fn locate(&self, place: &Pointer) -> Location {
        let mut pointer = self.prefix.join(place);
        let span = loop {
            let found = self
                .home
                .tree
                .key_span(&pointer)
                .or_else(|| self.home.tree.span(&pointer));
            match (found, pointer.0.pop()) {
                (Some(span), _) => break span,
                (None, Some(_)) => {}
                (None, None) => break self.home.document.body,
            }
        };
        Location {
            source: self.home.source.clone(),
            span,
            template: self.template(),
        }
    }
}
