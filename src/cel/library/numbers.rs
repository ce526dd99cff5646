//! `quantity`, as Kubernetes' library has it.

use super::{Entry, Fault, Opaque, failed, global, method, mismatch, opaque};
use crate::cel::budget::Budget;
use crate::cel::value::Cel;
use crate::kube::Quantity;

pub(super) const FUNCTIONS: &[Entry] = &[
    global("quantity", 1, quantity),
    global("isQuantity", 1, is_quantity),
    method("isInteger", 0, |_, args| {
        Ok(Cel::Bool(own(args)?.as_integer().is_some()))
    }),
    method("asInteger", 0, as_integer),
    method("asApproximateFloat", 0, |_, args| {
        Ok(Cel::Double(own(args)?.as_approximate_float()))
    }),
    method("sign", 0, |_, args| Ok(Cel::Int(own(args)?.sign()))),
    method("add", 1, |_, args| combine(args, Quantity::checked_add)),
    method("sub", 1, |_, args| combine(args, Quantity::checked_sub)),
    method("isLessThan", 1, super::versions::is_less_than),
    method("isGreaterThan", 1, super::versions::is_greater_than),
    method("compareTo", 1, super::versions::compare_to),
];

fn parse(text: &str) -> Result<Quantity, Fault> {
    Quantity::parse(text).ok_or_else(|| failed("the text is no quantity like 500m or 2Gi"))
}

fn quantity<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::String(text)] => parse(text).map(|quantity| opaque(Opaque::Quantity(quantity))),
        // A quantity that is a plain number is one in YAML, too.
        [Cel::Int(int)] => Ok(opaque(Opaque::Quantity(Quantity::from_integer(*int)))),
        [Cel::Double(double)] => {
            parse(&double.to_string()).map(|quantity| opaque(Opaque::Quantity(quantity)))
        }
        args => Err(mismatch(args)),
    }
}

fn is_quantity<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::String(text)] => Ok(Cel::Bool(Quantity::parse(text).is_some())),
        args => Err(mismatch(args)),
    }
}

fn of(value: &Cel<'_>) -> Option<Quantity> {
    match value {
        Cel::Opaque(opaque) => match opaque.as_ref() {
            Opaque::Quantity(quantity) => Some(*quantity),
            _ => None,
        },
        _ => None,
    }
}

fn own(args: &[Cel<'_>]) -> Result<Quantity, Fault> {
    args.first().and_then(of).ok_or_else(|| mismatch(args))
}

fn as_integer<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    own(args)?
        .as_integer()
        .map(Cel::Int)
        .ok_or_else(|| failed("the quantity is no whole number"))
}

fn combine<'a>(
    args: &[Cel<'a>],
    how: impl Fn(Quantity, Quantity) -> Option<Quantity>,
) -> Result<Cel<'a>, Fault> {
    let other = match args {
        [_, Cel::Int(int)] => Some(Quantity::from_integer(*int)),
        [_, other] => of(other),
        _ => None,
    };
    let result = how(own(args)?, other.ok_or_else(|| mismatch(args))?);
    result
        .map(|quantity| opaque(Opaque::Quantity(quantity)))
        .ok_or_else(|| failed("the result is too large"))
}
