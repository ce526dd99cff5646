//! Repairs, settled: each rule sees the last one's result; again until nothing changes, at most four rounds.
//! Then every repair runs once more on the result: one that still wants a change is a conflict.

use std::borrow::Cow;

use super::context::Context;
use super::memo::Memo;
use super::wish::{Wanted, wish};
use super::writes::{Index, Writes};
use super::{Log, Outcome, Pair, gate, validate};
use crate::attributes::Attributes;
use crate::change::{self, Change};
use crate::json::Value;
use crate::pointer::KeyedPath;
use crate::policy::{PolicySet, Verb};
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
    let (wish, idle) = wish(context, pair, &settled.value, &settled.memo, &mut log);
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
