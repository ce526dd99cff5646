//! Typed documents: what a file of policies, packs, tests or configuration holds, and of which kind it is.

use super::file::{nearest, span_of};
use super::shape;
use super::spec::API_VERSION;
use crate::json::Value;
use crate::manifest::{self, Tree};
use crate::pointer::Pointer;
use crate::source::{Diagnostic, Source, Span};

/// A typed document with its text.
pub(super) struct Unit<T> {
    pub source: Source,
    pub tree: Tree,
    pub file: T,
}

/// The one document of a typed file; `None` for an empty one.
pub(super) fn one_document(source: &Source) -> Result<Option<Tree>, Vec<Diagnostic>> {
    let mut trees = documents(source)?;
    match (trees.pop(), trees.is_empty()) {
        (tree, true) => Ok(tree),
        (Some(tree), false) => {
            let span = span_of(&tree, &Pointer::root());
            Err(vec![Diagnostic::new(
                "second-document",
                source,
                span,
                "this file must be one document",
            )])
        }
        (None, false) => Ok(None),
    }
}

/// The documents of a file that say something.
pub(super) fn documents(source: &Source) -> Result<Vec<Tree>, Vec<Diagnostic>> {
    let mut trees = Vec::new();
    let mut wrong = Vec::new();
    for document in manifest::split(source) {
        match manifest::read(source, &document) {
            Ok(tree) if tree.value.is_null() => {}
            Ok(tree) => {
                wrong.extend(tree.notes.iter().cloned());
                trees.push(tree);
            }
            // In a policy an alias is most likely an expression that starts with `*`.
            Err(error) if error.code == "yaml-anchor" => {
                wrong.push(error.help("quote the value: YAML takes `*` at its start for an alias"));
            }
            Err(error) => wrong.push(error),
        }
    }
    if wrong.is_empty() { Ok(trees) } else { Err(wrong) }
}

/// Whether a document is of one of these kinds, the first of which it most likely should be.
pub(super) fn check_kind(source: &Source, tree: &Tree, kinds: &[&str]) -> Result<(), Vec<Diagnostic>> {
    let all = shape::one_of(kinds);
    let wrong = |span: Span, message: String, help: Option<String>| {
        let wrong = Diagnostic::new("wrong-kind", source, span, message);
        Err(vec![match help {
            Some(help) => wrong.help(help),
            None => wrong,
        }])
    };
    let root = Pointer::root();
    if !tree.value.is_object() {
        let message = format!("this is no {all}: it must be a map with `apiVersion` and `kind`");
        return wrong(span_of(tree, &root), message, None);
    }
    let text = |key: &str| tree.value.get(key).and_then(Value::as_str);
    match (text("apiVersion"), text("kind")) {
        (_, Some("Test")) if !kinds.contains(&"Test") => {
            let help = "name the file *.test.yaml";
            wrong(
                span_of(tree, &root.key("kind")),
                format!("this is a Test, but a {all} belongs here"),
                Some(help.into()),
            )
        }
        (_, Some(found)) if !kinds.contains(&found) => {
            let help = nearest(found, kinds).map(|near| format!("did you mean `{near}`?"));
            wrong(
                span_of(tree, &root.key("kind")),
                format!("this is a {found}, but a {all} belongs here"),
                help,
            )
        }
        (Some(found), _) if found != API_VERSION => {
            let message = format!("the version {found} is not known; this program reads {API_VERSION}");
            wrong(span_of(tree, &root.key("apiVersion")), message, None)
        }
        (_, None) if !kinds.contains(&"Config") => {
            let message = format!("this document does not say what it is: its `kind` must be {all}");
            wrong(span_of(tree, &root), message, None)
        }
        _ => Ok(()),
    }
}
