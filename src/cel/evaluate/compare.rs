//! Equality and order. Numbers of all three kinds are one line; equality of what cannot be seen is Unknown.

use std::cmp::Ordering;

use crate::cel::Fault;
use crate::cel::budget::Budget;
use crate::cel::value::{Cel, List, Map, check_depth};

/// `a == b`; values of different types differ.
pub(in crate::cel) fn equal(a: &Cel<'_>, b: &Cel<'_>, budget: &mut Budget) -> Result<bool, Fault> {
    equal_at(a, b, 0, budget)
}

fn equal_at(a: &Cel<'_>, b: &Cel<'_>, depth: usize, budget: &mut Budget) -> Result<bool, Fault> {
    budget.step()?;
    check_depth(depth)?;
    Ok(match (a, b) {
        (Cel::Null, Cel::Null) => true,
        (Cel::Bool(a), Cel::Bool(b)) => a == b,
        (Cel::String(a), Cel::String(b)) => {
            budget.scan(a.len().min(b.len()))?;
            **a == **b
        }
        (Cel::Bytes(a), Cel::Bytes(b)) => a == b,
        (Cel::Duration(a), Cel::Duration(b)) => a == b,
        (Cel::Timestamp(a), Cel::Timestamp(b)) => a == b,
        (Cel::Type(a), Cel::Type(b)) => a == b,
        (Cel::Opaque(a), Cel::Opaque(b)) => a == b,
        (Cel::Optional(None), Cel::Optional(None)) => true,
        (Cel::Optional(Some(a)), Cel::Optional(Some(b))) => equal_at(a, b, depth + 1, budget)?,
        (Cel::List(a), Cel::List(b)) => lists(a, b, depth, budget)?,
        (Cel::Map(a), Cel::Map(b)) => maps(a, b, depth, budget)?,
        (a, b) => numbers(a, b) == Some(Ordering::Equal),
    })
}

fn lists(a: &List<'_>, b: &List<'_>, depth: usize, budget: &mut Budget) -> Result<bool, Fault> {
    a.complete()?;
    b.complete()?;
    if a.known_len() != b.known_len() {
        return Ok(false);
    }
    for (a, b) in a.iter().zip(b.iter()) {
        if !equal_at(&a, &b, depth + 1, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn maps(a: &Map<'_>, b: &Map<'_>, depth: usize, budget: &mut Budget) -> Result<bool, Fault> {
    if a.len()? != b.len()? {
        return Ok(false);
    }
    for key in a.keys()? {
        let found = b.find(&key, budget)?;
        let own = a.find(&key, budget)?;
        let (Some(own), Some(found)) = (own, found) else {
            return Ok(false);
        };
        if !equal_at(&own, &found, depth + 1, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The order of two values; `None` where there is none (NaN).
pub(in crate::cel) fn order(
    a: &Cel<'_>,
    b: &Cel<'_>,
    budget: &mut Budget,
) -> Result<Option<Ordering>, Fault> {
    Ok(match (a, b) {
        (Cel::Bool(a), Cel::Bool(b)) => Some(a.cmp(b)),
        (Cel::String(a), Cel::String(b)) => {
            budget.scan(a.len().min(b.len()))?;
            Some((**a).cmp(&**b))
        }
        (Cel::Bytes(a), Cel::Bytes(b)) => Some(a.cmp(b)),
        (Cel::Duration(a), Cel::Duration(b)) => Some(a.cmp(b)),
        (Cel::Timestamp(a), Cel::Timestamp(b)) => Some(a.cmp(b)),
        (a, b) if is_number(a) && is_number(b) => numbers(a, b),
        (a, b) => return Err(super::no_overload("a comparison", &[a, b])),
    })
}

fn is_number(value: &Cel<'_>) -> bool {
    matches!(value, Cel::Int(_) | Cel::Uint(_) | Cel::Double(_))
}

fn numbers(a: &Cel<'_>, b: &Cel<'_>) -> Option<Ordering> {
    let whole = |value: &Cel<'_>| match value {
        Cel::Int(int) => Some(i128::from(*int)),
        Cel::Uint(uint) => Some(i128::from(*uint)),
        _ => None,
    };
    match (a, b) {
        (Cel::Double(a), Cel::Double(b)) => a.partial_cmp(b),
        (Cel::Double(a), b) => with_whole(*a, whole(b)?),
        (a, Cel::Double(b)) => with_whole(*b, whole(a)?).map(Ordering::reverse),
        (a, b) => Some(whole(a)?.cmp(&whole(b)?)),
    }
}

/// A double beside a whole number, without rounding the latter.
fn with_whole(double: f64, whole: i128) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    // A double past 2^65 is past every whole number here.
    if double.abs() > 3.7e19 {
        return Some(if double > 0.0 {
            Ordering::Greater
        } else {
            Ordering::Less
        });
    }
    let floor = double.floor();
    match (floor as i128).cmp(&whole) {
        Ordering::Equal if double > floor => Some(Ordering::Greater),
        order => Some(order),
    }
}
