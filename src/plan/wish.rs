//! What a repair wants on one state of an object: every place is judged on that one snapshot.

use super::context::Context;
use super::memo::Memo;
use super::scope::ItemScope;
use super::select::{self, Selected};
use super::{Log, Pair, repair, validate};
use crate::cel::Fault;
use crate::change::{Action, Change};
use crate::json::Value;
use crate::pointer::{KeyedPath, Place, Pointer, Token};
use crate::policy::Verb;
use crate::schema::{self, Type};

/// One change that a rule wants.
pub(crate) struct Wanted {
    pub(crate) place: Place,
    pub(crate) change: Change,
    pub(crate) reason: String,
    /// Whether other objects had a say in it (R5).
    pub(crate) by_facts: bool,
}

/// What a repair wants on the state `value`, and why its verb was asked nowhere if so.
pub(crate) fn wish(
    context: &Context<'_>,
    pair: Pair<'_>,
    value: &Value,
    memo: &Memo,
    log: &mut Log,
) -> (Vec<Wanted>, Option<&'static str>) {
    let mut wish = Vec::new();
    let Some(view) = context.view(pair, value) else {
        return (wish, None);
    };
    let scope = context.scope(pair, view, memo);
    let paths = schema::KeyedPaths::new(context.ty, value);
    let places = match select::places(&scope.view, pair.rule) {
        Ok(places) => places,
        Err(fault) => {
            log.finding(validate::fault(context, pair, None, fault));
            return (wish, None);
        }
    };
    let mut is_due = false;
    for place in &places {
        let keyed = || paths.place(place.pointer());
        let here = scope.at(place);
        scope.begin();
        let changes = condition(pair, &here).map_err(repair::RepairError::from);
        let changes = changes.and_then(|due| {
            is_due |= due;
            if due {
                changes_at(pair, place, value, &here)
            } else {
                Ok(Vec::new())
            }
        });
        match changes {
            Ok(changes) if changes.is_empty() => {}
            Ok(changes) => {
                let by_facts = scope.has_asked();
                let reason = validate::message(pair, &here).unwrap_or_else(|| pair.policy.title.clone());
                for change in changes {
                    let keyed = paths.path(&change.pointer);
                    let keyed = named_addition(keyed, context.ty, &change);
                    wish.push(Wanted {
                        place: Place {
                            pointer: change.pointer.clone(),
                            keyed,
                        },
                        change,
                        reason: reason.clone(),
                        by_facts,
                    });
                }
            }
            Err(repair::RepairError::Fault(fault)) => {
                log.finding(validate::fault(context, pair, Some(keyed()), fault));
            }
            Err(error) => {
                log.finding(validate::failed(
                    pair,
                    context.attrs,
                    Some(keyed()),
                    error.to_string(),
                ));
            }
        }
    }
    (wish, validate::idle(places.is_empty(), is_due))
}

/// An added list item is told by its own key, not by the position where it goes.
pub(crate) fn named_addition(keyed: KeyedPath, root: Type, change: &Change) -> KeyedPath {
    let (Action::Add(item), Some((list, Token::Index(_)))) = (&change.action, change.pointer.split_last())
    else {
        return keyed;
    };
    let ty = super::subject::type_at(root, &list);
    let alone = Value::Array(vec![item.clone()].into());
    let step = schema::keyed_path(ty, &alone, &Pointer::root().index(0)).0.pop();
    let mut keyed = keyed;
    if let (Some(last), Some(step)) = (keyed.0.last_mut(), step)
        && !matches!(step, crate::pointer::Step::Position(_))
    {
        *last = step;
    }
    keyed
}

/// The changes that the rule's verb makes at one place where its condition holds, from the object's root.
fn changes_at(
    pair: Pair<'_>,
    place: &Selected<'_>,
    root: &Value,
    here: &ItemScope<'_>,
) -> Result<Vec<Change>, repair::RepairError> {
    if let (Verb::Merge(template), Some(current)) = (&pair.rule.verb, place.item) {
        let patch = template.patch(&mut |program| program.evaluate(here))?;
        let changes = repair::merged(place.ty(), current, &patch)?;
        return Ok(below(&place.pointer(), changes));
    }
    let absent = Value::Null;
    let current = place.item.unwrap_or(&absent);
    let wanted = repair::wanted(&pair.rule.verb, place.ty(), current, &mut |program| {
        program.evaluate(here)
    })?;
    Ok(match wanted {
        None if place.missing > 0 => Vec::new(),
        None => vec![Change {
            pointer: place.pointer(),
            action: Action::Remove { old: current.clone() },
        }],
        Some(wanted) if wanted == *current => Vec::new(),
        Some(wanted) if place.missing > 0 => vec![creation(place, root, wanted)],
        Some(wanted) => below(&place.pointer(), schema::diff(place.ty(), current, &wanted)),
    })
}

/// Changes of a value, as changes of what holds it.
fn below(place: &Pointer, changes: Vec<Change>) -> Vec<Change> {
    let moved = changes.into_iter().map(|change| Change {
        pointer: place.join(&change.pointer),
        ..change
    });
    moved.collect()
}

/// Whether the rule's `where` holds at this place.
pub(crate) fn condition(pair: Pair<'_>, here: &ItemScope<'_>) -> Result<bool, Fault> {
    pair.rule
        .condition
        .as_ref()
        .map_or(Ok(true), |program| program.holds(here))
}

/// The one change that creates a missing place, with the maps that are missing above it.
fn creation(place: &Selected<'_>, root: &Value, wanted: Value) -> Change {
    let Pointer(tokens) = place.pointer();
    let depth = tokens.len().saturating_sub(place.missing);
    let (above, below) = tokens.split_at(depth);
    let (first, rest) = below
        .split_first()
        .map_or((None, below), |(first, rest)| (Some(first), rest));
    let value = rest.iter().rev().fold(wanted, |value, token| match token {
        Token::Key(key) => Value::Object([(key.to_string(), value)].into_iter().collect()),
        Token::Index(_) => Value::Array(vec![value].into()),
    });
    let parent = Pointer(above.to_vec());
    match (parent.get(root), first) {
        // A blank `strategy:` is a key that is there and null: it gets a value.
        (Some(Value::Null), Some(Token::Key(key))) => {
            let value = Value::Object([(key.to_string(), value)].into_iter().collect());
            Change {
                pointer: parent,
                action: Action::Replace {
                    old: Value::Null,
                    new: value,
                },
            }
        }
        (_, Some(first)) => {
            let mut pointer = parent;
            pointer.push(first.clone());
            Change {
                pointer,
                action: Action::Add(value),
            }
        }
        (_, None) => Change {
            pointer: parent,
            action: Action::Replace {
                old: Value::Null,
                new: value,
            },
        },
    }
}
