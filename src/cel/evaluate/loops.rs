//! The macros that walk over a list or a map. A list that may be incomplete can still answer where the known
//! items decide; else the answer is what is missing.

use std::rc::Rc;

use super::{Local, Machine, graver};
use crate::cel::Fault;
use crate::cel::ir::{Loop, LoopKind};
use crate::cel::value::{Cel, Entries, Items, List, Map};
use crate::unknown::Unknown;

/// What a loop has come to.
#[derive(Default)]
struct State<'a> {
    fault: Option<Fault>,
    count: usize,
    items: Vec<Cel<'a>>,
    entries: Entries<'a>,
}

impl<'a> Machine<'a> {
    pub(super) fn run_loop(&mut self, parts: &'a Loop) -> Result<Cel<'a>, Fault> {
        let range = self.eval(&parts.range)?;
        let mut state = State::default();
        let missing = match &range {
            Cel::List(list) => {
                for (position, item) in list.iter().enumerate() {
                    let (first, second) = match parts.second {
                        Some(_) => (Cel::Int(position as i64), Some(item)),
                        None => (item, None),
                    };
                    if let Some(decided) = self.turn(parts, first, second, &mut state)? {
                        return Ok(decided);
                    }
                }
                list.missing().cloned()
            }
            Cel::Map(map) => {
                if let Some(decided) = self.over_map(parts, map, &mut state)? {
                    return Ok(decided);
                }
                None
            }
            other => return Err(super::no_overload("a loop", &[other])),
        };
        finish(parts.kind, state, missing)
    }

    fn over_map(
        &mut self,
        parts: &'a Loop,
        map: &Map<'a>,
        state: &mut State<'a>,
    ) -> Result<Option<Cel<'a>>, Fault> {
        for key in map.keys()? {
            let second = match parts.second {
                Some(_) => map.get(&key, &mut self.budget)?,
                None => None,
            };
            let decided = self.turn(parts, key.into(), second, state)?;
            if decided.is_some() {
                return Ok(decided);
            }
        }
        Ok(None)
    }

    /// One item; an answer where it decides.
    fn turn(
        &mut self,
        parts: &'a Loop,
        first: Cel<'a>,
        second: Option<Cel<'a>>,
        state: &mut State<'a>,
    ) -> Result<Option<Cel<'a>>, Fault> {
        self.budget.charge(2)?;
        let key = first.clone();
        self.set(parts.first, Local::Done(Ok(first)));
        if let (Some(slot), Some(second)) = (parts.second, second) {
            self.set(slot, Local::Done(Ok(second)));
        }
        let guard = match &parts.guard {
            Some(guard) => self.truth(guard),
            None => Ok(true),
        };
        match (parts.kind, guard) {
            (LoopKind::All, Ok(false)) => return Ok(Some(Cel::Bool(false))),
            (LoopKind::Exists, Ok(true)) => return Ok(Some(Cel::Bool(true))),
            (LoopKind::All, Ok(true)) | (LoopKind::Exists, Ok(false)) => {}
            (LoopKind::All | LoopKind::Exists, Err(fault)) => {
                self.budget.check()?;
                state.fault = Some(match state.fault.take() {
                    Some(before) => graver(before, fault),
                    None => fault,
                });
            }
            (_, Err(fault)) => return Err(fault),
            (_, Ok(false)) => {}
            (LoopKind::ExistsOne, Ok(true)) => state.count += 1,
            (kind, Ok(true)) => self.collect(parts, kind, key, state)?,
        }
        Ok(None)
    }

    fn collect(
        &mut self,
        parts: &'a Loop,
        kind: LoopKind,
        key: Cel<'a>,
        state: &mut State<'a>,
    ) -> Result<(), Fault> {
        self.budget.element()?;
        let value = match &parts.yields {
            Some(yields) => self.eval(yields)?,
            None => key.clone(),
        };
        match (kind, value) {
            (LoopKind::List, value) => state.items.push(value),
            (LoopKind::Map, value) => {
                let key = key
                    .as_key()
                    .ok_or_else(|| Fault::Failed("a list has no keys".into()))?;
                state.entries.insert(key, value);
            }
            (_, Cel::Map(map)) => {
                for key in map.keys()? {
                    let value = map.get(&key, &mut self.budget)?.unwrap_or(Cel::Null);
                    if state.entries.insert(key.clone(), value).is_some() {
                        return Err(Fault::Failed(format!("the key {key} is there twice")));
                    }
                }
            }
            (_, other) => return Err(super::no_overload("transformMapEntry", &[&other])),
        }
        Ok(())
    }
}

fn finish(kind: LoopKind, state: State<'_>, missing: Option<Unknown>) -> Result<Cel<'_>, Fault> {
    let uncertain = |missing: Option<Unknown>| missing.map(Fault::Unknown).map_or(Ok(()), Err);
    match kind {
        LoopKind::All | LoopKind::Exists => {
            if let Some(fault) = state.fault {
                return Err(fault);
            }
            uncertain(missing)?;
            Ok(Cel::Bool(kind == LoopKind::All))
        }
        LoopKind::ExistsOne if state.count > 1 => Ok(Cel::Bool(false)),
        LoopKind::ExistsOne => {
            uncertain(missing)?;
            Ok(Cel::Bool(state.count == 1))
        }
        LoopKind::List => Ok(Cel::List(List::Owned(Rc::new(Items {
            items: state.items,
            missing,
        })))),
        LoopKind::Map | LoopKind::Entries => {
            uncertain(missing)?;
            Ok(Cel::map(state.entries))
        }
    }
}
