//! Fields, items and membership. What is not there is a failure or `optional.none()`; what cannot be seen is
//! neither.

use std::rc::Rc;

use super::Machine;
use super::compare::equal;
use crate::cel::Fault;
use crate::cel::value::{Cel, List};

impl<'a> Machine<'a> {
    pub(super) fn select(&mut self, operand: &Cel<'a>, field: &str) -> Result<Cel<'a>, Fault> {
        match operand {
            Cel::Map(map) => map.field(field, &mut self.budget)?.ok_or_else(|| no_key(field)),
            // A plain field of an optional makes the rest of the chain optional.
            Cel::Optional(Some(inner)) => self.optional_select(&inner.clone(), field),
            Cel::Optional(None) => Ok(Cel::none()),
            other => Err(no_fields(other, field)),
        }
    }

    pub(super) fn has(&mut self, operand: &Cel<'a>, field: &str) -> Result<Cel<'a>, Fault> {
        match operand {
            Cel::Map(map) => Ok(Cel::Bool(map.field(field, &mut self.budget)?.is_some())),
            Cel::Optional(Some(inner)) => self.has(&inner.clone(), field),
            Cel::Optional(None) => Ok(Cel::Bool(false)),
            other => Err(no_fields(other, field)),
        }
    }

    pub(super) fn optional_select(&mut self, operand: &Cel<'a>, field: &str) -> Result<Cel<'a>, Fault> {
        match operand {
            Cel::Map(map) => Ok(Cel::Optional(map.field(field, &mut self.budget)?.map(Rc::new))),
            Cel::Optional(Some(inner)) => self.optional_select(&inner.clone(), field),
            Cel::Optional(None) => Ok(Cel::none()),
            other => Err(no_fields(other, field)),
        }
    }

    pub(super) fn index(&mut self, operand: &Cel<'a>, index: &Cel<'a>) -> Result<Cel<'a>, Fault> {
        match operand {
            Cel::Optional(Some(inner)) => self.optional_index(&inner.clone(), index),
            Cel::Optional(None) => Ok(Cel::none()),
            operand => self.find(operand, index)?.ok_or_else(|| match index.as_key() {
                Some(key) => no_key(&key.to_string()),
                None => Fault::Failed("there is no such key".into()),
            }),
        }
    }

    pub(super) fn optional_index(&mut self, operand: &Cel<'a>, index: &Cel<'a>) -> Result<Cel<'a>, Fault> {
        match operand {
            Cel::Optional(Some(inner)) => self.optional_index(&inner.clone(), index),
            Cel::Optional(None) => Ok(Cel::none()),
            operand => Ok(Cel::Optional(self.find(operand, index)?.map(Rc::new))),
        }
    }

    fn find(&mut self, operand: &Cel<'a>, index: &Cel<'a>) -> Result<Option<Cel<'a>>, Fault> {
        match operand {
            Cel::List(list) => item(list, index),
            Cel::Map(map) => match index.as_key() {
                Some(key) => map.get(&key, &mut self.budget),
                None => Err(super::no_overload("[]", &[operand, index])),
            },
            other => Err(super::no_overload("[]", &[other, index])),
        }
    }

    /// `a in b`.
    pub(super) fn is_in(&mut self, a: &Cel<'a>, b: &Cel<'a>) -> Result<bool, Fault> {
        match b {
            Cel::List(list) => {
                let mut fault = None;
                for item in list.iter() {
                    match equal(a, &item, &mut self.budget) {
                        Ok(true) => return Ok(true),
                        Ok(false) => {}
                        Err(met) => fault = Some(met),
                    }
                }
                fault.map_or_else(|| list.complete().map(|()| false), Err)
            }
            Cel::Map(map) => match a.as_key() {
                Some(key) => Ok(map.get(&key, &mut self.budget)?.is_some()),
                None => Ok(false),
            },
            other => Err(super::no_overload("in", &[a, other])),
        }
    }
}

fn item<'a>(list: &List<'a>, index: &Cel<'a>) -> Result<Option<Cel<'a>>, Fault> {
    let position = match index.as_key() {
        Some(crate::cel::value::Key::Int(int)) => usize::try_from(int).ok(),
        Some(crate::cel::value::Key::Uint(_)) => None,
        _ => {
            return Err(Fault::Failed(format!(
                "a {} cannot be a position in a list",
                index.type_name()
            )));
        }
    };
    // Where items may be missing nobody knows which one is the first.
    list.complete()?;
    Ok(position.and_then(|position| list.known(position)))
}

fn no_key(key: &str) -> Fault {
    Fault::Failed(format!("there is no key {key}; ask with has() or .?{key}"))
}

fn no_fields(value: &Cel<'_>, field: &str) -> Fault {
    Fault::Failed(format!("a {} has no field {field}", value.type_name()))
}
