//! Bytes to documents and back.
//!
//! `split` cuts a stream at its separators without parsing; `read` parses one document into a value (as Go's
//! sigs.k8s.io/yaml reads it) and a layout (where each node stands); `rewrite` applies [`Change`](crate::change::Change)s as
//! splices, verifies them by reading the result again, and says what had to be reflowed.
//!
//! This is the one reader of the project: policies, packs, configs and facts come through it too.

mod layout;
mod rewrite;
mod write;

pub use rewrite::rewrite;

use serde_json::Value;

use crate::pointer::Pointer;
use crate::source::{Diagnostic, Source, Span};

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

/// Cuts a stream into documents. Never fails on content; a separator that both Helms refuse (`--- text`,
/// `---x` at the start of a line outside of a block scalar is NOT a separator) is left to the reader.
pub fn split(source: &Source) -> Vec<Document> {
    let _ = source;
    todo!()
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

impl Tree {
    /// The span of the value at `pointer`, in the source.
    pub fn span(&self, pointer: &Pointer) -> Option<Span> {
        let _ = pointer;
        todo!()
    }

    /// The span of the key that holds the value at `pointer`, in the source.
    pub fn key_span(&self, pointer: &Pointer) -> Option<Span> {
        let _ = pointer;
        todo!()
    }
}

/// Parses one document. `Ok` with `Value::Null` for a comment-only one.
pub fn read(source: &Source, document: &Document) -> Result<Tree, Diagnostic> {
    let _ = (source, document);
    todo!()
}

/// The new text of a document (its whole `span`), and what is to be said about it.
#[derive(Debug)]
pub struct Rewrite {
    /// Replaces the text of `Document::span`.
    pub text: String,
    /// Places whose block had to be reflowed, with the reason.
    pub reflowed: Vec<(Pointer, String)>,
}
