//! Where each node of a document stands in its text: what spans and splices are made of.

use crate::pointer::{Pointer, Token};
use crate::source::Span;

/// The nodes of one document.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// All nodes; a [`NodeId`] is a position here.
    pub nodes: Vec<Node>,
    /// The outermost node; `None` for a document without content.
    pub root: Option<NodeId>,
}

/// A node of a [`Layout`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NodeId(pub u32);

/// One node. All offsets are bytes of the whole source.
#[derive(Debug)]
pub(super) struct Node {
    /// The value's text without anchor and tag: a scalar with its quotes; a flow collection with its
    /// brackets; a block collection from its first key or dash to the end of its last node; a block scalar
    /// from its header to the end of its last line, without that line's break. Empty where nothing is written
    /// (`key:`), then it stands right behind the `:` or `-` (or behind the anchor or tag, if there is one).
    pub span: Span,
    /// Its anchor and tag; few nodes have one.
    pub properties: Option<Box<Properties>>,
    /// What it is.
    pub shape: Shape,
}

/// What may stand in front of a node.
#[derive(Clone, Debug, Default)]
pub(super) struct Properties {
    /// `&name`, if it has an anchor.
    pub anchor: Option<Span>,
    /// `!!str`, if it has a tag.
    pub tag: Option<Span>,
}

/// What a [`Node`] is.
#[derive(Debug)]
pub(super) enum Shape {
    /// A scalar, a missing value too.
    Scalar(Style),
    /// `*name`, and the node it stands for.
    Alias(NodeId),
    /// A map; entries as written: duplicates are all there, the last one counts.
    Map {
        /// `{…}` instead of lines.
        flow: bool,
        /// Entries in order.
        entries: Vec<Entry>,
    },
    /// A list.
    List {
        /// `[…]` instead of lines.
        flow: bool,
        /// Items in order.
        items: Vec<Item>,
    },
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Without quotes; also a value that is not written at all.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// One entry of a map.
#[derive(Debug)]
pub(super) struct Entry {
    /// The key as it stands in the value (Go makes `1:` the string `"1"`).
    pub name: String,
    /// First byte of the entry: of the key with its anchor and tag, or of its `?`.
    pub start: usize,
    /// The key's node.
    pub key: NodeId,
    /// The value's node.
    pub value: NodeId,
    /// `<<`, also `!!merge <<`: its keys are not entries of this map.
    pub merge: bool,
}

/// One item of a list.
#[derive(Debug)]
pub(super) struct Item {
    /// First byte of the item: its dash in block style, else where its node starts.
    pub start: usize,
    /// Its node.
    pub value: NodeId,
}

impl Node {
    /// `&name`, if it has an anchor.
    pub fn anchor(&self) -> Option<Span> {
        self.properties.as_ref()?.anchor
    }

    /// First byte with anchor and tag.
    pub fn start(&self) -> usize {
        [self.anchor(), self.properties.as_ref().and_then(|own| own.tag)]
            .into_iter()
            .flatten()
            .map(|span| span.start)
            .fold(self.span.start, usize::min)
    }
}

impl Layout {
    /// The node with that number.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0 as usize)
    }

    /// The node itself, or the one that an alias stands for.
    pub fn resolve(&self, id: NodeId) -> Option<&Node> {
        // An alias stands for an earlier node that is none itself, so two steps always suffice.
        match self.node(id)?.shape {
            Shape::Alias(target) => self.node(target),
            _ => self.node(id),
        }
    }

    /// The node at `pointer` as far as the text has one there, aliases followed on the way: what was found,
    /// and how many steps led there. A key that comes out of a merge key has no node of its own.
    pub fn walk(&self, pointer: &Pointer) -> Option<(NodeId, usize)> {
        let mut here = self.root?;
        for (steps, token) in pointer.0.iter().enumerate() {
            match self.child(here, token) {
                Some(child) => here = child,
                None => return Some((here, steps)),
            }
        }
        Some((here, pointer.0.len()))
    }

    /// The node one step below.
    pub fn child(&self, id: NodeId, token: &Token) -> Option<NodeId> {
        match (&self.resolve(id)?.shape, token) {
            (Shape::Map { .. }, Token::Key(name)) => self.entry(id, name).map(|entry| entry.value),
            (Shape::List { items, .. }, Token::Index(index)) => items.get(*index).map(|item| item.value),
            _ => None,
        }
    }

    /// The entry that counts for a key of the map at `id`.
    pub fn entry(&self, id: NodeId, name: &str) -> Option<&Entry> {
        match &self.resolve(id)?.shape {
            Shape::Map { entries, .. } => entries.iter().rfind(|entry| !entry.merge && entry.name == name),
            _ => None,
        }
    }
}
