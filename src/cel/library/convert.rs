//! Conversions between types, `size`, `type` and `dyn`.

use chrono::{DateTime, Utc};

use super::{Entry, Fault, failed, global, method, mismatch, time};
use crate::cel::budget::Budget;
use crate::cel::value::Cel;

pub(super) const FUNCTIONS: &[Entry] = &[
    global("size", 1, size),
    method("size", 0, size),
    global("int", 1, int),
    global("uint", 1, uint),
    global("double", 1, double),
    global("string", 1, string),
    global("bytes", 1, bytes),
    global("bool", 1, boolean),
    global("dyn", 1, |_, args| {
        args.first().cloned().ok_or_else(|| mismatch(args))
    }),
    global("type", 1, type_of),
    global("duration", 1, duration),
    global("timestamp", 1, timestamp),
];

fn size<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let count = match args {
        [Cel::String(text)] => {
            budget.scan(text.len())?;
            text.chars().count()
        }
        [Cel::Bytes(bytes)] => bytes.len(),
        [Cel::List(list)] => {
            list.complete()?;
            list.known_len()
        }
        [Cel::Map(map)] => map.len()?,
        args => return Err(mismatch(args)),
    };
    Ok(Cel::Int(count as i64))
}

fn int<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let value = match args {
        [Cel::Int(int)] => Some(*int),
        [Cel::Uint(uint)] => i64::try_from(*uint).ok(),
        [Cel::Double(double)] => (double.abs() < 9.2e18).then(|| double.trunc() as i64),
        [Cel::String(text)] => text.parse().ok(),
        [Cel::Timestamp(at)] => Some(at.timestamp()),
        [Cel::Bool(truth)] => Some(i64::from(*truth)),
        args => return Err(mismatch(args)),
    };
    value.map(Cel::Int).ok_or_else(|| failed("the value is no int"))
}

fn uint<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let value = match args {
        [Cel::Int(int)] => u64::try_from(*int).ok(),
        [Cel::Uint(uint)] => Some(*uint),
        [Cel::Double(double)] => (*double >= 0.0 && *double < 1.8e19).then(|| double.trunc() as u64),
        [Cel::String(text)] => text.parse().ok(),
        args => return Err(mismatch(args)),
    };
    value.map(Cel::Uint).ok_or_else(|| failed("the value is no uint"))
}

fn double<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let value = match args {
        [Cel::Int(int)] => Some(*int as f64),
        [Cel::Uint(uint)] => Some(*uint as f64),
        [Cel::Double(double)] => Some(*double),
        [Cel::String(text)] => text.parse().ok(),
        args => return Err(mismatch(args)),
    };
    value
        .map(Cel::Double)
        .ok_or_else(|| failed("the text is no number"))
}

fn string<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [text @ Cel::String(_)] => Ok(text.clone()),
        [value] => {
            let text = as_text(value).ok_or_else(|| mismatch(args))?;
            budget.bytes(text.len())?;
            Ok(Cel::string(text))
        }
        args => Err(mismatch(args)),
    }
}

/// A scalar as the text that `string()` makes of it.
pub(in crate::cel) fn as_text(value: &Cel<'_>) -> Option<String> {
    Some(match value {
        Cel::String(text) => text.to_string(),
        Cel::Int(int) => int.to_string(),
        Cel::Uint(uint) => uint.to_string(),
        Cel::Double(double) => double.to_string(),
        Cel::Bool(truth) => truth.to_string(),
        Cel::Bytes(bytes) => String::from_utf8(bytes.to_vec()).ok()?,
        Cel::Duration(duration) => time::duration_text(duration),
        Cel::Timestamp(at) => time::timestamp_text(at),
        Cel::Opaque(opaque) => match opaque.as_ref() {
            super::Opaque::Ip(ip) => ip.to_string(),
            super::Opaque::Cidr(cidr) => cidr.to_string(),
            super::Opaque::Semver(version) => version.to_string(),
            _ => return None,
        },
        _ => return None,
    })
}

fn bytes<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [bytes @ Cel::Bytes(_)] => Ok(bytes.clone()),
        [Cel::String(text)] => {
            budget.bytes(text.len())?;
            Ok(Cel::Bytes(text.as_bytes().into()))
        }
        args => Err(mismatch(args)),
    }
}

fn boolean<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [truth @ Cel::Bool(_)] => Ok(truth.clone()),
        [Cel::String(text)] => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Cel::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Cel::Bool(false)),
            _ => Err(failed("the text is neither true nor false")),
        },
        args => Err(mismatch(args)),
    }
}

fn type_of<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [value] => Ok(Cel::Type(value.type_name())),
        args => Err(mismatch(args)),
    }
}

fn duration<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [duration @ Cel::Duration(_)] => Ok(duration.clone()),
        [Cel::String(text)] => time::parse_duration(text)
            .map(Cel::Duration)
            .ok_or_else(|| failed("the text is no duration like 1h30m")),
        args => Err(mismatch(args)),
    }
}

fn timestamp<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [at @ Cel::Timestamp(_)] => Ok(at.clone()),
        [Cel::Int(seconds)] => DateTime::from_timestamp(*seconds, 0)
            .map(Cel::Timestamp)
            .ok_or_else(|| failed("the number is no time")),
        [Cel::String(text)] => match DateTime::parse_from_rfc3339(text) {
            Ok(at) => Ok(Cel::Timestamp(at.with_timezone(&Utc))),
            Err(_) => Err(failed("the text is no time like 2026-01-02T03:04:05Z")),
        },
        args => Err(mismatch(args)),
    }
}
