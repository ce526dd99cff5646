//! `+ - * / %`: only values of one type, never past the end of their range.

use crate::cel::Fault;
use crate::cel::budget::Budget;
use crate::cel::ir::Operator;
use crate::cel::value::{Cel, List};

pub(super) fn negate(value: Cel<'_>) -> Result<Cel<'_>, Fault> {
    match value {
        Cel::Int(int) => int.checked_neg().map(Cel::Int).ok_or_else(overflow),
        Cel::Double(double) => Ok(Cel::Double(-double)),
        Cel::Duration(duration) => Ok(Cel::Duration(-duration)),
        other => Err(super::no_overload("-", &[&other])),
    }
}

pub(in crate::cel) fn compute<'a>(
    operator: Operator,
    a: Cel<'a>,
    b: Cel<'a>,
    budget: &mut Budget,
) -> Result<Cel<'a>, Fault> {
    match (a, b) {
        (Cel::Int(a), Cel::Int(b)) => int(operator, a, b),
        (Cel::Uint(a), Cel::Uint(b)) => uint(operator, a, b),
        (Cel::Double(a), Cel::Double(b)) => match operator {
            Operator::Add => Ok(Cel::Double(a + b)),
            Operator::Subtract => Ok(Cel::Double(a - b)),
            Operator::Multiply => Ok(Cel::Double(a * b)),
            Operator::Divide => Ok(Cel::Double(a / b)),
            _ => Err(super::no_overload("%", &[&Cel::Double(a), &Cel::Double(b)])),
        },
        (Cel::String(a), Cel::String(b)) if operator == Operator::Add => {
            budget.bytes(a.len() + b.len())?;
            Ok(Cel::string(format!("{}{}", &*a, &*b)))
        }
        (Cel::Bytes(a), Cel::Bytes(b)) if operator == Operator::Add => {
            budget.bytes(a.len() + b.len())?;
            Ok(Cel::Bytes([&*a, &*b].concat().into()))
        }
        (Cel::List(a), Cel::List(b)) if operator == Operator::Add => join(&a, &b, budget),
        (a, b) => time(operator, a, b),
    }
}

fn int<'a>(operator: Operator, a: i64, b: i64) -> Result<Cel<'a>, Fault> {
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide | Operator::Modulo if b == 0 => return Err(by_zero()),
        Operator::Divide => a.checked_div(b),
        _ => a.checked_rem(b),
    };
    result.map(Cel::Int).ok_or_else(overflow)
}

fn uint<'a>(operator: Operator, a: u64, b: u64) -> Result<Cel<'a>, Fault> {
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide | Operator::Modulo if b == 0 => return Err(by_zero()),
        Operator::Divide => a.checked_div(b),
        _ => a.checked_rem(b),
    };
    result.map(Cel::Uint).ok_or_else(overflow)
}

fn join<'a>(a: &List<'a>, b: &List<'a>, budget: &mut Budget) -> Result<Cel<'a>, Fault> {
    budget.elements(a.known_len() + b.known_len())?;
    let items = a.iter().chain(b.iter()).collect();
    let missing = a.missing().or(b.missing()).cloned();
    Ok(Cel::List(List::Owned(std::rc::Rc::new(
        crate::cel::value::Items { items, missing },
    ))))
}

fn time<'a>(operator: Operator, a: Cel<'a>, b: Cel<'a>) -> Result<Cel<'a>, Fault> {
    let result = match (operator, &a, &b) {
        (Operator::Add, Cel::Timestamp(at), Cel::Duration(by))
        | (Operator::Add, Cel::Duration(by), Cel::Timestamp(at)) => {
            at.checked_add_signed(*by).map(Cel::Timestamp)
        }
        (Operator::Subtract, Cel::Timestamp(at), Cel::Duration(by)) => {
            at.checked_sub_signed(*by).map(Cel::Timestamp)
        }
        (Operator::Subtract, Cel::Timestamp(a), Cel::Timestamp(b)) => Some(Cel::Duration(*a - *b)),
        (Operator::Add, Cel::Duration(a), Cel::Duration(b)) => a.checked_add(b).map(Cel::Duration),
        (Operator::Subtract, Cel::Duration(a), Cel::Duration(b)) => a.checked_sub(b).map(Cel::Duration),
        _ => return Err(super::no_overload(sign(operator), &[&a, &b])),
    };
    result.ok_or_else(overflow)
}

fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        _ => "%",
    }
}

fn overflow() -> Fault {
    Fault::Failed("the result does not fit its type".into())
}

fn by_zero() -> Fault {
    Fault::Failed("a division by zero".into())
}
