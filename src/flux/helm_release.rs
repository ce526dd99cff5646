//! HelmReleases in a file: where our entry of `spec.postRenderers` stands, and how another takes its place while
//! every other byte stays.
//! Source: github.com/fluxcd/helm-controller/api, `v2.HelmReleaseSpec`.

use super::text::MARK;
use crate::json::{List, Value};
use crate::manifest::{self, Document, Tree};
use crate::pointer::Pointer;
use crate::resource::{Origin, Resource, ResourceId};
use crate::source::{Diagnostic, Source, Span};

/// The group of HelmReleases.
const GROUP: &str = "helm.toolkit.fluxcd.io";
/// With this annotation Flux replaces no `${…}` in an object.
const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// One HelmRelease and where it stands.
#[derive(Debug)]
pub struct HelmRelease {
    /// Kind, namespace, name.
    pub id: ResourceId,
    /// The file.
    pub source: Source,
    pub(super) document: Document,
    pub(super) tree: Tree,
}

/// Our entry in a HelmRelease.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its position in `spec.postRenderers`.
    pub index: usize,
    /// What it says.
    pub value: Value,
    /// Its lines, our comment with them.
    pub(super) span: Span,
    /// What stands in front of its comment and its dash.
    pub(super) indent: String,
}

/// The HelmReleases of a file, in order.
pub fn releases(source: &Source) -> Result<Vec<HelmRelease>, Box<Diagnostic>> {
    let mut found = Vec::new();
    for document in manifest::split(source) {
        // Other documents of the file need not be readable.
        if !source.slice(document.body).contains("HelmRelease") {
            continue;
        }
        let tree = manifest::read(source, &document)?;
        let origin = Origin::Text {
            file: 0,
            document: document.index,
            item: None,
        };
        let object = Resource::new(tree.value.clone().into(), origin);
        let ids = object.map(|object| object.id);
        let Some(id) = ids.filter(|id| id.gvk.is("HelmRelease", GROUP)) else {
            continue;
        };
        found.push(HelmRelease {
            id,
            source: source.clone(),
            document,
            tree,
        });
    }
    Ok(found)
}

/// Where the entries are.
pub(super) fn list() -> Pointer {
    Pointer::root().key("spec").key("postRenderers")
}

impl HelmRelease {
    /// The whole object.
    pub fn value(&self) -> &Value {
        &self.tree.value
    }

    /// What stands in `spec` under this name.
    pub fn spec(&self, name: &str) -> Option<&Value> {
        self.value()
            .get("spec")?
            .get(name)
            .filter(|value| !value.is_null())
    }

    /// Where a place of the object is in the file; the whole document where it is not.
    pub fn span(&self, pointer: &Pointer) -> Span {
        self.tree.span(pointer).unwrap_or(self.document.body)
    }

    /// Whether it tells Flux to leave its `${…}` alone.
    pub fn keeps_variables(&self) -> bool {
        let annotation = Pointer::root().key("metadata").key("annotations").key(SUBSTITUTE);
        annotation
            .get(self.value())
            .and_then(Value::as_str)
            .is_some_and(|value| value.eq_ignore_ascii_case("disabled"))
    }

    /// All entries of `spec.postRenderers`.
    pub fn entries(&self) -> &[Value] {
        list()
            .get(self.value())
            .and_then(Value::as_array)
            .map_or(&[], List::as_slice)
    }

    /// The entry below our comment; an error where there are two.
    pub fn entry(&self) -> Result<Option<Entry>, Box<Diagnostic>> {
        let found: Vec<Entry> = self
            .entries()
            .iter()
            .enumerate()
            .filter_map(|(index, value)| self.ours(index, value))
            .collect();
        if let [_, second, ..] = found.as_slice() {
            let message = format!("{} has two entries that begin with `{MARK}`", self.id);
            let twice = Diagnostic::new("flux-two-entries", &self.source, second.span, message);
            return Err(Box::new(twice.help("take one of them out")));
        }
        Ok(found.into_iter().next())
    }

    fn ours(&self, index: usize, value: &Value) -> Option<Entry> {
        let text = self.source.text();
        let span = self.tree.span(&list().index(index))?;
        let dash_line = line_start(text, span.start);
        let indent = blanks(text.get(dash_line..)?);
        let comment_line = line_start(text, dash_line.checked_sub(1)?);
        let is_ours = text.get(comment_line..)?.trim_start().starts_with(MARK);
        let has_dash = text.get(dash_line + indent.len()..)?.starts_with('-');
        let is_below = comment_line >= self.document.span.start;
        (is_ours && has_dash && is_below).then(|| Entry {
            index,
            value: value.clone(),
            span: Span::new(comment_line, line_end(text, span.end)),
            indent: indent.to_owned(),
        })
    }
}

fn line_start(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.rfind('\n').map_or(0, |end| end + 1)
}

/// Behind the line break of the line that holds `at`.
fn line_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.find('\n').map_or(text.len(), |end| at + end + 1)
}

/// What a line begins with before its content.
pub(super) fn blanks(line: &str) -> &str {
    let content = line.trim_start_matches(' ');
    line.get(..line.len() - content.len()).unwrap_or_default()
}
