//! `semver`, as Kubernetes' library has it, and the comparisons that it shares with `quantity`.

use std::cmp::Ordering;

use semver::Version;

use super::{Entry, Fault, Opaque, failed, global, method, mismatch, opaque};
use crate::cel::budget::Budget;
use crate::cel::value::Cel;

pub(super) const FUNCTIONS: &[Entry] = &[
    global("semver", 1, version),
    global("semver", 2, version),
    global("isSemver", 1, is_version),
    global("isSemver", 2, is_version),
    method("major", 0, |_, args| number(args, |version| version.major)),
    method("minor", 0, |_, args| number(args, |version| version.minor)),
    method("patch", 0, |_, args| number(args, |version| version.patch)),
];

fn parse(args: &[Cel<'_>]) -> Result<Option<Version>, Fault> {
    match args {
        [Cel::String(text)] | [Cel::String(text), Cel::Bool(false)] => Ok(Version::parse(text).ok()),
        [Cel::String(text), Cel::Bool(true)] => Ok(normalized(text)),
        args => Err(mismatch(args)),
    }
}

/// `v1.2` counts as `1.2.0`, `01.2.3` as `1.2.3`. Source: `normalizeAndParse` of the library's `semverlib.go`.
fn normalized(text: &str) -> Option<Version> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (core, rest) = text.split_at_checked(end)?;
    let mut parts: Vec<String> = core
        .split('.')
        .map(|part| {
            let bare = part.trim_start_matches('0');
            if bare.is_empty() && !part.is_empty() {
                "0".to_owned()
            } else {
                bare.to_owned()
            }
        })
        .collect();
    // Only a plain number may be incomplete.
    while parts.len() < 3 && rest.is_empty() {
        parts.push("0".into());
    }
    Version::parse(&format!("{}{rest}", parts.join("."))).ok()
}

fn version<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let version = parse(args)?.ok_or_else(|| failed("the text is no version like 1.2.3"))?;
    Ok(opaque(Opaque::Semver(version)))
}

fn is_version<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    Ok(Cel::Bool(parse(args)?.is_some()))
}

fn number<'a>(args: &[Cel<'a>], take: impl Fn(&Version) -> u64) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::Opaque(value)] => match value.as_ref() {
            Opaque::Semver(version) => Ok(Cel::Int(i64::try_from(take(version)).unwrap_or(i64::MAX))),
            _ => Err(mismatch(args)),
        },
        args => Err(mismatch(args)),
    }
}

fn compare(args: &[Cel<'_>]) -> Result<Ordering, Fault> {
    let [Cel::Opaque(a), Cel::Opaque(b)] = args else {
        return Err(mismatch(args));
    };
    match (a.as_ref(), b.as_ref()) {
        (Opaque::Quantity(a), Opaque::Quantity(b)) => Ok(a.cmp(b)),
        // Build metadata does not count.
        (Opaque::Semver(a), Opaque::Semver(b)) => Ok(a.cmp_precedence(b)),
        _ => Err(mismatch(args)),
    }
}

pub(super) fn is_less_than<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    Ok(Cel::Bool(compare(args)?.is_lt()))
}

pub(super) fn is_greater_than<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    Ok(Cel::Bool(compare(args)?.is_gt()))
}

pub(super) fn compare_to<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    Ok(Cel::Int(compare(args)? as i64))
}
