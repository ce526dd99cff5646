//! Bytes to documents and back.
//!
//! `split` cuts a stream at its separators without parsing; `read` parses one document into a value (as Go's
//! sigs.k8s.io/yaml reads it) and a layout (where each node stands); `rewrite` applies [`Change`](crate::change::Change)s as
//! splices, verifies them by reading the result again, and says what had to be reflowed.
//!
//! This is the one reader of the project: policies, packs, configs and facts come through it too.

mod layout;
mod read;
mod rewrite;
mod scalar;
mod split;
mod write;

pub use read::{PlainScalar, read};
pub use rewrite::rewrite;
pub use split::split;
pub use write::{yaml, yaml_item, yaml_line};

use crate::json::Value;
use crate::pointer::Pointer;
use crate::source::{Diagnostic, Span};

/// One document of a stream: the spans of all documents, in order, cover the whole text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Position in the stream, from 0.
    pub index: u32,
    /// The whole document: leading separator line, comments, content, up to the next separator.
    pub span: Span,
    /// What the parser is given: without the leading `---` line and without anything behind `...`.
    pub body: Span,
}

/// One parsed document.
#[derive(Debug)]
pub struct Tree {
    /// The value as Go reads it; nulls are kept.
    pub value: Value,
    /// Things that reading met and a person should hear of (a duplicate key, say).
    pub notes: Vec<Diagnostic>,
    /// Where everything stands.
    layout: layout::Layout,
}

/// The new text of a document (its whole `span`), and what is to be said about it.
#[derive(Debug)]
pub struct Rewrite {
    /// Replaces the text of `Document::span`.
    pub text: String,
    /// Places whose block had to be reflowed, with the reason.
    pub reflowed: Vec<(Pointer, String)>,
}
