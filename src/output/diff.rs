//! What render would change, as a unified diff. Lines that hold what no sink prints are `…` in it.

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use super::style::{Style, Tone};
use crate::source::Span;
use crate::stream::SourcePlan;

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// What stands for a line, or for the rest of it behind its indentation.
const MASK: &str = "…";

/// One input before and after.
#[derive(Debug)]
pub struct FileDiff<'p> {
    name: &'p str,
    old: Vec<Line<'p>>,
    new: Vec<Line<'p>>,
    operations: Vec<DiffOp>,
}

/// One line with its line break.
#[derive(Debug, Clone, Copy)]
struct Line<'p> {
    text: &'p str,
    is_hidden: bool,
}

impl<'p> FileDiff<'p> {
    /// Of an input that changes. Documents are compared one by one: what stays is never looked at.
    pub fn of(source: &'p SourcePlan) -> Option<Self> {
        if !source.is_changed() {
            return None;
        }
        let mut diff = Self {
            name: source.source.name(),
            old: Vec::new(),
            new: Vec::new(),
            operations: Vec::new(),
        };
        for document in &source.documents {
            let span = document.document.span;
            let hidden: Vec<Span> = document.hidden.clone();
            let old = lines(source.source.slice(span), span.start, &hidden);
            match &document.text {
                None => diff.keep(old),
                Some(text) => {
                    let new = lines(text, 0, &source.hidden_in_new_text(document));
                    diff.compare(old, new);
                }
            }
        }
        Some(diff)
    }

    /// Of two texts of one name; nothing in them is hidden.
    pub fn of_texts(name: &'p str, old: &'p str, new: &'p str) -> Self {
        let mut diff = Self {
            name,
            old: Vec::new(),
            new: Vec::new(),
            operations: Vec::new(),
        };
        diff.compare(lines(old, 0, &[]), lines(new, 0, &[]));
        diff
    }

    fn keep(&mut self, lines: Vec<Line<'p>>) {
        self.push(DiffOp::Equal {
            old_index: self.old.len(),
            new_index: self.new.len(),
            len: lines.len(),
        });
        self.old.extend(&lines);
        self.new.extend(lines);
    }

    fn compare(&mut self, mut old: Vec<Line<'p>>, mut new: Vec<Line<'p>>) {
        let texts = |lines: &[Line<'p>]| lines.iter().map(|line| line.text).collect::<Vec<_>>();
        let operations = capture_diff_slices(Algorithm::Myers, &texts(&old), &texts(&new));
        let (old_base, new_base) = (self.old.len(), self.new.len());
        for operation in operations {
            if operation.tag() == DiffTag::Equal {
                // What is hidden on either side is hidden on both.
                let (old, new) = (
                    old.get_mut(operation.old_range()),
                    new.get_mut(operation.new_range()),
                );
                for (old, new) in old.into_iter().flatten().zip(new.into_iter().flatten()) {
                    old.is_hidden |= new.is_hidden;
                    new.is_hidden = old.is_hidden;
                }
            }
            self.push(shifted(operation, old_base, new_base));
        }
        self.old.extend(old);
        self.new.extend(new);
    }

    /// What stays is one operation however many documents it is.
    fn push(&mut self, operation: DiffOp) {
        if let (Some(DiffOp::Equal { len, .. }), DiffOp::Equal { len: more, .. }) =
            (self.operations.last_mut(), operation)
        {
            *len += more;
            return;
        }
        self.operations.push(operation);
    }

    /// As patch(1) reads it.
    pub fn unified(&self, style: Style) -> String {
        let name = printable(self.name, style);
        let mut text = format!(
            "{}\n{}\n",
            style.paint(Tone::Strong, &format!("--- {name}")),
            style.paint(Tone::Strong, &format!("+++ {name}"))
        );
        for hunk in group_diff_ops(self.operations.clone(), CONTEXT) {
            self.hunk(&hunk, style, &mut text);
        }
        text
    }

    fn hunk(&self, operations: &[DiffOp], style: Style, text: &mut String) {
        let (Some(first), Some(last)) = (operations.first(), operations.last()) else {
            return;
        };
        let old = first.old_range().start..last.old_range().end;
        let new = first.new_range().start..last.new_range().end;
        let header = format!("@@ -{} +{} @@", range(&old), range(&new));
        *text += &style.paint(Tone::Note, &header);
        text.push('\n');
        for operation in operations {
            let (tag, old, new) = operation.as_tag_tuple();
            let old = self.old.get(old).unwrap_or_default();
            let new = self.new.get(new).unwrap_or_default();
            if tag == DiffTag::Equal {
                old.iter().for_each(|line| add(' ', None, line, style, text));
            } else {
                old.iter()
                    .for_each(|line| add('-', Some(Tone::Error), line, style, text));
                new.iter()
                    .for_each(|line| add('+', Some(Tone::Good), line, style, text));
            }
        }
    }

    /// The name of the input.
    pub fn name(&self) -> &str {
        self.name
    }

    /// The two texts, for a tool that compares them itself.
    pub fn texts(&self) -> (String, String) {
        let text = |lines: &[Line<'_>]| {
            lines
                .iter()
                .map(|line| line.shown() + line.line_break())
                .collect()
        };
        (text(&self.old), text(&self.new))
    }
}

impl Line<'_> {
    /// Without its line break.
    fn shown(&self) -> String {
        let text = self.text.trim_end_matches(['\n', '\r']);
        if !self.is_hidden {
            return text.to_owned();
        }
        let rest = text.trim_start();
        let indentation = text.get(..text.len() - rest.len()).unwrap_or_default();
        format!("{indentation}{MASK}")
    }

    fn line_break(&self) -> &str {
        let text = self.text.trim_end_matches(['\n', '\r']);
        self.text.get(text.len()..).unwrap_or_default()
    }
}

fn add(sign: char, tone: Option<Tone>, line: &Line<'_>, style: Style, text: &mut String) {
    let shown = format!("{sign}{}", printable(&line.shown(), style));
    *text += &tone.map_or(shown.clone(), |tone| style.paint(tone, &shown));
    match line.line_break() {
        "" => *text += "\n\\ No newline at end of file\n",
        // A terminal would go back to the start of the line.
        _ if style.color => text.push('\n'),
        ends => *text += ends,
    }
}

/// A terminal must not obey what stands in a file; patch(1) must have it as it is.
fn printable(text: &str, style: Style) -> String {
    if !style.color {
        return text.to_owned();
    }
    let parts: Vec<_> = text.split('\t').map(super::clean).collect();
    parts.join("\t")
}

/// The lines of a text that begins at `base` of the one in which `hidden` stands.
fn lines<'p>(text: &'p str, base: usize, hidden: &[Span]) -> Vec<Line<'p>> {
    let mut at = base;
    let line = |text: &'p str| {
        let start = at;
        at += text.len();
        let is_hidden = hidden.iter().any(|span| span.start < at && start < span.end);
        Line { text, is_hidden }
    };
    text.split_inclusive('\n').map(line).collect()
}

fn shifted(operation: DiffOp, old: usize, new: usize) -> DiffOp {
    let mut operation = operation;
    match &mut operation {
        DiffOp::Equal {
            old_index, new_index, ..
        }
        | DiffOp::Delete {
            old_index, new_index, ..
        }
        | DiffOp::Insert {
            old_index, new_index, ..
        }
        | DiffOp::Replace {
            old_index, new_index, ..
        } => {
            *old_index += old;
            *new_index += new;
        }
    }
    operation
}

/// `3,7` from line 3 seven lines; a run without lines stands behind the line before it.
fn range(lines: &std::ops::Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => (lines.start + 1).to_string(),
        many => format!("{},{many}", lines.start + 1),
    }
}

#[cfg(test)]
mod tests;
