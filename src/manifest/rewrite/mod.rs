//! Changes as splices: only the changed nodes' lines differ, and the result is read again before anybody
//! gets it.
//!
//! A round places every change on a node of the text ([`target`]), makes splices of them ([`block`],
//! [`flow`]) and reads the result. What still differs then (a value that an alias shares, a key that was
//! hidden behind a merge) is the next round's work. A change that has no node of its own is widened to the
//! next place that has one; the widest is the document itself.

mod block;
mod flow;
mod lines;
mod splice;
mod target;
#[cfg(test)]
mod tests;

use super::layout::Layout;
use super::write::{self, ListIndent, Manner};
use super::{Document, Rewrite, Tree, read, split};
use crate::change::{Action, Change};
use crate::json::Value;
use crate::pointer::Pointer;
use crate::source::{Diagnostic, Source, Span};

use lines::Lines;
use splice::Splice;
use target::{Group, Mode};

/// Aliases and merge keys need one round more for each level behind which a change hides.
const MAX_ROUNDS: usize = 6;

/// What every writer of splices looks at.
#[derive(Clone, Copy, Debug)]
struct Ground<'t> {
    lines: Lines<'t>,
    layout: &'t Layout,
    manner: Manner,
}

/// Applies `changes` to the document; the result, read again, equals `expected`.
pub fn rewrite(
    source: &Source,
    document: &Document,
    tree: &Tree,
    changes: &[Change],
    expected: &Value,
) -> Result<Rewrite, Diagnostic> {
    let mut reflowed = Vec::new();
    let first = round(source, document.span, tree, changes.to_vec(), &mut reflowed);
    let mut text = first.filter(|text| text.len() <= u32::MAX as usize);
    for _ in 0..MAX_ROUNDS {
        let Some(now) = text.take() else { break };
        let source = Source::new(source.name(), now.as_str());
        let Some((document, tree)) = read_again(&source) else {
            break;
        };
        if tree.value == *expected {
            return Ok(Rewrite { text: now, reflowed });
        }
        let left = difference(&tree.value, expected);
        text = round(&source, document.span, &tree, left, &mut reflowed);
    }
    write_anew(source, document, tree, expected)
}

/// One round: the document's text with the changes that can be made now.
fn round(
    source: &Source,
    span: Span,
    tree: &Tree,
    changes: Vec<Change>,
    reflowed: &mut Vec<(Pointer, String)>,
) -> Option<String> {
    let ground = Ground {
        lines: Lines(source.text()),
        layout: &tree.layout,
        manner: manner(Lines(source.text()), span, &tree.layout),
    };
    let (groups, widened) = target::place(&tree.layout, &tree.value, changes)?;
    let mut splices = Vec::new();
    for group in &groups {
        splices.extend(splices_of(ground, group)?);
    }
    reflowed.extend(widened);
    splice::apply(source.text(), span.range(), splices)
}

fn splices_of(ground: Ground<'_>, group: &Group) -> Option<Vec<Splice>> {
    match group.mode {
        Mode::BlockMap => block::map(ground, group),
        Mode::BlockList => block::list(ground, group),
        Mode::FlowMap => flow::map(ground, group),
        Mode::FlowList => flow::list(ground, group),
    }
}

/// The rewritten text is one document still, and reads.
fn read_again(source: &Source) -> Option<(Document, Tree)> {
    match split(source).as_slice() {
        [document] => {
            let tree = read(source, document).ok()?;
            Some((document.clone(), tree))
        }
        _ => None,
    }
}

/// The last resort: the content is written anew; what stands before and behind it is kept.
fn write_anew(
    source: &Source,
    document: &Document,
    tree: &Tree,
    expected: &Value,
) -> Result<Rewrite, Diagnostic> {
    let impossible = |what: &str| {
        Diagnostic::new(
            "cannot-edit",
            source,
            document.body,
            format!("this document cannot be changed: {what}"),
        )
        .help("please report this document; nothing was written")
    };
    let lines = Lines(source.text());
    let root = tree.layout.root.and_then(|root| tree.layout.node(root));
    let root = root.ok_or_else(|| impossible("it has no content"))?;
    let start = lines.start(root.start());
    if !lines.is_first(root.start()) {
        return Err(impossible("its content starts on the line of its separator"));
    }
    let block = write::block(expected, manner(lines, document.span, &tree.layout));
    let content = block.unwrap_or_else(|| write::flow(expected, false));
    let splice = Splice {
        range: start..root.span.end,
        text: content.replace('\n', lines.line_break(start)),
        depth: 0,
    };
    let text = splice::apply(source.text(), document.span.range(), vec![splice])
        .ok_or_else(|| impossible("its content could not be found in the text"))?;
    let again = Source::new(source.name(), text.as_str());
    match read_again(&again) {
        Some((_, tree)) if tree.value == *expected => Ok(Rewrite {
            text,
            reflowed: vec![(Pointer::root(), "it could not be edited in place".into())],
        }),
        _ => Err(impossible(
            "what would be written does not read back as it should",
        )),
    }
}

fn manner(lines: Lines<'_>, span: Span, layout: &Layout) -> Manner {
    Manner {
        lists: list_indent(lines, layout),
        block_scalars: lines.between(span.start, span.end).ends_with('\n'),
    }
}

/// How this text puts lists under their keys; Go's way where it has none.
fn list_indent(lines: Lines<'_>, layout: &Layout) -> ListIndent {
    use super::layout::Shape;
    let found = layout.nodes.iter().find_map(|node| {
        let Shape::Map { flow: false, entries } = &node.shape else {
            return None;
        };
        entries
            .iter()
            .find_map(|entry| match &layout.node(entry.value)?.shape {
                Shape::List { flow: false, items } => {
                    let dash = items.first()?.start;
                    Some(lines.column(dash) > lines.column(entry.start))
                }
                _ => None,
            })
    });
    if found == Some(true) {
        ListIndent::Indented
    } else {
        ListIndent::Flush
    }
}

/// What makes `got` into `want`, by position.
fn difference(got: &Value, want: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(got, want, &Pointer::root(), &mut changes);
    changes
}

fn compare(got: &Value, want: &Value, at: &Pointer, changes: &mut Vec<Change>) {
    match (got, want) {
        (got, want) if got == want => {}
        (Value::Object(got), Value::Object(want)) => {
            for (name, old) in got {
                match want.get(name) {
                    Some(new) => compare(old, new, &at.key(name), changes),
                    None => changes.push(Change {
                        pointer: at.key(name),
                        action: Action::Remove { old: old.clone() },
                    }),
                }
            }
            let added = want.iter().filter(|(name, _)| !got.contains_key(name));
            changes.extend(added.map(|(name, new)| Change {
                pointer: at.key(name),
                action: Action::Add(new.clone()),
            }));
        }
        (Value::Array(got), Value::Array(want)) if got.len() == want.len() => {
            for (index, (got, want)) in got.iter().zip(want).enumerate() {
                compare(got, want, &at.index(index), changes);
            }
        }
        (got, want) => changes.push(Change {
            pointer: at.clone(),
            action: Action::Replace {
                old: got.clone(),
                new: want.clone(),
            },
        }),
    }
}
