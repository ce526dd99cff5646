//! `matches`, `find` and `findAll`: linear-time patterns of a bounded size, compiled once.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use regex::{Regex, RegexBuilder};

use super::{Entry, Fault, failed, global, method, mismatch};
use crate::cel::budget::Budget;
use crate::cel::value::Cel;

pub(super) const FUNCTIONS: &[Entry] = &[
    global("matches", 2, matches),
    method("matches", 1, matches),
    method("find", 1, find),
    method("findAll", 1, find_all),
    method("findAll", 2, find_all),
];

/// Longest pattern, in bytes.
const MAX_PATTERN: usize = 4096;
/// Largest compiled pattern, in bytes.
const MAX_SIZE: usize = 1 << 20;
/// Patterns that are remembered; a policy set has some dozens.
const MAX_REMEMBERED: usize = 512;
/// What compiling costs, per byte of the pattern.
const COMPILE_STEPS: u64 = 200;

static COMPILED: LazyLock<Mutex<HashMap<String, Arc<Regex>>>> = LazyLock::new(Mutex::default);

/// A pattern, compiled or remembered.
pub(in crate::cel) fn compile(pattern: &str, budget: &mut Budget) -> Result<Arc<Regex>, Fault> {
    if pattern.len() > MAX_PATTERN {
        return Err(Fault::Budget(format!(
            "a pattern is longer than {MAX_PATTERN} bytes"
        )));
    }
    if let Some(known) = COMPILED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(pattern)
    {
        return Ok(Arc::clone(known));
    }
    budget.charge(COMPILE_STEPS * pattern.len() as u64)?;
    let mut builder = RegexBuilder::new(pattern);
    let built = builder
        .size_limit(MAX_SIZE)
        .dfa_size_limit(MAX_SIZE)
        .nest_limit(50)
        .build();
    let regex = match built {
        Ok(regex) => Arc::new(regex),
        Err(regex::Error::CompiledTooBig(_)) => return Err(Fault::Budget("a pattern is too large".into())),
        Err(_) => return Err(failed("the pattern is no RE2 expression")),
    };
    let mut all = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= MAX_REMEMBERED {
        all.clear();
    }
    all.insert(pattern.to_owned(), Arc::clone(&regex));
    Ok(regex)
}

fn matches<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::String(text), Cel::String(pattern)] => {
            let regex = compile(pattern, budget)?;
            budget.charge(1 + text.len() as u64)?;
            Ok(Cel::Bool(regex.is_match(text)))
        }
        args => Err(mismatch(args)),
    }
}

fn find<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::String(text), Cel::String(pattern)] => {
            let regex = compile(pattern, budget)?;
            budget.charge(1 + text.len() as u64)?;
            budget.bytes(text.len())?;
            Ok(Cel::string(regex.find(text).map_or("", |found| found.as_str())))
        }
        args => Err(mismatch(args)),
    }
}

fn find_all<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let (text, pattern, limit) = match args {
        [Cel::String(text), Cel::String(pattern)] => (text, pattern, usize::MAX),
        [Cel::String(text), Cel::String(pattern), Cel::Int(limit)] => {
            (text, pattern, usize::try_from(*limit).unwrap_or(usize::MAX))
        }
        args => return Err(mismatch(args)),
    };
    let regex = compile(pattern, budget)?;
    budget.charge(1 + text.len() as u64)?;
    let mut found = Vec::new();
    for one in regex.find_iter(text).take(limit) {
        budget.element()?;
        budget.bytes(one.len())?;
        found.push(Cel::string(one.as_str()));
    }
    Ok(Cel::list(found))
}
