//! Texts with names, and places in them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A named text: a file, standard input, or an embedded policy. Cloning is cheap.
#[derive(Clone)]
pub struct Source {
    name: Arc<str>,
    // A `String` within, so that a large text is not copied on its way in.
    text: Arc<String>,
}

/// A range of bytes in one [`Source`]; always on character boundaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A place for people: both numbers start at 1, the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Source {
    /// A text under the name that messages show.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: Arc::new(text.into()),
        }
    }

    /// The name that messages show: a path as the user gave it, or `<stdin>`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of `span`; empty if the span does not fit this source.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Where `offset` is, for people. Offsets past the end give the end.
    pub fn line_column(&self, offset: usize) -> LineColumn {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).map_or(0, |line| line.chars().count());
        LineColumn {
            line: memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1,
            column: column + 1,
        }
    }
}

impl Span {
    /// The bytes from `start` up to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// As a range that slices a text.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// The same bytes, `by` further on.
    pub fn shifted(self, by: usize) -> Self {
        Self {
            start: self.start + by,
            end: self.end + by,
        }
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self {
            start: range.start,
            end: range.end,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({}, {} bytes)", self.name, self.text.len())
    }
}

impl fmt::Display for LineColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// What is wrong with a text, and where: the one form in which every reader (manifest, policy, config,
/// facts, CEL) reports. `output::human` draws it with the line and a caret.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Kebab-case, stable, for machines: `unknown-field`, `yaml-syntax`.
    pub code: &'static str,
    /// One sentence: what is wrong.
    pub message: String,
    /// The text.
    pub source: Source,
    /// Where in it.
    pub span: Span,
    /// A few words under the caret; may be empty.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A diagnostic without label and help.
    pub fn new(code: &'static str, source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            source: source.clone(),
            span,
            label: String::new(),
            help: None,
        }
    }

    /// Adds the words under the caret.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// One line: `name:line:column: message`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}",
            self.source.name(),
            self.source.line_column(self.span.start),
            self.message
        )
    }
}

impl std::error::Error for Diagnostic {}
