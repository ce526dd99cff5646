//! CEL's math extension, as far as Kubernetes has it, and encoders.

use base64::Engine;

use super::{Entry, Fault, failed, global, mismatch};
use crate::cel::budget::Budget;
use crate::cel::evaluate::order;
use crate::cel::value::Cel;

pub(super) const FUNCTIONS: &[Entry] = &[
    global("math.greatest", 1, |budget, args| pick(budget, args, false)),
    global("math.greatest", 2, |budget, args| pick(budget, args, false)),
    global("math.greatest", 3, |budget, args| pick(budget, args, false)),
    global("math.least", 1, |budget, args| pick(budget, args, true)),
    global("math.least", 2, |budget, args| pick(budget, args, true)),
    global("math.least", 3, |budget, args| pick(budget, args, true)),
    global("math.abs", 1, abs),
    global("math.ceil", 1, |_, args| round(args, f64::ceil)),
    global("math.floor", 1, |_, args| round(args, f64::floor)),
    global("math.round", 1, |_, args| round(args, f64::round)),
    global("math.trunc", 1, |_, args| round(args, f64::trunc)),
    global("base64.encode", 1, encode),
    global("base64.decode", 1, decode),
];

fn pick<'a>(budget: &mut Budget, args: &[Cel<'a>], least: bool) -> Result<Cel<'a>, Fault> {
    let all: Vec<Cel<'a>> = match args {
        [Cel::List(list)] => {
            list.complete()?;
            list.iter().collect()
        }
        args => args.to_vec(),
    };
    let mut items = all.into_iter();
    let mut best = items.next().ok_or_else(|| failed("an empty list has none"))?;
    for item in items {
        let found = order(&item, &best, budget)?;
        if found.is_some_and(|order| if least { order.is_lt() } else { order.is_gt() }) {
            best = item;
        }
    }
    Ok(best)
}

fn abs<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::Int(int)] => int
            .checked_abs()
            .map(Cel::Int)
            .ok_or_else(|| failed("the result does not fit its type")),
        [uint @ Cel::Uint(_)] => Ok(uint.clone()),
        [Cel::Double(double)] => Ok(Cel::Double(double.abs())),
        args => Err(mismatch(args)),
    }
}

fn round<'a>(args: &[Cel<'a>], how: impl Fn(f64) -> f64) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::Double(double)] => Ok(Cel::Double(how(*double))),
        args => Err(mismatch(args)),
    }
}

fn encode<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::Bytes(bytes)] => {
            budget.bytes(bytes.len() * 2)?;
            Ok(Cel::string(
                base64::engine::general_purpose::STANDARD.encode(bytes),
            ))
        }
        args => Err(mismatch(args)),
    }
}

fn decode<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::String(text)] => {
            budget.bytes(text.len())?;
            let decoded = base64::engine::general_purpose::STANDARD.decode(text.as_bytes());
            decoded
                .map(|bytes| Cel::Bytes(bytes.into()))
                .map_err(|_| failed("the text is not base64"))
        }
        args => Err(mismatch(args)),
    }
}
