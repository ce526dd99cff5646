//! Durations and timestamps.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};

use super::{Entry, Fault, method, mismatch};
use crate::cel::budget::Budget;
use crate::cel::value::Cel;

pub(super) const FUNCTIONS: &[Entry] = &[
    method("getFullYear", 0, |_, args| part(args, |at| i64::from(at.year()))),
    method("getMonth", 0, |_, args| part(args, |at| i64::from(at.month0()))),
    method("getDate", 0, |_, args| part(args, |at| i64::from(at.day()))),
    method("getDayOfMonth", 0, |_, args| {
        part(args, |at| i64::from(at.day0()))
    }),
    method("getDayOfWeek", 0, |_, args| {
        part(args, |at| i64::from(at.weekday().num_days_from_sunday()))
    }),
    method("getDayOfYear", 0, |_, args| {
        part(args, |at| i64::from(at.ordinal0()))
    }),
    method("getHours", 0, |_, args| {
        either(args, |at| i64::from(at.hour()), |by| by.num_hours())
    }),
    method("getMinutes", 0, |_, args| {
        either(args, |at| i64::from(at.minute()), |by| by.num_minutes())
    }),
    method("getSeconds", 0, |_, args| {
        either(args, |at| i64::from(at.second()), |by| by.num_seconds())
    }),
    method("getMilliseconds", 0, milliseconds),
];

fn part<'a>(args: &[Cel<'a>], take: impl Fn(&DateTime<Utc>) -> i64) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::Timestamp(at)] => Ok(Cel::Int(take(at))),
        args => Err(mismatch(args)),
    }
}

fn either<'a>(
    args: &[Cel<'a>],
    of_time: impl Fn(&DateTime<Utc>) -> i64,
    of_duration: impl Fn(&TimeDelta) -> i64,
) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::Duration(by)] => Ok(Cel::Int(of_duration(by))),
        args => part(args, of_time),
    }
}

fn milliseconds<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    either(
        args,
        |at| i64::from(at.timestamp_subsec_millis()),
        |by| i64::from(by.subsec_millis()),
    )
}

/// A duration as Go's `time.ParseDuration` takes it: `1h30m`, `-1.5s`.
pub(super) fn parse_duration(text: &str) -> Option<TimeDelta> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(TimeDelta::zero());
    }
    let mut nanoseconds = 0.0_f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest.get(..digits)?.parse().ok()?;
        let tail = rest.get(digits..)?;
        let length = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let unit = match tail.get(..length)? {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return None,
        };
        nanoseconds += number * unit;
        rest = tail.get(length..)?;
    }
    let whole = (!text.is_empty() && nanoseconds < 9e18).then(|| (sign * nanoseconds).round() as i64)?;
    Some(TimeDelta::nanoseconds(whole))
}

/// `5400s`, as CEL's `string(duration)` writes it.
pub(super) fn duration_text(duration: &TimeDelta) -> String {
    let nanoseconds = duration.subsec_nanos();
    if nanoseconds == 0 {
        return format!("{}s", duration.num_seconds());
    }
    let seconds = duration.num_seconds();
    let sign = if duration < &TimeDelta::zero() { "-" } else { "" };
    let fraction = format!("{:09}", nanoseconds.abs());
    format!("{sign}{}.{}s", seconds.abs(), fraction.trim_end_matches('0'))
}

/// RFC 3339.
pub(super) fn timestamp_text(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}
