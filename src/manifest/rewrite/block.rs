//! Splices in block style: entries and items are lines.

use crate::json::Value;

use std::collections::HashMap;

use super::splice::Splice;
use super::target::Group;
use super::{Ground, Lines};
use crate::change::Action;
use crate::manifest::layout::{Entry, Item, Node, Shape, Style};
use crate::manifest::write;
use crate::pointer::Token;

/// The splices of a block map; `None` where its text is not as expected.
pub(super) fn map(ground: Ground<'_>, group: &Group) -> Option<Vec<Splice>> {
    let Shape::Map { entries, .. } = &ground.layout.node(group.node)?.shape else {
        return None;
    };
    let parts: Vec<Part<'_>> = entries
        .iter()
        .map(|entry| Part::entry(ground, entry))
        .collect::<Option<_>>()?;
    let column = ground.lines.column(parts.first()?.start);
    let is_removed = |part: &Part<'_>| group.removes(&part.name);
    let mut splices = removals(ground.lines, &parts, &is_removed, group.depth);
    // Of duplicates the last one is meant.
    let by_name: HashMap<&Token, &Part<'_>> = parts.iter().map(|part| (&part.name, part)).collect();
    for (token, action) in &group.changes {
        let Token::Key(name) = token else { return None };
        match action {
            Action::Remove { .. } => {}
            Action::Replace { new, .. } => {
                let part = by_name.get(token)?;
                let from = behind_colon(ground, part)?;
                let after =
                    literal(ground, part.node, new).unwrap_or_else(|| write::after_key(new, ground.manner));
                splices.push(value(
                    ground.lines,
                    from,
                    part.node,
                    new,
                    &after,
                    column,
                    group.depth,
                ));
            }
            Action::Add(new) => {
                let last = parts.iter().rfind(|part| !is_removed(part))?;
                let text = write::entry(name, new, ground.manner);
                splices.push(line_behind(ground.lines, last.end, &text, column, group.depth));
            }
        }
    }
    Some(splices)
}

/// The splices of a block list; `None` where its text is not as expected.
pub(super) fn list(ground: Ground<'_>, group: &Group) -> Option<Vec<Splice>> {
    let Shape::List { items, .. } = &ground.layout.node(group.node)?.shape else {
        return None;
    };
    let parts: Vec<Part<'_>> = items
        .iter()
        .enumerate()
        .map(|(index, item)| Part::item(ground, index, item))
        .collect::<Option<_>>()?;
    let column = ground.lines.column(parts.first()?.start);
    let is_removed = |part: &Part<'_>| group.removes(&part.name);
    let mut splices = removals(ground.lines, &parts, &is_removed, group.depth);
    let kept: Vec<usize> = (0..parts.len())
        .filter(|index| !group.removes(&Token::Index(*index)))
        .collect();
    for (token, action) in &group.changes {
        let Token::Index(index) = token else { return None };
        match action {
            Action::Remove { .. } => {}
            Action::Replace { new, .. } => {
                let part = parts.get(*index)?;
                let after =
                    literal(ground, part.node, new).unwrap_or_else(|| write::after_dash(new, ground.manner));
                splices.push(value(
                    ground.lines,
                    part.start + 1,
                    part.node,
                    new,
                    &after,
                    column,
                    group.depth,
                ));
            }
            Action::Add(new) => {
                let text = format!("-{}", write::after_dash(new, ground.manner));
                let behind = kept.partition_point(|position| position < index);
                let kept_before = behind
                    .checked_sub(1)
                    .and_then(|before| parts.get(*kept.get(before)?));
                let kept_behind = kept.get(behind).and_then(|position| parts.get(*position));
                splices.push(match (kept_before, kept_behind) {
                    (Some(part), _) => line_behind(ground.lines, part.end, &text, column, group.depth),
                    (None, Some(part)) => line_before(ground.lines, part.start, &text, column, group.depth),
                    (None, None) => return None,
                });
            }
        }
    }
    Some(splices)
}

/// An entry or item as it stands in the text.
struct Part<'t> {
    start: usize,
    end: usize,
    node: &'t Node,
    name: Token,
    /// Where the key ends.
    key_end: usize,
}

impl<'t> Part<'t> {
    fn entry(ground: Ground<'t>, entry: &Entry) -> Option<Self> {
        let node = ground.layout.node(entry.value)?;
        let key_end = ground.layout.node(entry.key)?.span.end;
        Some(Self {
            start: entry.start,
            end: node.span.end.max(key_end),
            node,
            // A merge key has no name by which a change could mean it.
            name: if entry.merge {
                Token::Index(usize::MAX)
            } else {
                Token::Key(entry.name.as_str().into())
            },
            key_end,
        })
    }

    fn item(ground: Ground<'t>, index: usize, item: &Item) -> Option<Self> {
        let node = ground.layout.node(item.value)?;
        Some(Self {
            start: item.start,
            end: node.span.end.max(item.start + 1),
            node,
            name: Token::Index(index),
            key_end: item.start,
        })
    }
}

/// The byte behind the colon of an entry.
fn behind_colon(ground: Ground<'_>, part: &Part<'_>) -> Option<usize> {
    let between = ground.lines.between(part.key_end, part.node.start());
    let colon = between.find(':')?;
    let blank = between.get(..colon)?.trim_matches([' ', '\t']);
    blank.is_empty().then_some(part.key_end + colon + 1)
}

/// Puts `new` where `node` stands. `from` is the byte behind the colon or dash; `after` the new text from
/// there on, as if the key or dash stood in column 0.
fn value(
    lines: Lines<'_>,
    from: usize,
    node: &Node,
    new: &Value,
    after: &str,
    column: usize,
    depth: usize,
) -> Splice {
    let on_line = lines.end(from) >= node.start();
    let style = match node.shape {
        Shape::Scalar(style) => style,
        _ => Style::Plain,
    };
    let is_block = match &node.shape {
        Shape::Scalar(style) => matches!(style, Style::Literal | Style::Folded),
        Shape::Map { flow, .. } | Shape::List { flow, .. } => !flow,
        Shape::Alias(_) => false,
    };
    if on_line && !is_block && is_inline(new, style) {
        let anchor = node
            .anchor()
            .map_or("", |span| lines.between(span.start, span.end));
        let gap = if anchor.is_empty() { "" } else { " " };
        let lead = if node.start() == from { " " } else { "" };
        return Splice {
            range: node.start()..node.span.end,
            text: format!("{lead}{anchor}{gap}{}", write::scalar(new, style)),
            depth,
        };
    }
    let mut end = node.span.end.max(from);
    let mut comment = None;
    // A comment on the key's own line stays there.
    if let Some(head) = lines.comment(from) {
        comment = Some(head);
        end = end.max(from + head.len());
    } else if let Some(tail) = lines.comment(end) {
        comment = on_line.then_some(tail);
        end += tail.len();
    }
    let (first, rest) = match after.split_once('\n') {
        Some((first, rest)) => (first, Some(rest)),
        None => (after, None),
    };
    // Behind a dash an anchor would be the first key's, so there it goes.
    let is_entry = lines.between(from.saturating_sub(1), from) == ":";
    let anchor = node
        .anchor()
        .filter(|_| is_entry)
        .map_or("", |span| lines.between(span.start, span.end));
    let gap = if anchor.is_empty() { "" } else { " " };
    let mut text = format!("{gap}{anchor}{first}{}", comment.unwrap_or(""));
    if let Some(rest) = rest {
        text.push('\n');
        text.push_str(rest);
    }
    Splice {
        range: from..end,
        text: indented(lines, from, &text, column),
        depth,
    }
}

/// A text with line breaks that replaces a block scalar, as one.
fn literal(ground: Ground<'_>, node: &Node, new: &Value) -> Option<String> {
    match (&node.shape, new) {
        (Shape::Scalar(Style::Literal | Style::Folded), Value::String(text))
            if ground.manner.block_scalars && text.contains('\n') =>
        {
            write::literal_after_key(text)
        }
        _ => None,
    }
}

/// Whether the value fits behind `key:` without a line of its own.
fn is_inline(value: &Value, style: Style) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => !text.contains('\n') || matches!(style, Style::DoubleQuoted),
        _ => true,
    }
}

/// The text with its later lines moved to `column`, with the breaks that the neighbourhood of `at` has.
fn indented(lines: Lines<'_>, at: usize, text: &str, column: usize) -> String {
    let line_break = lines.line_break(at);
    let indent = " ".repeat(column);
    let mut out = String::with_capacity(text.len() + column);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push_str(line_break);
            if !line.is_empty() {
                out.push_str(&indent);
            }
        }
        out.push_str(line);
    }
    out
}

/// A new line of its own behind the one in which `end` lies. It goes in front of the next line, where lines
/// that are taken out end as well, and not behind the text, which may be among them.
fn line_behind(lines: Lines<'_>, end: usize, text: &str, column: usize, depth: usize) -> Splice {
    let indent = " ".repeat(column);
    match lines.next(end) {
        Some(next) => Splice {
            range: next..next,
            text: format!(
                "{indent}{}{}",
                indented(lines, end, text, column),
                lines.line_break(end)
            ),
            depth,
        },
        None => {
            let at = lines.end(end);
            Splice {
                range: at..at,
                text: indented(lines, end, &format!("\n{text}"), column),
                depth,
            }
        }
    }
}

/// A new line in front of the item that starts at `start`.
fn line_before(lines: Lines<'_>, start: usize, text: &str, column: usize, depth: usize) -> Splice {
    let indent = " ".repeat(column);
    Splice {
        range: start..start,
        text: format!(
            "{}{}{indent}",
            indented(lines, start, text, column),
            lines.line_break(start)
        ),
        depth,
    }
}

/// Takes parts out with their lines, one splice for each run of them. The first part may share its line with
/// a parent's dash; then the next one that stays takes its place.
fn removals(
    lines: Lines<'_>,
    parts: &[Part<'_>],
    is_removed: &dyn Fn(&Part<'_>) -> bool,
    depth: usize,
) -> Vec<Splice> {
    let mut splices = Vec::new();
    let mut rest = parts.iter().peekable();
    while let Some(first) = rest.find(|part| is_removed(part)) {
        // Comments between two removed parts stay: only neighbouring lines are one run.
        let mut last = first;
        while let Some(next) = rest.next_if(|next| {
            is_removed(next)
                && lines
                    .next(last.end)
                    .is_some_and(|line| lines.start(next.start) <= line)
        }) {
            last = next;
        }
        let start = lines.start(first.start);
        let shares_line = !lines.is_first(first.start);
        // The next part that stays takes the first one's place, whatever goes in between.
        while shares_line && rest.next_if(|next| is_removed(next)).is_some() {}
        let range = match (!shares_line, lines.next(last.end), rest.peek()) {
            (false, _, Some(kept)) => first.start..kept.start,
            (_, Some(next), _) => start..next,
            // The text has no last break: the one in front of the run goes instead.
            (_, None, _) => lines.end(lines.start(start.saturating_sub(1)))..lines.end(last.end),
        };
        splices.push(Splice {
            range,
            text: String::new(),
            depth,
        });
    }
    splices
}
