//! Typed paths: `spec.volumes[name=data]`, `containers[server].env[*]`, `metadata.annotations["a.b/c"]`.

use std::ops::Range;

use super::{Path, Root, Segment};

/// No object nests deeper than this where it means something, and following a path must end before the stack does.
const MOST_STEPS: usize = 128;

/// A path that cannot be read, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct PathError {
    pub message: String,
    /// First byte of what is wrong.
    pub at: usize,
    /// One past its last byte.
    pub end: usize,
    pub help: Option<&'static str>,
}

fn wrong(place: Range<usize>, message: impl Into<String>) -> PathError {
    PathError {
        message: message.into(),
        at: place.start,
        end: place.end,
        help: None,
    }
}

/// Reads a path. `containers[…]` at its start is a root of its own where `pods` says so.
pub(super) fn parse(text: &str, pods: bool) -> Result<Path, PathError> {
    let mut rest = Rest { text, at: 0 };
    let mut root = Root::Subject;
    let mut segments = Vec::new();
    if pods && let Some(selected) = text.strip_prefix("containers[") {
        let end = selected
            .find(']')
            .ok_or_else(|| wrong("containers".len()..text.len(), "the bracket is not closed"))?;
        root = Root::Containers(components(
            selected.get(..end).unwrap_or_default(),
            "containers[".len(),
        )?);
        rest.at = "containers[".len() + end + 1;
        rest.dot()?;
    }
    while !rest.is_empty() {
        if segments.len() == MOST_STEPS {
            let message = format!("a path has {MOST_STEPS} steps at most");
            return Err(wrong(rest.at..text.len(), message));
        }
        segments.push(rest.segment()?);
        rest.dot()?;
    }
    if segments.is_empty() && root == Root::Subject {
        return Err(wrong(0..0, "the path is empty"));
    }
    Ok(Path {
        root,
        segments,
        text: text.to_owned(),
    })
}

/// `server,database`; `None` is `*`.
fn components(text: &str, at: usize) -> Result<Option<Vec<String>>, PathError> {
    if text == "*" {
        return Ok(None);
    }
    let mut names = Vec::new();
    let mut start = at;
    for piece in text.split(',') {
        let name = piece.trim();
        if !is_name(name) {
            return Err(PathError {
                help: Some("write containers[server], containers[server,database] or containers[*]"),
                ..wrong(start..start + piece.len(), "containers are selected by component")
            });
        }
        names.push(name.to_owned());
        start += piece.len() + 1;
    }
    Ok(Some(names))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// What is left to read.
struct Rest<'t> {
    text: &'t str,
    at: usize,
}

impl Rest<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    /// A dot in front of a field; none in front of a bracket or at the end.
    fn dot(&mut self) -> Result<(), PathError> {
        match self.rest().chars().next() {
            None | Some('[') => Ok(()),
            Some('.') if self.rest().len() > 1 => {
                self.at += 1;
                Ok(())
            }
            Some('.') => Err(wrong(self.at..self.at + 1, "the path ends with a dot")),
            Some(_) => Err(wrong(
                self.at..self.text.len(),
                "a dot or a bracket must stand here",
            )),
        }
    }

    fn segment(&mut self) -> Result<Segment, PathError> {
        if self.rest().starts_with('[') {
            return self.bracket();
        }
        let length = self.rest().find(['.', '[']).unwrap_or(self.rest().len());
        let name = self.rest().get(..length).unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(wrong(self.at..self.at + 1, "a field name must stand here"));
        }
        if !is_name(&name) {
            return Err(PathError {
                help: Some("write it in brackets and quotes: [\"a.b/c\"]"),
                ..wrong(
                    self.at..self.at + length,
                    format!("`{name}` is no plain field name"),
                )
            });
        }
        self.at += length;
        Ok(Segment::Field(name))
    }

    fn bracket(&mut self) -> Result<Segment, PathError> {
        let start = self.at;
        if let Some(quoted) = self.rest().strip_prefix("[\"") {
            let end = quoted
                .find("\"]")
                .ok_or_else(|| wrong(start..self.text.len(), "the bracket is not closed"))?;
            let name = quoted.get(..end).unwrap_or_default().to_owned();
            self.at += end + 4;
            return Ok(Segment::Field(name));
        }
        let inner = self.rest().strip_prefix('[').unwrap_or_default();
        let end = inner
            .find(']')
            .ok_or_else(|| wrong(start..self.text.len(), "the bracket is not closed"))?;
        let inner = inner.get(..end).unwrap_or_default().to_owned();
        self.at += end + 2;
        match (inner.as_str(), inner.split_once('=')) {
            ("*", _) => Ok(Segment::Each),
            (_, Some((key, value))) if is_name(key) && !value.is_empty() => Ok(Segment::Where {
                key: key.to_owned(),
                value: value.to_owned(),
            }),
            (index, _) if !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(PathError {
                    help: Some("select by a field, [name=data], or every item, [*]"),
                    ..wrong(
                        start..self.at,
                        "items are not selected by their position, which may change",
                    )
                })
            }
            _ => Err(PathError {
                help: Some("select by a field, [name=data], every item, [*], or write a field [\"a.b/c\"]"),
                ..wrong(start..self.at, "this bracket selects nothing")
            }),
        }
    }
}
