//! CEL's strings extension, and the text functions of the standard library. Positions count characters.

use std::rc::Rc;

use super::{Entry, Fault, failed, method, mismatch};
use crate::cel::budget::Budget;
use crate::cel::value::{Cel, Text};

pub(super) const FUNCTIONS: &[Entry] = &[
    method("contains", 1, |budget, args| {
        test(budget, args, |text, part| text.contains(part))
    }),
    method("startsWith", 1, |budget, args| {
        test(budget, args, |text, part| text.starts_with(part))
    }),
    method("endsWith", 1, |budget, args| {
        test(budget, args, |text, part| text.ends_with(part))
    }),
    method("charAt", 1, char_at),
    method("lowerAscii", 0, |budget, args| {
        map(budget, args, str::to_ascii_lowercase)
    }),
    method("upperAscii", 0, |budget, args| {
        map(budget, args, str::to_ascii_uppercase)
    }),
    method("trim", 0, |budget, args| {
        map(budget, args, |text| text.trim().to_owned())
    }),
    method("reverse", 0, super::lists::reverse),
    method("replace", 2, replace),
    method("replace", 3, replace),
    method("split", 1, split),
    method("split", 2, split),
    method("join", 0, join),
    method("join", 1, join),
    method("substring", 1, substring),
    method("substring", 2, substring),
    super::global("strings.quote", 1, quote),
];

fn test<'a>(
    budget: &mut Budget,
    args: &[Cel<'a>],
    holds: impl Fn(&str, &str) -> bool,
) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::String(text), Cel::String(part)] => {
            budget.scan(text.len() + part.len())?;
            Ok(Cel::Bool(holds(text, part)))
        }
        args => Err(mismatch(args)),
    }
}

fn map<'a>(budget: &mut Budget, args: &[Cel<'a>], make: impl Fn(&str) -> String) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::String(text)] => {
            budget.bytes(text.len())?;
            Ok(Cel::string(make(text)))
        }
        args => Err(mismatch(args)),
    }
}

/// The characters from `start` up to `end`; of a borrowed text nothing is copied.
pub(super) fn slice<'a>(
    budget: &mut Budget,
    text: &Text<'a>,
    start: usize,
    end: usize,
) -> Result<Cel<'a>, Fault> {
    budget.scan(text.len())?;
    let at = |position: usize| {
        let mut places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        places.nth(position)
    };
    let (Some(from), Some(to)) = (at(start), at(end)) else {
        return Err(out_of_range());
    };
    match text {
        Text::Borrowed(text) => Ok(Cel::String(Text::Borrowed(
            text.get(from..to).unwrap_or_default(),
        ))),
        Text::Shared(text) => {
            budget.bytes(to.saturating_sub(from))?;
            Ok(Cel::String(Text::Shared(Rc::from(
                text.get(from..to).unwrap_or_default(),
            ))))
        }
    }
}

fn out_of_range() -> Fault {
    failed("the position is outside of the text")
}

fn position(value: i64) -> Result<usize, Fault> {
    usize::try_from(value).map_err(|_| out_of_range())
}

fn char_at<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::String(text), Cel::Int(at)] => {
            let at = position(*at)?;
            if at == text.chars().count() {
                return Ok(Cel::string(""));
            }
            slice(budget, text, at, at + 1)
        }
        args => Err(mismatch(args)),
    }
}

fn substring<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::String(text), Cel::Int(start)] => slice(budget, text, position(*start)?, text.chars().count()),
        [Cel::String(text), Cel::Int(start), Cel::Int(end)] if start <= end => {
            slice(budget, text, position(*start)?, position(*end)?)
        }
        [Cel::String(_), Cel::Int(_), Cel::Int(_)] => Err(out_of_range()),
        args => Err(mismatch(args)),
    }
}

fn replace<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let (text, from, to, limit) = match args {
        [Cel::String(text), Cel::String(from), Cel::String(to)] => (text, from, to, usize::MAX),
        [
            Cel::String(text),
            Cel::String(from),
            Cel::String(to),
            Cel::Int(limit),
        ] => (text, from, to, usize::try_from(*limit).unwrap_or(usize::MAX)),
        args => return Err(mismatch(args)),
    };
    budget.scan(text.len())?;
    let places = if from.is_empty() {
        text.chars().count() + 1
    } else {
        text.matches(&**from).count()
    };
    let count = places.min(limit);
    budget.bytes(text.len().saturating_add(to.len().saturating_mul(count)))?;
    Ok(Cel::string(text.replacen(&**from, to, count)))
}

fn split<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let (text, by, limit) = match args {
        [Cel::String(text), Cel::String(by)] => (text, by, usize::MAX),
        [Cel::String(text), Cel::String(by), Cel::Int(limit)] => {
            (text, by, usize::try_from(*limit).unwrap_or(usize::MAX))
        }
        args => return Err(mismatch(args)),
    };
    let pieces: Vec<&str> = match (limit, by.is_empty()) {
        (0, _) => Vec::new(),
        (limit, true) => characters(text, limit),
        (limit, false) => text.splitn(limit, &**by).collect(),
    };
    budget.elements(pieces.len())?;
    budget.bytes(text.len())?;
    Ok(Cel::list(pieces.into_iter().map(Cel::string).collect()))
}

/// Single characters, the last piece taking the rest.
fn characters(text: &str, limit: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if pieces.len() + 1 == limit {
            rest.len()
        } else {
            first.len_utf8()
        };
        let (piece, tail) = rest.split_at(length);
        pieces.push(piece);
        rest = tail;
    }
    pieces
}

fn join<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let (list, by) = match args {
        [Cel::List(list)] => (list, ""),
        [Cel::List(list), Cel::String(by)] => (list, &**by),
        args => return Err(mismatch(args)),
    };
    list.complete()?;
    let mut text = String::new();
    for (index, item) in list.iter().enumerate() {
        let Cel::String(piece) = &item else {
            return Err(mismatch(&[item]));
        };
        budget.bytes(piece.len() + by.len())?;
        if index > 0 {
            text.push_str(by);
        }
        text.push_str(piece);
    }
    Ok(Cel::string(text))
}

fn quote<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    map(budget, args, |text| {
        let mut out = String::from("\"");
        for c in text.chars() {
            match c {
                '\u{7}' => out.push_str("\\a"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{b}' => out.push_str("\\v"),
                '\\' => out.push_str("\\\\"),
                '"' => out.push_str("\\\""),
                c => out.push(c),
            }
        }
        out.push('"');
        out
    })
}
