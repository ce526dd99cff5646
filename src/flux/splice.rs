//! A HelmRelease with another entry of ours: every other byte of its document stays.

use super::helm_release::{Entry, HelmRelease, blanks, list, releases};
use super::text::indented;
use super::{Export, Substitution};
use crate::change::{self, Action, Change};
use crate::json::{Value, json};
use crate::manifest;
use crate::pointer::Pointer;
use crate::source::{Diagnostic, Source, Span};

/// Stands in the text for the entry while everything around it is written.
const PLACEHOLDER: &str = "fixative--the-entry";

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

impl HelmRelease {
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
            spec.insert("postRenderers".into(), Value::Array(entries.into()));
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
