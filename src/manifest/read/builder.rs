//! Events become values and nodes.

mod put;

use granit_parser::{Event, ScalarStyle, StructureStyle, Tag};

use super::alias::Anchors;
use super::{Finished, MAX_DEPTH, check, position};
use crate::json::{Map, Value};
use crate::manifest::layout::{Entry, Item, Layout, Node, NodeId, Properties, Shape, Style};
use crate::manifest::scalar;
use crate::source::{Diagnostic, Source, Span};

/// Where YAML's own tags are, `!!str` among them.
const YAML_TAGS: &str = "tag:yaml.org,2002:";

/// The state between two events.
pub(super) struct Builder<'t> {
    source: &'t Source,
    /// Where the parsed text starts in the source.
    base: usize,
    text: &'t str,
    layout: Layout,
    notes: Vec<Diagnostic>,
    open: Vec<Open>,
    anchors: Anchors,
    root: Value,
}

/// A collection whose end has not come.
struct Open {
    node: NodeId,
    anchor: usize,
    /// Values read before it.
    before: usize,
    /// Where its content may begin: behind the colon or dash that it follows.
    from: usize,
    /// Levels of nesting in it so far, itself included.
    height: usize,
    content: Content,
}

enum Content {
    List(Vec<Value>),
    Map {
        entries: Map,
        key: Option<Key>,
        /// Whether a merge key was among them.
        is_merged: bool,
    },
}

/// A key whose value has not come.
struct Key {
    name: String,
    node: NodeId,
    start: usize,
    merge: bool,
}

/// A complete node.
pub(super) struct Complete {
    pub node: NodeId,
    pub value: Value,
    /// The text of a scalar as a key; `None` for what cannot be one.
    pub key: Option<String>,
    pub is_merge: bool,
    /// Levels of nesting in it, none for a scalar.
    pub height: usize,
}

impl<'t> Builder<'t> {
    pub fn new(source: &'t Source, base: usize, text: &'t str) -> Self {
        Self {
            source,
            base,
            text,
            layout: Layout::default(),
            notes: Vec::new(),
            open: Vec::new(),
            anchors: Anchors::default(),
            root: Value::Null,
        }
    }

    /// Whether the innermost collection stands in brackets.
    pub fn is_in_brackets(&self) -> bool {
        let innermost = self.open.last().and_then(|open| self.layout.node(open.node));
        matches!(
            innermost.map(|node| &node.shape),
            Some(Shape::Map { flow: true, .. } | Shape::List { flow: true, .. })
        )
    }

    pub fn finish(self) -> Finished {
        (self.root, self.layout, self.notes)
    }

    /// One event of the parser.
    pub fn take(&mut self, event: Event<'_>, span: &granit_parser::Span) -> Result<(), Diagnostic> {
        let start = span.start.byte_offset().unwrap_or(0);
        let end = span.end.byte_offset().unwrap_or(start);
        let tag_span = span.tag_span().and_then(|tag| {
            let (start, end) = (tag.start.byte_offset()?, tag.end.byte_offset()?);
            Some(self.at(start, end))
        });
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.anchors.count();
                let complete = self.scalar(&text, style, tag.as_deref(), tag_span, start, end)?;
                if anchor > 0 {
                    let before = self.anchors.values() - 1;
                    self.anchors.define(anchor, &complete, before);
                }
                self.put(complete)
            }
            Event::SequenceStart(style, anchor, _) => {
                let shape = Shape::List {
                    flow: style == StructureStyle::Flow,
                    items: Vec::new(),
                };
                self.begin(shape, Content::List(Vec::new()), anchor, tag_span, start)
            }
            Event::MappingStart(style, anchor, _) => {
                let shape = Shape::Map {
                    flow: style == StructureStyle::Flow,
                    entries: Vec::new(),
                };
                let content = Content::Map {
                    entries: Map::new(),
                    key: None,
                    is_merged: false,
                };
                self.begin(shape, content, anchor, tag_span, start)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(end),
            Event::Anchor(..) => {
                self.anchor(self.at(start, end));
                Ok(())
            }
            Event::Alias(id) => self.alias(id, self.at(start, end)),
            Event::UnresolvedAlias(name) => Err(self.unknown_anchor(&name, self.at(start, end))),
            _ => Ok(()),
        }
    }

    /// A range of the parsed text as one of the source.
    fn at(&self, start: usize, end: usize) -> Span {
        Span::new(self.base + start, self.base + end)
    }

    fn add(&mut self, span: Span, tag: Option<Span>, shape: Shape) -> NodeId {
        let id = NodeId(self.layout.nodes.len() as u32);
        self.layout.nodes.push(Node {
            span,
            properties: tag.map(|tag| {
                Box::new(Properties {
                    anchor: None,
                    tag: Some(tag),
                })
            }),
            shape,
        });
        self.layout.root.get_or_insert(id);
        id
    }

    fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.layout.nodes.get_mut(id.0 as usize)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        tag_span: Option<Span>,
        start: usize,
        end: usize,
    ) -> Result<Complete, Diagnostic> {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let span = match style {
            Style::Literal | Style::Folded => {
                // At the root and behind `?` nothing tells where the header is but its own line.
                let from = self.missing(start);
                let header = position::skip_properties(self.text, from);
                let is_header = from < start && matches!(self.text.as_bytes().get(header), Some(b'|' | b'>'));
                let start = if is_header {
                    header
                } else {
                    position::block_header(self.text, start).unwrap_or(start)
                };
                self.at(start, position::block_scalar_end(self.text, start, end))
            }
            Style::Plain if start == end => {
                let missing = tag_span.map_or_else(|| self.missing(start), |tag| tag.end - self.base);
                self.at(missing, missing)
            }
            _ => self.at(start, end),
        };
        if style == Style::DoubleQuoted && memchr::memchr(b'\\', self.source.slice(span).as_bytes()).is_some()
        {
            check::escapes(self.source, span)?;
        }
        let core = tag.map(|tag| tag.suffix_in_namespace(YAML_TAGS).unwrap_or("str".into()));
        let core = core.as_deref();
        let is_plain = style == Style::Plain;
        let is_merge = is_plain && text == "<<" && (tag.is_none() || core == Some("merge"));
        let core = if is_merge { None } else { core };
        // Without a last line break Go has none in the value either.
        let is_cut = matches!(style, Style::Literal | Style::Folded)
            && end == self.text.len()
            && !self.text.ends_with('\n');
        let text = if is_cut {
            text.strip_suffix('\n').unwrap_or(text)
        } else {
            text
        };
        let read = scalar::value(text, !is_plain, core);
        let wrong = |error: scalar::ScalarError| {
            Diagnostic::new("yaml-value", self.source, span, error.to_string())
                .help("quote it if it is a text")
        };
        let value = read.map_err(wrong)?;
        let key = if self.wants_key() {
            scalar::key(text, !is_plain, core).map_err(wrong)?
        } else {
            None
        };
        let node = self.add(span, tag_span, Shape::Scalar(style));
        Ok(Complete {
            node,
            value,
            key,
            is_merge,
            height: 0,
        })
    }

    /// Where a value would stand that is not written.
    fn missing(&self, marker: usize) -> usize {
        let Some(open) = self.open.last() else {
            return marker;
        };
        match &open.content {
            Content::Map { key: Some(key), .. } => {
                let end = self
                    .layout
                    .node(key.node)
                    .map_or(marker, |node| node.span.end - self.base);
                position::behind_colon(self.text, end).unwrap_or(end)
            }
            Content::Map { key: None, .. } => marker,
            Content::List(_) => self.dash().map_or(marker, |dash| dash + 1),
        }
    }

    /// The dash of the next item, if the innermost collection is a block list.
    fn dash(&self) -> Option<usize> {
        let open = self.open.last()?;
        let node = self.layout.node(open.node)?;
        let Shape::List { flow: false, items } = &node.shape else {
            return None;
        };
        let at = match items.last() {
            Some(last) => {
                let end = self.layout.node(last.value).map_or(0, |node| node.span.end);
                position::skip_blank(self.text, end.max(last.start + 1) - self.base)
            }
            None => position::skip_properties(self.text, open.from),
        };
        (self.text.as_bytes().get(at) == Some(&b'-')).then_some(at)
    }

    fn wants_key(&self) -> bool {
        matches!(
            self.open.last().map(|open| &open.content),
            Some(Content::Map { key: None, .. })
        )
    }

    fn begin(
        &mut self,
        shape: Shape,
        content: Content,
        anchor: usize,
        tag: Option<Span>,
        start: usize,
    ) -> Result<(), Diagnostic> {
        if self.wants_key() {
            let span = self.at(start, start + 1);
            let wrong = Diagnostic::new("yaml-value", self.source, span, "a map or a list cannot be a key");
            return Err(wrong.help("quote it if `{{ … }}` of a template was meant"));
        }
        let node = self.add(self.at(start, start), tag, shape);
        let before = self.anchors.values();
        self.anchors.count();
        let from = if self.open.is_empty() {
            0
        } else {
            self.missing(start)
        };
        self.open.push(Open {
            from,
            height: 1,
            node,
            anchor,
            before,
            content,
        });
        Ok(())
    }

    fn end(&mut self, marker: usize) -> Result<(), Diagnostic> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let base = self.base;
        let end = match self.layout.node(open.node).map(|node| &node.shape) {
            Some(Shape::Map { flow: false, entries }) => entries.last().and_then(|entry| {
                let key = self.layout.node(entry.key)?.span.end;
                Some(self.layout.node(entry.value)?.span.end.max(key))
            }),
            Some(Shape::List { flow: false, items }) => items
                .last()
                .and_then(|item| Some(self.layout.node(item.value)?.span.end.max(item.start + 1))),
            _ => Some(base + marker),
        };
        let first = match self.layout.node(open.node).map(|node| &node.shape) {
            Some(Shape::Map { flow: false, entries }) => entries.first().map(|entry| entry.start),
            Some(Shape::List { flow: false, items }) => items.first().map(|item| item.start),
            _ => None,
        };
        if let Some(node) = self.node_mut(open.node) {
            node.span.start = first.unwrap_or(node.span.start);
            node.span.end = end.unwrap_or(node.span.end).max(node.span.start);
        }
        let value = match open.content {
            Content::List(items) => Value::Array(items.into()),
            Content::Map { entries, .. } => Value::Object(entries),
        };
        let complete = Complete {
            node: open.node,
            value,
            key: None,
            is_merge: false,
            height: open.height,
        };
        if open.anchor > 0 {
            self.anchors.define(open.anchor, &complete, open.before);
        }
        self.put(complete)
    }

    /// The anchor of the node that was begun or read last.
    fn anchor(&mut self, span: Span) {
        let Some(node) = self.layout.nodes.last_mut() else {
            return;
        };
        node.properties.get_or_insert_default().anchor = Some(span);
        // A value that is not written stands behind its anchor.
        let is_scalar = matches!(node.shape, Shape::Scalar(_));
        if is_scalar && node.span.start == node.span.end && node.span.start < span.end {
            node.span = Span::new(span.end, span.end);
        }
        let start = node.start();
        let id = NodeId((self.layout.nodes.len() - 1) as u32);
        if is_scalar {
            self.starts_earlier(id, start);
        }
    }

    /// A scalar was put where it belongs before its anchor came: its key or item starts with the anchor.
    fn starts_earlier(&mut self, id: NodeId, start: usize) {
        let Some(open) = self.open.last_mut() else {
            return;
        };
        if let Content::Map { key: Some(key), .. } = &mut open.content
            && key.node == id
        {
            let mark = position::question_mark(self.text, start - self.base);
            key.start = key.start.min(mark.map_or(start, |at| self.base + at));
        }
        let list = open.node;
        if let Some(Shape::List { items, .. }) = self.node_mut(list).map(|node| &mut node.shape)
            && let Some(item) = items.last_mut()
            && item.value == id
        {
            item.start = item.start.min(start);
        }
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Diagnostic> {
        let wants_key = self.wants_key();
        let Some(anchored) = self.anchors.get(id) else {
            let wrong = "this alias stands inside the value that it stands for";
            return Err(Diagnostic::new("yaml-syntax", self.source, span, wrong));
        };
        let (target, height) = (anchored.node, anchored.height);
        let key = match (&anchored.key, &anchored.value) {
            _ if !wants_key => None,
            (Some(key), _) => Some(key.clone()),
            (None, Value::String(text)) => Some(text.to_string()),
            (None, scalar @ (Value::Bool(_) | Value::Number(_))) => Some(scalar.to_string()),
            _ => None,
        };
        // Aliases in aliases nest deeper than any line of the text does.
        if self.open.len() + height > MAX_DEPTH {
            let wrong = format!("with this alias the document nests deeper than {MAX_DEPTH} levels");
            return Err(Diagnostic::new("yaml-aliases", self.source, span, wrong)
                .help("write the values out, less deep"));
        }
        let is_excessive = self.anchors.is_excessive();
        if is_excessive {
            let wrong = "the aliases of this document blow it up beyond measure";
            return Err(Diagnostic::new("yaml-aliases", self.source, span, wrong)
                .help("Go's YAML refuses it as well: write the values out"));
        }
        let value = self.anchors.value(id);
        let node = self.add(span, None, Shape::Alias(target));
        self.put(Complete {
            node,
            value,
            key,
            is_merge: false,
            height,
        })
    }

    fn unknown_anchor(&self, name: &str, span: Span) -> Diagnostic {
        Diagnostic::new(
            "yaml-anchor",
            self.source,
            span,
            format!("there is no anchor &{name} in this document"),
        )
        .label("an alias without its anchor")
        .help(
            "Helm 4 gives each item of a List to a post-renderer as a document of its own and leaves the \
                 anchor in another one; it fails on this itself. Write the values out in the chart",
        )
    }
}

/// What a merge key brings; in goyaml.v2 it overwrites what stands in front of it, and of a list the first
/// map counts most (`decode.go`, `merge`).
fn merge_into(entries: &mut Map, value: Value) -> Result<(), ()> {
    match value {
        Value::Object(map) => {
            entries.extend(map);
            Ok(())
        }
        Value::Array(items) if items.iter().all(Value::is_object) => {
            for item in items.into_iter().rev() {
                merge_into(entries, item)?;
            }
            Ok(())
        }
        _ => Err(()),
    }
}
