//! One document becomes a value, as Go's sigs.k8s.io/yaml reads it, and a layout, in one pass over the
//! parser's events.

mod alias;
mod builder;
mod check;
mod position;
#[cfg(test)]
mod tests;

use granit_parser::{Options, Parser, ScanError};

use super::layout::Layout;
use super::{Document, Tree};
use crate::json::Value;
use crate::source::{Diagnostic, Source, Span};

use builder::Builder;

/// Deepest nesting that is read. Go's limit is 10,000; nothing that Kubernetes takes comes near either, and
/// recursion over a value of this depth fits every stack.
const MAX_DEPTH: usize = 250;
/// Runs of lines indented with tabs inside brackets that are put up with.
const MAX_RETRIES: usize = 50;
/// Longest key on one line, in characters: Go's limit.
const MAX_KEY: usize = 1024;

/// Parses one document. `Ok` with `Value::Null` for a comment-only one.
pub fn read(source: &Source, document: &Document) -> Result<Tree, Diagnostic> {
    let text = source.slice(document.body);
    let skipped = if text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    let text = text.get(skipped..).unwrap_or_default();
    let base = document.body.start + skipped;
    check::characters(source, base, text)?;
    check_separators(source, base, text)?;
    let mut blanked: Option<String> = None;
    for _ in 0..MAX_RETRIES {
        let text = blanked.as_deref().unwrap_or(text);
        match parse(source, base, text) {
            Ok((value, layout, mut notes)) => {
                notes.extend(content_behind_end(source, document));
                return Ok(Tree { value, notes, layout });
            }
            Err(Failure::Tabs(at)) => blanked = position::blank_tabs(text, at),
            Err(Failure::Wrong(wrong)) => return Err(*wrong),
        }
    }
    let wrong = "tabs indent too many lines of this document";
    Err(Diagnostic::new("yaml-syntax", source, document.body, wrong).help("indent with blanks"))
}

/// Why one attempt gave nothing.
enum Failure {
    /// The document is wrong.
    Wrong(Box<Diagnostic>),
    /// A tab indents the line at this offset inside brackets, which only this parser refuses.
    Tabs(usize),
}

impl From<Diagnostic> for Failure {
    fn from(wrong: Diagnostic) -> Self {
        Failure::Wrong(Box::new(wrong))
    }
}

fn parse(source: &Source, base: usize, text: &str) -> Result<Finished, Failure> {
    let mut builder = Builder::new(source, base, text);
    for event in Parser::new_from_str_with_options(text, options()) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
                let is_tab = builder.is_in_brackets() && position::blank_tabs(text, at).is_some();
                return Err(if is_tab {
                    Failure::Tabs(at)
                } else {
                    syntax_error(source, base, text, &error).into()
                });
            }
        };
        builder.take(event, &span)?;
    }
    Ok(builder.finish())
}

fn options() -> Options {
    let mut options = Options::default();
    options.emit_anchor_events = true;
    options.emit_unresolved_aliases = true;
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    options.simple_key_max_lookahead = MAX_KEY;
    options
}

/// Content on a separator's line (`--- text`, `---text`), which the splitter leaves in its document. YAML might
/// read it, but Helm cuts there and drops the line: what everybody thinks is one object would be two.
fn check_separators(source: &Source, base: usize, text: &str) -> Result<(), Diagnostic> {
    let Some(at) = memchr::memmem::find(text.as_bytes(), b"\n---") else {
        return Ok(());
    };
    let start = at + 1;
    let line = text
        .get(start..)
        .and_then(|rest| rest.lines().next())
        .unwrap_or_default();
    let span = Span::new(base + start, base + start + line.len());
    let wrong = "a separator must stand alone on its line";
    Err(Diagnostic::new("yaml-syntax", source, span, wrong)
        .label("text behind `---`")
        .help("put a line break behind `---`: Helm refuses this, too"))
}

/// Content behind `...`, which no reader of the document sees.
fn content_behind_end(source: &Source, document: &Document) -> Option<Diagnostic> {
    let behind = source.slice(Span::new(document.body.end, document.span.end));
    let mut at = document.body.end;
    for line in behind.split_inclusive('\n') {
        let content = line.trim();
        let is_end = content.starts_with("...");
        if !content.is_empty() && !content.starts_with('#') && !is_end {
            let span = Span::new(at, at + line.trim_end().len());
            let note = "what stands behind `...` is not read, not by Helm either";
            let note = Diagnostic::new("behind-end", source, span, note);
            return Some(note.help("begin the next document with `---`"));
        }
        at += line.len();
    }
    None
}

fn syntax_error(source: &Source, base: usize, text: &str, error: &ScanError) -> Diagnostic {
    let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    let at = (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    // An error at the end of the text is shown on its last line that says something.
    let at = if text.get(at..).is_some_and(|rest| rest.trim().is_empty()) {
        text.get(..at).unwrap_or(text).trim_end().len()
    } else {
        at
    };
    let at = check::indenting_tab(text, at).unwrap_or(at);
    let length = text
        .get(at..)
        .and_then(|rest| rest.chars().next())
        .filter(|c| *c != '\n')
        .map_or(0, char::len_utf8);
    let span = Span::new(base + at, base + at + length);
    let wrong = Diagnostic::new(
        "yaml-syntax",
        source,
        span,
        format!("this is not YAML: {}", error.kind()),
    );
    match check::hint(text, at) {
        Some(hint) => wrong.help(hint),
        None => wrong,
    }
}

impl Tree {
    /// The span of the value at `pointer`, in the source.
    pub fn span(&self, pointer: &crate::pointer::Pointer) -> Option<Span> {
        let (node, steps) = self.layout.walk(pointer)?;
        let node = self.layout.node(node)?;
        (steps == pointer.0.len()).then_some(node.span)
    }

    /// The span of the key that holds the value at `pointer`, in the source.
    pub fn key_span(&self, pointer: &crate::pointer::Pointer) -> Option<Span> {
        let (parent, last) = pointer.split_last()?;
        let (node, steps) = self.layout.walk(&parent)?;
        match last {
            crate::pointer::Token::Key(name) if steps == parent.0.len() => {
                let entry = self.layout.entry(node, name)?;
                Some(self.layout.node(entry.key)?.span)
            }
            _ => None,
        }
    }
}

/// Whether Go takes a scalar without quotes and without a tag for a text.
fn is_text(plain: &str) -> bool {
    crate::manifest::scalar::value(plain, false, None).is_ok_and(|value| value.is_string())
}

/// A scalar without quotes, as it stands in the text: what one reader takes for a number or a truth value,
/// another may take for a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainScalar<'t> {
    /// As written, without its tag.
    pub text: &'t str,
    /// Its tag, if it has one: `!!int`.
    pub tag: Option<&'t str>,
    /// Where it stands, its tag too.
    pub span: Span,
    /// Whether it is the key of a map; never for `<<`.
    pub is_key: bool,
    /// Whether Go takes it for a text.
    pub is_text: bool,
}

impl Tree {
    /// All scalars that are written without quotes or with a tag, in the text's order.
    pub fn plain_scalars<'t>(&self, source: &'t Source) -> Vec<PlainScalar<'t>> {
        use crate::manifest::layout::{NodeId, Shape, Style};
        let keys: std::collections::HashMap<NodeId, bool> = self
            .layout
            .nodes
            .iter()
            .filter_map(|node| match &node.shape {
                Shape::Map { entries, .. } => Some(entries),
                _ => None,
            })
            .flatten()
            .map(|entry| (entry.key, entry.merge))
            .collect();
        let mut found: Vec<PlainScalar<'t>> = (0u32..)
            .zip(&self.layout.nodes)
            .filter_map(|(id, node)| {
                let tag = node.properties.as_ref().and_then(|own| own.tag);
                let is_scalar = matches!(node.shape, Shape::Scalar(_));
                let is_plain = matches!(node.shape, Shape::Scalar(Style::Plain));
                let merges = keys.get(&NodeId(id));
                ((is_plain || is_scalar && tag.is_some()) && merges != Some(&true)).then(|| PlainScalar {
                    text: source.slice(node.span),
                    tag: tag.map(|tag| source.slice(tag)),
                    span: Span::new(node.start(), node.span.end),
                    is_key: merges.is_some(),
                    is_text: is_text(source.slice(node.span)),
                })
            })
            .collect();
        found.sort_by_key(|scalar| scalar.span.start);
        found
    }
}

/// What a finished document comes to.
type Finished = (Value, Layout, Vec<Diagnostic>);
