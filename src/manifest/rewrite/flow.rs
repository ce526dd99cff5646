//! Splices in flow style (JSON too): entries and items stand between brackets and commas.

use super::Ground;
use super::splice::Splice;
use super::target::Group;
use crate::change::Action;
use crate::manifest::layout::{Node, NodeId, Shape, Style};
use crate::manifest::write;
use crate::pointer::Token;

/// One entry or item as it stands in the text.
struct Part<'t> {
    start: usize,
    end: usize,
    node: &'t Node,
    is_removed: bool,
    name: Option<&'t str>,
}

/// How a collection's author writes.
#[derive(Clone, Copy)]
struct Manner<'t> {
    /// Words without quotes.
    bare: bool,
    /// Between key and value: `:` or `: `.
    colon: &'t str,
    /// In front of another part: `, `, `,`, or a comma, a break and the indentation.
    comma: &'t str,
}

/// The splices of a flow map; `None` where its text is not as expected.
pub(super) fn map(ground: Ground<'_>, group: &Group) -> Option<Vec<Splice>> {
    let Shape::Map { entries, .. } = &ground.layout.node(group.node)?.shape else {
        return None;
    };
    let first = entries.first()?;
    let key = ground.layout.node(first.key)?;
    let value = ground.layout.node(first.value)?;
    let is_quoted = matches!(key.shape, Shape::Scalar(Style::DoubleQuoted));
    let is_tight = is_quoted && ground.lines.between(key.span.end, value.start()) == ":";
    let parts: Vec<Part<'_>> = entries
        .iter()
        .map(|entry| {
            let name = (!entry.merge).then_some(entry.name.as_str());
            let is_removed = name.is_some_and(|name| group.removes(&Token::Key(name.into())));
            let node = ground.layout.node(entry.value)?;
            let key_end = ground.layout.node(entry.key)?.span.end;
            let end = node.span.end.max(key_end);
            Some(Part {
                start: entry.start,
                end,
                node,
                is_removed,
                name,
            })
        })
        .collect::<Option<_>>()?;
    let comma = comma(ground, &parts, is_tight);
    let manner = Manner {
        bare: !is_quoted,
        colon: if is_tight { ":" } else { ": " },
        comma: &comma,
    };
    let mut splices = removals(&parts, group.depth);
    for (token, action) in &group.changes {
        let Token::Key(name) = token else { return None };
        match action {
            Action::Remove { .. } => {}
            Action::Replace { new, .. } => {
                let part = parts.iter().rfind(|part| part.name == Some(name))?;
                splices.push(replacement(
                    ground,
                    part,
                    write::flow(new, manner.bare),
                    group.depth,
                ));
            }
            Action::Add(new) => {
                let key = write::flow_text(name, manner.bare);
                let text = format!("{key}{}{}", manner.colon, write::flow(new, manner.bare));
                splices.push(addition(&parts, parts.len(), &text, manner.comma, group.depth)?);
            }
        }
    }
    Some(splices)
}

/// The splices of a flow list; `None` where its text is not as expected.
pub(super) fn list(ground: Ground<'_>, group: &Group) -> Option<Vec<Splice>> {
    let Shape::List { items, .. } = &ground.layout.node(group.node)?.shape else {
        return None;
    };
    let bare = !is_quoted(ground, items.first()?.value);
    let parts: Vec<Part<'_>> = items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let node = ground.layout.node(item.value)?;
            let is_removed = group.removes(&Token::Index(index));
            Some(Part {
                start: item.start,
                end: node.span.end,
                node,
                is_removed,
                name: None,
            })
        })
        .collect::<Option<_>>()?;
    let comma = comma(ground, &parts, false);
    let mut splices = removals(&parts, group.depth);
    for (token, action) in &group.changes {
        let Token::Index(index) = token else { return None };
        match action {
            Action::Remove { .. } => {}
            Action::Replace { new, .. } => {
                splices.push(replacement(
                    ground,
                    parts.get(*index)?,
                    write::flow(new, bare),
                    group.depth,
                ));
            }
            Action::Add(new) => {
                splices.push(addition(
                    &parts,
                    *index,
                    &write::flow(new, bare),
                    &comma,
                    group.depth,
                )?);
            }
        }
    }
    Some(splices)
}

/// Whether an item, or the keys of an item, are quoted as in JSON.
fn is_quoted(ground: Ground<'_>, id: NodeId) -> bool {
    match ground.layout.node(id).map(|node| &node.shape) {
        Some(Shape::Scalar(style)) => *style == Style::DoubleQuoted,
        Some(Shape::Map { entries, .. }) => entries.first().is_some_and(|entry| is_quoted(ground, entry.key)),
        Some(Shape::List { items, .. }) => items.first().is_some_and(|item| is_quoted(ground, item.value)),
        _ => false,
    }
}

fn comma(ground: Ground<'_>, parts: &[Part<'_>], is_tight: bool) -> String {
    let lines = ground.lines;
    match parts.last() {
        Some(last) if lines.is_first(last.start) => {
            let line_break = lines.line_break(lines.start(last.start).saturating_sub(1));
            format!(",{line_break}{}", " ".repeat(lines.column(last.start)))
        }
        _ if is_tight => ",".into(),
        _ => ", ".into(),
    }
}

fn replacement(ground: Ground<'_>, part: &Part<'_>, text: String, depth: usize) -> Splice {
    let span = part.node.span;
    let anchor = part
        .node
        .anchor()
        .map(|span| ground.lines.between(span.start, span.end));
    let lead = match anchor {
        Some(anchor) => format!("{anchor} "),
        // `{key:}`: without a blank the value would be a part of the key.
        None if span.start == span.end => " ".to_owned(),
        None => String::new(),
    };
    Splice {
        range: part.node.start()..span.end,
        text: format!("{lead}{text}"),
        depth,
    }
}

/// Behind the last part in front of `index` that stays, else in front of the first one behind it.
fn addition(parts: &[Part<'_>], index: usize, text: &str, comma: &str, depth: usize) -> Option<Splice> {
    if let Some(part) = parts.iter().take(index).rfind(|part| !part.is_removed) {
        return Some(Splice {
            range: part.end..part.end,
            text: format!("{comma}{text}"),
            depth,
        });
    }
    let part = parts.iter().skip(index).find(|part| !part.is_removed)?;
    Some(Splice {
        range: part.start..part.start,
        text: format!("{text}{comma}"),
        depth,
    })
}

/// Takes parts out, each with the comma in front of it, the first ones with the comma behind.
fn removals(parts: &[Part<'_>], depth: usize) -> Vec<Splice> {
    let leading = parts.iter().take_while(|part| part.is_removed).count();
    let mut splices = Vec::new();
    let mut remove = |range| {
        splices.push(Splice {
            range,
            text: String::new(),
            depth,
        })
    };
    if let (Some(first), Some(kept)) = (parts.first(), parts.get(leading))
        && leading > 0
    {
        remove(first.start..kept.start);
    }
    for pair in parts.windows(2).skip(leading) {
        if let [before, part] = pair
            && part.is_removed
        {
            remove(before.end..part.end);
        }
    }
    splices
}
