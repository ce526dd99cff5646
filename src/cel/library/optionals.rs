//! Optionals, as far as they are no macros.

use super::{Entry, Fault, failed, global, method, mismatch};
use crate::cel::budget::Budget;
use crate::cel::value::Cel;

pub(super) const FUNCTIONS: &[Entry] = &[
    global("optional.of", 1, |_, args| {
        args.first().cloned().map(Cel::some).ok_or_else(|| mismatch(args))
    }),
    global("optional.none", 0, |_, _| Ok(Cel::none())),
    global("optional.ofNonZeroValue", 1, of_non_zero),
    method("hasValue", 0, has_value),
    method("value", 0, value),
];

fn of_non_zero<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let [value] = args else { return Err(mismatch(args)) };
    let is_zero = match value {
        Cel::Null => true,
        Cel::Bool(truth) => !truth,
        Cel::Int(int) => *int == 0,
        Cel::Uint(uint) => *uint == 0,
        Cel::Double(double) => *double == 0.0,
        Cel::String(text) => text.is_empty(),
        Cel::Bytes(bytes) => bytes.is_empty(),
        Cel::List(list) => {
            list.complete()?;
            list.known_len() == 0
        }
        Cel::Map(map) => map.len()? == 0,
        _ => false,
    };
    Ok(if is_zero {
        Cel::none()
    } else {
        Cel::some(value.clone())
    })
}

fn has_value<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::Optional(value)] => Ok(Cel::Bool(value.is_some())),
        args => Err(mismatch(args)),
    }
}

fn value<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::Optional(Some(value))] => Ok(value.as_ref().clone()),
        [Cel::Optional(None)] => Err(failed("the optional has no value")),
        args => Err(mismatch(args)),
    }
}
