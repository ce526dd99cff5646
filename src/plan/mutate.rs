//! Repairs, settled: each rule sees the last one's result; again until nothing changes, at most four rounds.
//! Then every repair runs once more on the result: one that still wants a change is a conflict.

use std::borrow::Cow;

use super::memo::Memo;
use super::scope::{ItemScope, SubjectScope};
use super::select::{self, Selected};
use super::subject::View;
use super::writes::{Index, Writes};
use super::{Log, Outcome, Pair, gate, repair, validate};
use crate::attributes::Attributes;
use crate::cel::Fault;
use crate::change::{self, Action, Change};
use crate::json::Value;
use crate::pointer::{KeyedPath, Place, Pointer, Token};
use crate::policy::{PolicySet, Verb};
use crate::resource::Origin;
use crate::schema::{self, Type};
use crate::world::World;

/// Places that a verdict names.
const SHOWN: usize = 5;

/// Rounds after which repairs that still change something are said to fight.
const ROUNDS: usize = 4;

/// An object after its repairs, and who wrote where.
#[derive(Debug)]
pub(crate) struct Settled<'p, 'a> {
    /// The object; borrowed as long as nothing changes.
    pub(crate) value: Cow<'a, Value>,
    pub(crate) writes: Writes<'p>,
    /// What was evaluated on this state.
    pub(crate) memo: Memo,
    /// How often it changed.
    version: usize,
}

/// One change that a rule wants.
pub(crate) struct Wanted {
    pub(crate) place: Place,
    pub(crate) change: Change,
    reason: String,
    /// Whether other objects had a say in it (R5).
    pub(crate) by_facts: bool,
}

/// What a repair wanted on one state of the object.
struct Heard {
    version: usize,
    wish: Vec<Wanted>,
    log: Log,
    /// Why the verb was not asked at any place.
    idle: Option<&'static str>,
}

impl Heard {
    /// What is to be made now: where facts may decide nothing, first the changes in which they had no say; the
    /// others are wanted again on what comes out.
    fn candidates(&self, takes_facts: bool) -> Vec<&Wanted> {
        let local: Vec<&Wanted> = self.wish.iter().filter(|wanted| !wanted.by_facts).collect();
        if takes_facts || local.is_empty() {
            return self.wish.iter().collect();
        }
        local
    }
}

/// What stays the same while one object is planned.
#[derive(Clone, Copy)]
pub(crate) struct Context<'c> {
    pub(crate) set: &'c PolicySet,
    pub(crate) world: &'c dyn World,
    pub(crate) attrs: &'c Attributes<'c>,
    /// The type of the object.
    pub(crate) ty: Type,
}

impl<'c> Context<'c> {
    pub(crate) fn new(set: &'c PolicySet, world: &'c dyn World, attrs: &'c Attributes<'c>) -> Self {
        Self {
            set,
            world,
            attrs,
            ty: schema::of(&attrs.resource.id.gvk),
        }
    }

    /// The object in the state `value`, as the pack of `pair` sees it.
    pub(crate) fn view<'v>(&'v self, pair: Pair<'_>, value: &'v Value) -> Option<View<'v>>
    where
        'c: 'v,
    {
        let pack = self.set.packs.get(pair.policy.pack)?;
        let hide_null = self.attrs.resource.origin != Origin::Api;
        Some(View::new(
            pack,
            &self.attrs.resource.id.gvk,
            value,
            hide_null,
            self.attrs.allowance,
        ))
    }

    /// What the expressions of `pair` see on the state that `view` shows.
    pub(crate) fn scope<'v>(&self, pair: Pair<'v>, view: View<'v>, memo: &'v Memo) -> SubjectScope<'v>
    where
        'c: 'v,
    {
        SubjectScope::new(view, pair.policy, pair.rule.subject, self.attrs, self.world, memo)
    }
}

/// Applies the repairs of `pairs` to the object until they rest.
pub(crate) fn settle<'p, 'a>(
    set: &PolicySet,
    world: &dyn World,
    attrs: &Attributes<'a>,
    pairs: &[Pair<'p>],
    log: &mut Log,
) -> Settled<'p, 'a> {
    let context = Context::new(set, world, attrs);
    let mut settled = Settled {
        value: Cow::Borrowed(attrs.resource.body.as_ref()),
        writes: Writes::default(),
        memo: Memo::default(),
        version: 0,
    };
    let mut held: Vec<(Pair<'p>, String)> = Vec::new();
    let repairs = pairs
        .iter()
        .copied()
        .filter(|pair| !matches!(pair.rule.verb, Verb::Assert(_)));
    let mut repairs: Vec<(Pair<'p>, Option<Heard>)> = repairs.map(|pair| (pair, None)).collect();
    for _ in 0..ROUNDS {
        let before = settled.version;
        for (pair, heard) in &mut repairs {
            // On a state that it has seen a rule wants what it wanted.
            if heard
                .as_ref()
                .is_some_and(|heard| heard.version == settled.version)
            {
                continue;
            }
            let now = hear(&context, *pair, &settled);
            if now.wish.is_empty() {
                *heard = Some(now);
                continue;
            }
            let candidates = now.candidates(gate::takes_facts(&context));
            match gate::permission(&context, *pair, &candidates) {
                gate::Permission::Repair => settled.apply(*pair, &candidates),
                gate::Permission::Report(why) => {
                    held.push((*pair, why));
                    *heard = Some(now);
                }
            }
        }
        if settled.version == before {
            break;
        }
    }
    let written = settled.writes.index();
    for (pair, heard) in repairs {
        let heard = heard
            .filter(|heard| heard.version == settled.version)
            .unwrap_or_else(|| hear(&context, pair, &settled));
        let why = held.iter().rfind(|(other, _)| other.is(pair));
        conclude(
            &context,
            pair,
            &written,
            heard,
            why.map(|(_, why)| why.as_str()),
            log,
        );
    }
    settled
}

fn hear(context: &Context<'_>, pair: Pair<'_>, settled: &Settled<'_, '_>) -> Heard {
    let mut log = Log::default();
    let (wish, idle) = wish(context, pair, settled, &mut log);
    Heard {
        version: settled.version,
        wish,
        log,
        idle,
    }
}

/// Says what became of a repair, from what it wants on the result.
fn conclude(
    context: &Context<'_>,
    pair: Pair<'_>,
    written: &Index<'_, '_>,
    heard: Heard,
    held: Option<&str>,
    log: &mut Log,
) {
    let Heard {
        wish, log: own, idle, ..
    } = heard;
    let said = own.verdicts.len();
    log.append(own);
    if wish.is_empty() {
        let mut wrote = written.by(pair).peekable();
        if wrote.peek().is_some() {
            log.outcome(pair, Outcome::Repaired, || wrote_at(wrote));
        } else if said == 0 {
            match idle {
                Some(why) => log.outcome(pair, Outcome::NoMatch, || why.to_owned()),
                None => log.outcome(pair, Outcome::Satisfied, || "nothing to repair".to_owned()),
            }
        }
        return;
    }
    for Wanted {
        place,
        change,
        reason,
        ..
    } in wish
    {
        let finding = match held {
            Some(why) => validate::unrepaired(context, pair, place, &change, &reason, why),
            None => {
                let other = written
                    .at(&place.keyed)
                    .into_iter()
                    .find(|write| !write.by.is(pair));
                let other = other.map_or(pair, |write| write.by);
                validate::conflict(context, pair, place, &change, other)
            }
        };
        log.finding(finding);
    }
}

/// `wrote spec.a, spec.b and more`.
fn wrote_at<'w>(places: impl Iterator<Item = &'w KeyedPath>) -> String {
    let wrote: Vec<String> = places.take(SHOWN + 1).map(ToString::to_string).collect();
    let shown = wrote.get(..wrote.len().min(SHOWN)).unwrap_or_default().join(", ");
    let more = if wrote.len() > SHOWN { " and more" } else { "" };
    format!("wrote {shown}{more}")
}

impl<'p> Settled<'p, '_> {
    /// Applies what a rule wants: the object has another state then.
    fn apply(&mut self, pair: Pair<'p>, wish: &[&Wanted]) {
        let changes: Vec<Change> = wish.iter().map(|wanted| wanted.change.clone()).collect();
        change::apply(self.value.to_mut(), &changes);
        let places = wish
            .iter()
            .map(|wanted| (wanted.place.keyed.clone(), wanted.reason.clone()));
        self.writes.record(pair, places.collect());
        self.version += 1;
        self.memo = Memo::default();
    }
}

/// What a repair wants on this state, and why its verb was asked nowhere if so: every place is judged on that one
/// snapshot.
fn wish(
    context: &Context<'_>,
    pair: Pair<'_>,
    settled: &Settled<'_, '_>,
    log: &mut Log,
) -> (Vec<Wanted>, Option<&'static str>) {
    let value = settled.value.as_ref();
    let mut wish = Vec::new();
    let Some(view) = context.view(pair, value) else {
        return (wish, None);
    };
    let scope = context.scope(pair, view, &settled.memo);
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
    let alone = Value::Array(vec![item.clone()]);
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
        Token::Index(_) => Value::Array(vec![value]),
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
