//! HelmReleases in a file: where our entry of `spec.postRenderers` stands, and how another takes its place while
//! every other byte stays.
//! Source: github.com/fluxcd/helm-controller/api, `v2.HelmReleaseSpec`.

use serde_json::{Value, json};

use super::text::{MARK, indented};
use super::{Export, Substitution};
use crate::change::{self, Action, Change};
use crate::manifest::{self, Document, Tree};
use crate::pointer::Pointer;
use crate::resource::{Origin, Resource, ResourceId};
use crate::source::{Diagnostic, Source, Span};

/// The group of HelmReleases.
const GROUP: &str = "helm.toolkit.fluxcd.io";
/// Stands in the text for the entry while everything around it is written.
const PLACEHOLDER: &str = "fixative--the-entry";
/// With this annotation Flux replaces no `${…}` in an object.
const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// One HelmRelease and where it stands.
#[derive(Debug)]
pub struct HelmRelease {
    /// Kind, namespace, name.
    pub id: ResourceId,
    /// The file.
    pub source: Source,
    document: Document,
    tree: Tree,
}

/// Our entry in a HelmRelease.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its position in `spec.postRenderers`.
    pub index: usize,
    /// What it says.
    pub value: Value,
    /// Its lines, our comment with them.
    span: Span,
    /// What stands in front of its comment and its dash.
    indent: String,
}

/// A HelmRelease with another entry.
#[derive(Clone, Debug)]
pub struct Splice {
    /// Which part of the file is replaced.
    pub span: Span,
    /// By what.
    pub text: String,
    /// Whether Flux will do something else than before: the patches or the strategy differ, not only comments.
    pub is_another: bool,
    /// Whether any byte differs.
    pub is_touched: bool,
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

fn list() -> Pointer {
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
            .map_or(&[], Vec::as_slice)
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

    /// The document with the entry that `export` asks for, and without an older one; every other byte stays.
    pub fn splice(&self, export: &Export, substitution: Substitution) -> Result<Splice, Box<Diagnostic>> {
        let entry = export.entry(substitution).map_err(|unsaid| {
            let at = self.span(&Pointer::root().key("metadata").key("name"));
            Box::new(Diagnostic::new(
                "flux-variable",
                &self.source,
                at,
                unsaid.to_string(),
            ))
        })?;
        let needs_hooks = !export.hooks.is_empty();
        self.check_strategy(needs_hooks)?;
        let ours = self.entry()?;
        let text = match (&ours, &entry) {
            (Some(old), Some(new)) => self.replaced(old, new),
            (Some(old), None) => self.without(old)?,
            (None, Some(new)) => self.with(new)?,
            (None, None) => self.source.slice(self.document.span).to_owned(),
        };
        let text = if needs_hooks {
            self.with_strategy(text)?
        } else {
            text
        };
        let expected = self.expected(ours.as_ref(), entry.as_deref(), needs_hooks);
        let after = self.read_again(&text)?;
        if after.tree.value != expected {
            return Err(self.cannot("what would be written does not read back as it should"));
        }
        Ok(Splice {
            span: self.document.span,
            is_another: after.tree.value != self.tree.value,
            is_touched: text != self.source.slice(self.document.span),
            text,
        })
    }

    /// The object as it is to be.
    fn expected(&self, ours: Option<&Entry>, entry: Option<&str>, needs_hooks: bool) -> Value {
        let mut expected = self.tree.value.clone();
        let value = entry.and_then(|entry| {
            let source = Source::new("entry", entry);
            let document = manifest::split(&source).into_iter().next()?;
            let tree = manifest::read(&source, &document).ok()?;
            tree.value.as_array()?.first().cloned()
        });
        let Some(spec) = expected.get_mut("spec").and_then(Value::as_object_mut) else {
            return expected;
        };
        let mut entries = self.entries().to_vec();
        match (ours.map(|ours| ours.index), value) {
            (Some(index), Some(value)) => entries.splice(index..=index, [value]).for_each(drop),
            (Some(index), None) => drop(entries.remove(index)),
            (None, Some(value)) => entries.push(value),
            (None, None) => return expected,
        }
        if entries.is_empty() {
            spec.shift_remove("postRenderers");
        } else {
            spec.insert("postRenderers".into(), Value::Array(entries));
        }
        if needs_hooks {
            spec.insert("postRenderStrategy".into(), "combined".into());
        }
        expected
    }

    /// Somebody who keeps hooks away from post-renderers is asked, not overruled.
    fn check_strategy(&self, needs_hooks: bool) -> Result<(), Box<Diagnostic>> {
        if !needs_hooks || self.spec("postRenderStrategy") != Some(&json!("nohooks")) {
            return Ok(());
        }
        let at = self.span(&Pointer::root().key("spec").key("postRenderStrategy"));
        let message = format!(
            "{} keeps hooks from being patched, and policies change one",
            self.id
        );
        let wrong = Diagnostic::new("flux-no-hooks", &self.source, at, message);
        Err(Box::new(wrong.help(
            "write `combined`, or narrow the policies so that they leave the hook alone",
        )))
    }

    fn replaced(&self, old: &Entry, new: &str) -> String {
        let text = self.source.text();
        let before = text.get(self.document.span.start..old.span.start);
        let behind = text.get(old.span.end..self.document.span.end);
        let new = self.broken_as_here(&indented(new, &old.indent));
        [before.unwrap_or_default(), &new, behind.unwrap_or_default()].concat()
    }

    fn without(&self, old: &Entry) -> Result<String, Box<Diagnostic>> {
        let text = self.replaced(old, "");
        if self.entries().len() > 1 {
            return Ok(text);
        }
        let left = self.read_again(&text)?;
        left.changed(Change {
            pointer: list(),
            action: Action::Remove { old: Value::Null },
        })
    }

    fn with(&self, new: &str) -> Result<String, Box<Diagnostic>> {
        let entries = self.entries();
        let action = |value: Value| match list().get(self.value()) {
            Some(old) => Action::Replace {
                old: old.clone(),
                new: value,
            },
            None => Action::Add(value),
        };
        let change = if entries.is_empty() {
            Change {
                pointer: list(),
                action: action(json!([PLACEHOLDER])),
            }
        } else {
            Change {
                pointer: list().index(entries.len()),
                action: Action::Add(json!(PLACEHOLDER)),
            }
        };
        let text = self.changed(change)?;
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let is_placeholder = |line: &&str| {
            line.trim()
                .strip_prefix('-')
                .is_some_and(|item| item.trim() == PLACEHOLDER)
        };
        if lines.iter().filter(|line| is_placeholder(line)).count() != 1 {
            let wrong = Diagnostic::new(
                "flux-brackets",
                &self.source,
                self.span(&list()),
                "spec.postRenderers is written in brackets, where no patch can be put",
            );
            return Err(Box::new(wrong.help("write it as a list of lines")));
        }
        let lines = lines.into_iter().map(|line| {
            if is_placeholder(&line) {
                self.broken_as_here(&indented(new, blanks(line)))
            } else {
                line.to_owned()
            }
        });
        Ok(lines.collect())
    }

    fn with_strategy(&self, text: String) -> Result<String, Box<Diagnostic>> {
        let now = self.read_again(&text)?;
        if now.spec("postRenderStrategy").is_some() {
            return Ok(text);
        }
        let pointer = Pointer::root().key("spec").key("postRenderStrategy");
        let action = match pointer.get(now.value()) {
            Some(old) => Action::Replace {
                old: old.clone(),
                new: json!("combined"),
            },
            None => Action::Add(json!("combined")),
        };
        now.changed(Change { pointer, action })
    }

    /// The document with one change, spliced.
    fn changed(&self, change: Change) -> Result<String, Box<Diagnostic>> {
        let mut expected = self.tree.value.clone();
        let changes = [change];
        change::apply(&mut expected, &changes);
        let rewritten = manifest::rewrite(&self.source, &self.document, &self.tree, &changes, &expected)?;
        Ok(rewritten.text)
    }

    fn read_again(&self, text: &str) -> Result<HelmRelease, Box<Diagnostic>> {
        let source = Source::new(self.source.name(), text);
        let mut found = releases(&source)?.into_iter();
        match (found.next(), found.next()) {
            (Some(release), None) => Ok(release),
            _ => Err(self.cannot("what would be written is no HelmRelease any more")),
        }
    }

    fn cannot(&self, why: &str) -> Box<Diagnostic> {
        let at = self.span(&list());
        let message = format!("{} cannot be changed: {why}", self.id);
        let wrong = Diagnostic::new("flux-cannot-write", &self.source, at, message);
        Box::new(wrong.help("please report this file; nothing was written"))
    }

    /// With the line breaks of the file.
    fn broken_as_here(&self, text: &str) -> String {
        if self.source.slice(self.document.span).contains("\r\n") {
            text.replace('\n', "\r\n")
        } else {
            text.to_owned()
        }
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

fn blanks(line: &str) -> &str {
    let content = line.trim_start_matches(' ');
    line.get(..line.len() - content.len()).unwrap_or_default()
}
