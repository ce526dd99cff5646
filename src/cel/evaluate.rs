//! Evaluation of compiled expressions.
//!
//! The grammar is crate `cel`'s; its evaluator (0.15) is not used, because three things that the laws of this
//! project need cannot be had of it: an Unknown must not get lost (`.?x`, `[?x]` and `has` take every error
//! for "not there", equality and `size` cannot fail), maps must keep the order in which they were written
//! (they are hash maps with a random order there, so two runs would render two texts), and messages must not
//! show values that a policy calls sensitive (errors print their operands).

mod access;
mod arithmetic;
mod compare;
mod json;
mod loops;

use std::borrow::Cow;

use super::budget::Budget;
use super::ir::{Compiled, Ir, Literal, Operator, Slot};
use super::value::{Cel, Entries, Map, Text};
use super::{Fault, Scope};
use crate::unknown::{Unknown, Why};

pub(super) use arithmetic::compute;
pub(super) use compare::{equal, order};
pub(super) use json::to_json;

/// What a variable of a macro or an argument of a function holds.
#[derive(Debug)]
enum Local<'a> {
    /// Nothing yet.
    Empty,
    /// An expression that nobody has asked for.
    Due(&'a Ir),
    /// Its result, which may be a fault: every mention meets the same.
    Done(Result<Cel<'a>, Fault>),
}

/// One evaluation.
pub(super) struct Machine<'a> {
    scope: &'a dyn Scope,
    program: &'a Compiled,
    locals: Vec<Local<'a>>,
    pub budget: Budget,
}

/// Evaluates a program.
pub(super) fn run<'a>(program: &'a Compiled, scope: &'a dyn Scope) -> Result<(Cel<'a>, Budget), Fault> {
    part(program, &program.root, scope)
}

/// Evaluates a part of a program that needs no variable from outside of it.
pub(super) fn part<'a>(
    program: &'a Compiled,
    root: &'a Ir,
    scope: &'a dyn Scope,
) -> Result<(Cel<'a>, Budget), Fault> {
    let mut machine = Machine {
        scope,
        program,
        locals: (0..program.slots).map(|_| Local::Empty).collect(),
        budget: Budget::within(scope.allowance()),
    };
    let result = machine.eval(root);
    machine.budget.settle(scope.allowance());
    // No `||` may hide that the budget was spent.
    machine.budget.check()?;
    Ok((result?, machine.budget))
}

impl<'a> Machine<'a> {
    pub(super) fn eval(&mut self, ir: &'a Ir) -> Result<Cel<'a>, Fault> {
        self.budget.step()?;
        self.budget.enter()?;
        let result = self.node(ir);
        self.budget.leave();
        result
    }

    fn node(&mut self, ir: &'a Ir) -> Result<Cel<'a>, Fault> {
        match ir {
            Ir::Literal(literal) => Ok(self::literal(literal)),
            Ir::Local(slot) => self.local(*slot),
            Ir::Name(name) => self.name(*name),
            Ir::Select(operand, field) => {
                let operand = self.eval(operand)?;
                self.select(&operand, field)
            }
            Ir::Has(operand, field) => {
                let operand = self.eval(operand)?;
                self.has(&operand, field)
            }
            Ir::OptionalSelect(operand, field) => {
                let operand = self.eval(operand)?;
                self.optional_select(&operand, field)
            }
            Ir::Index(operand, index) => {
                let (operand, index) = (self.eval(operand)?, self.eval(index)?);
                self.index(&operand, &index)
            }
            Ir::OptionalIndex(operand, index) => {
                let (operand, index) = (self.eval(operand)?, self.eval(index)?);
                self.optional_index(&operand, &index)
            }
            Ir::And(a, b) => self.logic(a, b, false),
            Ir::Or(a, b) => self.logic(a, b, true),
            Ir::Not(operand) => self.truth(operand).map(|truth| Cel::Bool(!truth)),
            Ir::Negate(operand) => arithmetic::negate(self.eval(operand)?),
            Ir::Conditional(test, yes, no) => {
                let branch = if self.truth(test)? { yes } else { no };
                self.eval(branch)
            }
            Ir::Binary(operator, a, b) => self.binary(*operator, a, b),
            Ir::List(items) => self.list(items),
            Ir::Map(entries) => self.map(entries),
            Ir::Bind(slot, value, body) => {
                self.set(*slot, Local::Due(value));
                self.eval(body)
            }
            Ir::Loop(parts) => self.run_loop(parts),
            Ir::Call(native, name, args) => {
                let args = self.all(args)?;
                native(&mut self.budget, &args).map_err(|fault| named(name, fault))
            }
            Ir::Host(function, args) => self.host(function, args),
            Ir::OrValue(optional, value) => match self.eval(optional)? {
                Cel::Optional(Some(inner)) => Ok(inner.as_ref().clone()),
                Cel::Optional(None) => self.eval(value),
                other => Err(no_overload("orValue", &[&other])),
            },
            Ir::OrOptional(optional, other) => match self.eval(optional)? {
                Cel::Optional(None) => self.eval(other),
                optional @ Cel::Optional(_) => Ok(optional),
                other => Err(no_overload("or", &[&other])),
            },
            Ir::OptionalMap(slot, optional, body, flat) => self.optional_map(*slot, optional, body, *flat),
            Ir::Known(operand) => match self.eval(operand) {
                Ok(Cel::List(list)) => Ok(Cel::Bool(list.missing().is_none())),
                Ok(_) => Ok(Cel::Bool(true)),
                Err(Fault::Unknown(_)) => Ok(Cel::Bool(false)),
                Err(fault) => Err(fault),
            },
            Ir::Unknown(why) => match self.eval(why)? {
                Cel::String(text) => Err(Unknown::new(text.to_string(), Why::Policy).into()),
                other => Err(no_overload("unknown", &[&other])),
            },
        }
    }

    fn set(&mut self, slot: Slot, local: Local<'a>) {
        if let Some(place) = self.locals.get_mut(slot) {
            *place = local;
        }
    }

    fn local(&mut self, slot: Slot) -> Result<Cel<'a>, Fault> {
        let due = match self.locals.get(slot) {
            Some(Local::Done(result)) => return result.clone(),
            Some(Local::Due(ir)) => *ir,
            Some(Local::Empty) | None => return Err(Fault::Failed("a variable has no value".into())),
        };
        let result = self.eval(due);
        self.set(slot, Local::Done(result.clone()));
        result
    }

    fn name(&mut self, name: usize) -> Result<Cel<'a>, Fault> {
        let Some(name) = self.program.names.get(name) else {
            return Err(Fault::Failed("a name is not known".into()));
        };
        let binding = self.scope.name(name)?;
        Cel::bound(binding, &mut self.budget)
    }

    fn host(&mut self, function: &'static str, args: &'a [Ir]) -> Result<Cel<'a>, Fault> {
        let args = self.all(args)?;
        let mut values = Vec::with_capacity(args.len());
        for arg in &args {
            // A part of the object goes as it is, with its nulls, which say no more than absence.
            values.push(match arg {
                Cel::Map(Map::Json { object, .. }) => Cow::Borrowed(*object),
                other => Cow::Owned(to_json(other, &mut self.budget)?),
            });
        }
        let binding = self
            .scope
            .call(function, &values)
            .map_err(|fault| named(function, fault))?;
        Cel::bound(binding, &mut self.budget)
    }

    fn all(&mut self, args: &'a [Ir]) -> Result<Vec<Cel<'a>>, Fault> {
        args.iter().map(|arg| self.eval(arg)).collect()
    }

    /// A condition.
    fn truth(&mut self, ir: &'a Ir) -> Result<bool, Fault> {
        match self.eval(ir)? {
            Cel::Bool(truth) => Ok(truth),
            other => Err(Fault::Failed(format!(
                "a condition must be true or false, this is a {}",
                other.type_name()
            ))),
        }
    }

    /// `&&` and `||`: the value `decides` decides whatever the other side is, even a fault.
    fn logic(&mut self, a: &'a Ir, b: &'a Ir, decides: bool) -> Result<Cel<'a>, Fault> {
        let left = self.truth(a);
        if left.as_ref() == Ok(&decides) {
            return Ok(Cel::Bool(decides));
        }
        self.budget.check()?;
        match (left, self.truth(b)) {
            (_, Ok(right)) if right == decides => Ok(Cel::Bool(decides)),
            (Ok(_), right) => right.map(Cel::Bool),
            (Err(left), Err(right)) => Err(graver(left, right)),
            (Err(left), Ok(_)) => Err(left),
        }
    }

    fn binary(&mut self, operator: Operator, a: &'a Ir, b: &'a Ir) -> Result<Cel<'a>, Fault> {
        let (a, b) = (self.eval(a)?, self.eval(b)?);
        let ordered = |machine: &mut Self| order(&a, &b, &mut machine.budget);
        Ok(Cel::Bool(match operator {
            Operator::Equal => equal(&a, &b, &mut self.budget)?,
            Operator::NotEqual => !equal(&a, &b, &mut self.budget)?,
            Operator::Less => ordered(self)?.is_some_and(|order| order.is_lt()),
            Operator::LessOrEqual => ordered(self)?.is_some_and(|order| order.is_le()),
            Operator::Greater => ordered(self)?.is_some_and(|order| order.is_gt()),
            Operator::GreaterOrEqual => ordered(self)?.is_some_and(|order| order.is_ge()),
            Operator::In => self.is_in(&a, &b)?,
            operator => return arithmetic::compute(operator, a, b, &mut self.budget),
        }))
    }

    fn list(&mut self, items: &'a [(Ir, bool)]) -> Result<Cel<'a>, Fault> {
        let mut values = Vec::with_capacity(items.len());
        for (item, is_optional) in items {
            self.budget.element()?;
            match (self.eval(item)?, is_optional) {
                (Cel::Optional(value), true) => values.extend(value.map(|value| value.as_ref().clone())),
                (value, _) => values.push(value),
            }
        }
        Ok(Cel::list(values))
    }

    fn map(&mut self, entries: &'a [(Ir, Ir, bool)]) -> Result<Cel<'a>, Fault> {
        let mut values = Entries::with_capacity(entries.len());
        for (key, value, is_optional) in entries {
            self.budget.element()?;
            let key = self.eval(key)?;
            let Some(key) = key.as_key() else {
                return Err(Fault::Failed(format!("a {} cannot be a key", key.type_name())));
            };
            let value = match (self.eval(value)?, is_optional) {
                (Cel::Optional(None), true) => continue,
                (Cel::Optional(Some(value)), true) => value.as_ref().clone(),
                (value, _) => value,
            };
            if values.insert(key.clone(), value).is_some() {
                return Err(Fault::Failed(format!("the key {key} is there twice")));
            }
        }
        Ok(Cel::map(values))
    }

    fn optional_map(
        &mut self,
        slot: Slot,
        optional: &'a Ir,
        body: &'a Ir,
        flat: bool,
    ) -> Result<Cel<'a>, Fault> {
        let value = match self.eval(optional)? {
            Cel::Optional(Some(value)) => value,
            Cel::Optional(None) => return Ok(Cel::none()),
            other => return Err(no_overload("optMap", &[&other])),
        };
        self.set(slot, Local::Done(Ok(value.as_ref().clone())));
        match (self.eval(body)?, flat) {
            (result, false) => Ok(Cel::some(result)),
            (result @ Cel::Optional(_), true) => Ok(result),
            (other, true) => Err(no_overload("optFlatMap", &[&other])),
        }
    }
}

fn literal(literal: &Literal) -> Cel<'_> {
    match literal {
        Literal::Null => Cel::Null,
        Literal::Bool(truth) => Cel::Bool(*truth),
        Literal::Int(int) => Cel::Int(*int),
        Literal::Uint(uint) => Cel::Uint(*uint),
        Literal::Double(double) => Cel::Double(*double),
        Literal::String(text) => Cel::String(Text::Borrowed(text)),
        Literal::Bytes(bytes) => Cel::Bytes(bytes.as_ref().into()),
        Literal::Type(name) => Cel::Type(name),
    }
}

/// Which of two faults is told: a spent budget, else what is not known, else the first failure.
fn graver(a: Fault, b: Fault) -> Fault {
    match (a, b) {
        (budget @ Fault::Budget(_), _) | (_, budget @ Fault::Budget(_)) => budget,
        (unknown @ Fault::Unknown(_), _) | (_, unknown @ Fault::Unknown(_)) => unknown,
        (first, _) => first,
    }
}

/// The types of operands, never their values: those may be sensitive.
pub(super) fn no_overload(name: &str, args: &[&Cel<'_>]) -> Fault {
    let types: Vec<&str> = args.iter().map(|arg| arg.type_name()).collect();
    Fault::Failed(format!("{name} does not take {}", types.join(", ")))
}

fn named(name: &str, fault: Fault) -> Fault {
    match fault {
        Fault::Failed(why) => Fault::Failed(format!("{name}: {why}")),
        other => other,
    }
}
