//! Kubernetes' list library, `sets`, and `indexOf` of lists and texts alike.

use super::{Entry, Fault, failed, global, method, mismatch};
use crate::cel::budget::Budget;
use crate::cel::evaluate::{equal, order};
use crate::cel::ir::Operator;
use crate::cel::value::{Cel, List};

pub(super) const FUNCTIONS: &[Entry] = &[
    method("isSorted", 0, is_sorted),
    method("sum", 0, sum),
    method("min", 0, |budget, args| extreme(budget, args, true)),
    method("max", 0, |budget, args| extreme(budget, args, false)),
    method("indexOf", 1, |budget, args| index_of(budget, args, false)),
    method("indexOf", 2, |budget, args| index_of(budget, args, false)),
    method("lastIndexOf", 1, |budget, args| index_of(budget, args, true)),
    method("lastIndexOf", 2, |budget, args| index_of(budget, args, true)),
    method("distinct", 0, distinct),
    method("flatten", 0, flatten),
    method("slice", 2, slice),
    method("sort", 0, sort),
    // What the macro `sortBy` becomes: the items, and the key of each.
    method("@sortBy", 1, sort_by),
    global("lists.range", 1, range),
    global("sets.contains", 2, |budget, args| {
        sets(budget, args, contains_all)
    }),
    global("sets.equivalent", 2, |budget, args| {
        sets(budget, args, |a, b, budget| {
            Ok(contains_all(a, b, budget)? && contains_all(b, a, budget)?)
        })
    }),
    global("sets.intersects", 2, |budget, args| {
        sets(budget, args, intersects)
    }),
];

fn complete<'l, 'a>(args: &'l [Cel<'a>]) -> Result<&'l List<'a>, Fault> {
    match args {
        [Cel::List(list), ..] => list.complete().map(|()| list),
        args => Err(mismatch(args)),
    }
}

fn is_sorted<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let items: Vec<Cel<'_>> = complete(args)?.iter().collect();
    for pair in items.windows(2) {
        if let [a, b] = pair
            && order(a, b, budget)?.is_none_or(|order| order.is_gt())
        {
            return Ok(Cel::Bool(false));
        }
    }
    Ok(Cel::Bool(true))
}

fn sum<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let mut items = complete(args)?.iter();
    let Some(mut total) = items.next() else {
        return Ok(Cel::Int(0));
    };
    for item in items {
        total = crate::cel::evaluate::compute(Operator::Add, total, item, budget)?;
    }
    match total {
        total @ (Cel::Int(_) | Cel::Uint(_) | Cel::Double(_) | Cel::Duration(_)) => Ok(total),
        other => Err(mismatch(&[other])),
    }
}

fn extreme<'a>(budget: &mut Budget, args: &[Cel<'a>], least: bool) -> Result<Cel<'a>, Fault> {
    let mut items = complete(args)?.iter();
    let mut best = items.next().ok_or_else(|| failed("an empty list has none"))?;
    for item in items {
        let is_less = order(&item, &best, budget)?.is_some_and(|order| order.is_lt());
        let is_more = order(&item, &best, budget)?.is_some_and(|order| order.is_gt());
        if (least && is_less) || (!least && is_more) {
            best = item;
        }
    }
    Ok(best)
}

fn index_of<'a>(budget: &mut Budget, args: &[Cel<'a>], last: bool) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::List(list), wanted] => {
            list.complete()?;
            let mut found = -1;
            for (index, item) in list.iter().enumerate() {
                if (last || found < 0) && equal(&item, wanted, budget)? {
                    found = index as i64;
                }
            }
            Ok(Cel::Int(found))
        }
        [Cel::String(text), Cel::String(part)] => {
            let offset = if last { i64::MAX } else { 0 };
            text_index(budget, text, part, offset, last)
        }
        [Cel::String(text), Cel::String(part), Cel::Int(offset)] => {
            text_index(budget, text, part, *offset, last)
        }
        args => Err(mismatch(args)),
    }
}

/// Where `part` is in `text`, in characters: the first place at or behind `offset`, or the last one at or in
/// front of it.
fn text_index<'a>(
    budget: &mut Budget,
    text: &str,
    part: &str,
    offset: i64,
    last: bool,
) -> Result<Cel<'a>, Fault> {
    budget.scan(text.len())?;
    let length = text.chars().count() as i64;
    if offset < 0 || (offset > length && offset != i64::MAX) {
        return Err(failed("the position is outside of the text"));
    }
    let mut found = -1;
    for (position, (at, _)) in text.char_indices().chain([(text.len(), ' ')]).enumerate() {
        budget.step()?;
        let position = position as i64;
        let is_in_reach = if last {
            position <= offset
        } else {
            position >= offset && found < 0
        };
        if is_in_reach && text.get(at..).is_some_and(|rest| rest.starts_with(part)) {
            found = position;
        }
    }
    Ok(Cel::Int(found))
}

pub(super) fn reverse<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    if let [Cel::String(text)] = args {
        budget.bytes(text.len())?;
        return Ok(Cel::string(text.chars().rev().collect::<String>()));
    }
    let mut items: Vec<Cel<'a>> = complete(args)?.iter().collect();
    budget.elements(items.len())?;
    items.reverse();
    Ok(Cel::list(items))
}

fn distinct<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let mut kept: Vec<Cel<'a>> = Vec::new();
    for item in complete(args)?.iter() {
        let mut is_known = false;
        for other in &kept {
            is_known = is_known || equal(other, &item, budget)?;
        }
        if !is_known {
            budget.element()?;
            kept.push(item);
        }
    }
    Ok(Cel::list(kept))
}

fn flatten<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let mut flat = Vec::new();
    for item in complete(args)?.iter() {
        match item {
            Cel::List(inner) => {
                inner.complete()?;
                budget.elements(inner.known_len())?;
                flat.extend(inner.iter());
            }
            other => {
                budget.element()?;
                flat.push(other);
            }
        }
    }
    Ok(Cel::list(flat))
}

fn slice<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let list = complete(args)?;
    let bounds = match args {
        [_, Cel::Int(start), Cel::Int(end)] => usize::try_from(*start).ok().zip(usize::try_from(*end).ok()),
        args => return Err(mismatch(args)),
    };
    match bounds {
        Some((start, end)) if start <= end && end <= list.known_len() => {
            budget.elements(end - start)?;
            Ok(Cel::list(list.iter().skip(start).take(end - start).collect()))
        }
        _ => Err(failed("the bounds are outside of the list")),
    }
}

fn sort<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let mut items: Vec<Cel<'a>> = complete(args)?.iter().collect();
    budget.elements(items.len())?;
    let mut fault = None;
    items.sort_by(|a, b| {
        order(a, b, budget)
            .unwrap_or_else(|met| {
                fault = Some(met);
                None
            })
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    fault.map_or_else(|| Ok(Cel::list(items)), Err)
}

fn sort_by<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let [Cel::List(items), Cel::List(keys)] = args else {
        return Err(mismatch(args));
    };
    items.complete()?;
    keys.complete()?;
    budget.elements(items.known_len())?;
    let mut pairs: Vec<(Cel<'a>, Cel<'a>)> = keys.iter().zip(items.iter()).collect();
    let mut fault = None;
    pairs.sort_by(|(a, _), (b, _)| {
        let order = order(a, b, budget).unwrap_or_else(|met| {
            fault = Some(met);
            None
        });
        order.unwrap_or(std::cmp::Ordering::Equal)
    });
    fault.map_or_else(
        || Ok(Cel::list(pairs.into_iter().map(|(_, item)| item).collect())),
        Err,
    )
}

/// `lists.range(3)` is `[0, 1, 2]`.
fn range<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let [Cel::Int(end)] = args else {
        return Err(mismatch(args));
    };
    let count = usize::try_from(*end).map_err(|_| failed("a range starts at 0"))?;
    budget.elements(count)?;
    budget.charge(u64::try_from(count).unwrap_or(u64::MAX))?;
    Ok(Cel::list((0..*end).map(Cel::Int).collect()))
}

fn sets<'a>(
    budget: &mut Budget,
    args: &[Cel<'a>],
    holds: impl Fn(&List<'a>, &List<'a>, &mut Budget) -> Result<bool, Fault>,
) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::List(a), Cel::List(b)] => {
            a.complete()?;
            b.complete()?;
            holds(a, b, budget).map(Cel::Bool)
        }
        args => Err(mismatch(args)),
    }
}

fn contains_all<'a>(all: &List<'a>, some: &List<'a>, budget: &mut Budget) -> Result<bool, Fault> {
    for wanted in some.iter() {
        if !has(all, &wanted, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn intersects<'a>(a: &List<'a>, b: &List<'a>, budget: &mut Budget) -> Result<bool, Fault> {
    for wanted in b.iter() {
        if has(a, &wanted, budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn has<'a>(list: &List<'a>, wanted: &Cel<'a>, budget: &mut Budget) -> Result<bool, Fault> {
    for item in list.iter() {
        if equal(&item, wanted, budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}
