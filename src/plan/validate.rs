//! Assertions on the final object, and the findings that rules make.

use super::context::Context;
use super::mutate::Settled;
use super::scope::ItemScope;
use super::wish::condition;
use super::{Log, Outcome, Pair, describe, select};
use crate::attributes::Attributes;
use crate::cel::Fault;
use crate::change::Change;
use crate::finding::{Finding, Kind};
use crate::pointer::Place;
use crate::policy::{Disposition, PolicySet, Verb};
use crate::schema;
use crate::unknown::Unknown;
use crate::world::World;

/// Judges every assertion on the object as it will be.
pub(crate) fn assertions(
    set: &PolicySet,
    world: &dyn World,
    attrs: &Attributes<'_>,
    pairs: &[Pair<'_>],
    settled: &Settled<'_, '_>,
    log: &mut Log,
) {
    let context = Context::new(set, world, attrs);
    for &pair in pairs {
        if matches!(pair.rule.verb, Verb::Assert(_)) {
            assertion(&context, pair, settled, log);
        }
    }
}

fn assertion(context: &Context<'_>, pair: Pair<'_>, settled: &Settled<'_, '_>, log: &mut Log) {
    let value = settled.value.as_ref();
    let Some(view) = context.view(pair, value) else {
        return;
    };
    let said = log.verdicts.len();
    let scope = context.scope(pair, view, &settled.memo);
    let places = match select::places(&scope.view, pair.rule) {
        Ok(places) => places,
        Err(fault) => return log.finding(self::fault(context, pair, None, fault)),
    };
    let paths = schema::KeyedPaths::new(context.ty, value);
    let mut is_due = false;
    for place in places.iter().filter(|place| place.missing < 2) {
        let here = scope.at(place);
        let keyed = || paths.place(place.pointer());
        match holds(pair, &here, &mut is_due) {
            Ok(true) => {}
            Ok(false) => log.finding(violation(context, pair, keyed(), &here)),
            Err(fault) => log.finding(self::fault(context, pair, Some(keyed()), fault)),
        }
    }
    if log.verdicts.len() == said {
        match idle(places.is_empty(), is_due) {
            Some(why) => log.verdict(pair.name(), Outcome::NoMatch, why, None),
            None => log.verdict(pair.name(), Outcome::Satisfied, "the assertion holds", None),
        }
    }
}

/// Why a rule had nothing to do, where that was decided before its verb was asked.
pub(crate) fn idle(is_nowhere: bool, is_due: bool) -> Option<&'static str> {
    match (is_nowhere, is_due) {
        (true, _) => Some("no such place in the object"),
        (false, false) => Some(WHERE),
        (false, true) => None,
    }
}

/// What is said of a rule whose condition decided.
pub const WHERE: &str = "its `where` does not hold";

/// Whether the assertion holds at a place, or need not; `is_due` becomes true where it was asked.
fn holds(pair: Pair<'_>, here: &ItemScope<'_>, is_due: &mut bool) -> Result<bool, Fault> {
    match &pair.rule.verb {
        Verb::Assert(program) if condition(pair, here)? => {
            *is_due = true;
            program.holds(here)
        }
        _ => Ok(true),
    }
}

/// The rule's message at a place; `None` where it has none or it cannot be made here.
pub(crate) fn message(pair: Pair<'_>, here: &ItemScope<'_>) -> Option<String> {
    let template = pair.rule.message.as_ref()?;
    let text = template.render(&mut |program| program.evaluate(here)).ok()?;
    text.as_str().map(str::to_owned)
}

fn finding(
    pair: Pair<'_>,
    attrs: &Attributes<'_>,
    place: Option<Place>,
    kind: Kind,
    message: String,
) -> Finding {
    Finding {
        by: pair.name(),
        severity: pair.policy.severity,
        action: pair.rule.action,
        object: attrs.resource.id.clone(),
        place: place.unwrap_or_default(),
        message,
        fix: None,
        kind,
        sensitive: pair.policy.sensitive,
        transition: pair.rule.transition,
        location: None,
        replacement: None,
    }
}

fn violation(context: &Context<'_>, pair: Pair<'_>, place: Place, here: &ItemScope<'_>) -> Finding {
    let text = message(pair, here).unwrap_or_else(|| {
        format!(
            "this does not hold: {} (rule {})",
            pair.policy.title, pair.rule.name
        )
    });
    finding(pair, context.attrs, Some(place), Kind::Violation, text)
}

/// A repair that is due and may not be made here.
pub(crate) fn unrepaired(
    context: &Context<'_>,
    pair: Pair<'_>,
    place: Place,
    change: &Change,
    reason: &str,
    why: &str,
) -> Finding {
    let fix = describe(pair.policy.sensitive, &place, change);
    let mut finding = finding(
        pair,
        context.attrs,
        Some(place),
        Kind::Unrepaired,
        format!("{reason}; not repaired: {why}"),
    );
    finding.fix = Some(fix);
    finding
}

/// Two rules that fight: an error where text is written, a warning (never a denial) elsewhere.
pub(crate) fn conflict(
    context: &Context<'_>,
    pair: Pair<'_>,
    place: Place,
    change: &Change,
    with: Pair<'_>,
) -> Finding {
    let at = place.keyed.to_string();
    let sensitive = pair.policy.sensitive || with.policy.sensitive;
    let wants = describe(sensitive, &place, change);
    let with = with.name();
    let message = if with == pair.name() {
        format!(
            "{} never comes to rest at {at}: it still wants to {wants}",
            pair.name()
        )
    } else {
        format!(
            "{} and {with} fight over {at}: the first still wants to {wants}",
            pair.name()
        )
    };
    let mut finding = finding(pair, context.attrs, Some(place), Kind::Conflict { with }, message);
    finding.action = Disposition::Warn;
    finding.sensitive = sensitive;
    finding
}

/// An expression that gave no value: unknown, or failed.
pub(crate) fn fault(context: &Context<'_>, pair: Pair<'_>, place: Option<Place>, fault: Fault) -> Finding {
    match fault {
        Fault::Unknown(unknown) => self::unknown(pair, context.attrs, place, unknown),
        fault => failed(pair, context.attrs, place, fault.to_string()),
    }
}

/// Something could not be seen; the rule says what that means.
pub(crate) fn unknown(
    pair: Pair<'_>,
    attrs: &Attributes<'_>,
    place: Option<Place>,
    unknown: Unknown,
) -> Finding {
    let message = format!("cannot tell ({}): {unknown}", pair.policy.title);
    let mut finding = finding(pair, attrs, place, Kind::Unknown(unknown.clone()), message);
    finding.action = pair.rule.unknown;
    finding.fix = Some(unknown.remedy().to_owned());
    finding
}

/// The policy itself failed on this object.
pub(crate) fn failed(pair: Pair<'_>, attrs: &Attributes<'_>, place: Option<Place>, why: String) -> Finding {
    // What failed may name a value, and this policy's values are nobody's business.
    let why = if pair.policy.sensitive {
        format!("the rule {} has no value here", pair.rule.name)
    } else {
        why
    };
    let message = format!("the policy failed on this object: {why}");
    finding(pair, attrs, place, Kind::Failed, message)
}
