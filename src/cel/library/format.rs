//! `'%s has %d'.format([…])`, after CEL's strings extension.

use super::{Entry, Fault, convert, failed, method, mismatch};
use crate::cel::budget::Budget;
use crate::cel::value::Cel;

pub(super) const FUNCTIONS: &[Entry] = &[method("format", 1, format)];

/// Most digits behind the point.
const MAX_PRECISION: usize = 100;

fn format<'a>(budget: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let [Cel::String(pattern), Cel::List(values)] = args else {
        return Err(mismatch(args));
    };
    values.complete()?;
    let mut values = values.iter();
    let mut out = String::new();
    let mut rest: &str = pattern;
    while let Some(at) = rest.find('%') {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        if let Some(tail) = rest.strip_prefix('%') {
            out.push('%');
            rest = tail;
            continue;
        }
        let (precision, verb, tail) = clause(rest)?;
        let value = values
            .next()
            .ok_or_else(|| failed("the pattern has more clauses than there are values"))?;
        let text = one(verb, precision, &value, budget)?;
        budget.bytes(text.len())?;
        out.push_str(&text);
        rest = tail;
    }
    out.push_str(rest);
    budget.bytes(out.len())?;
    Ok(Cel::string(out))
}

/// `.2f…` as precision, verb and what follows.
fn clause(rest: &str) -> Result<(usize, char, &str), Fault> {
    let (precision, rest) = match rest.strip_prefix('.') {
        Some(rest) => {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (number, rest) = rest.split_at_checked(digits).unwrap_or((rest, ""));
            (number.parse().unwrap_or(MAX_PRECISION + 1), rest)
        }
        None => (6, rest),
    };
    if precision > MAX_PRECISION {
        return Err(failed("the precision is too large"));
    }
    let verb = rest
        .chars()
        .next()
        .ok_or_else(|| failed("the pattern ends with a single %"))?;
    Ok((precision, verb, rest.get(verb.len_utf8()..).unwrap_or_default()))
}

fn one(verb: char, precision: usize, value: &Cel<'_>, budget: &mut Budget) -> Result<String, Fault> {
    Ok(match (verb, value) {
        ('s', value) => text(value, budget)?,
        ('d', Cel::Int(int)) => int.to_string(),
        ('d', Cel::Uint(uint)) => uint.to_string(),
        ('f', Cel::Double(double)) => format!("{double:.precision$}"),
        ('f', Cel::Int(int)) => format!("{:.precision$}", *int as f64),
        ('e', Cel::Double(double)) => exponent(&format!("{double:.precision$e}")),
        ('b', Cel::Int(int)) => signed(*int, |size| format!("{size:b}")),
        ('b', Cel::Uint(uint)) => format!("{uint:b}"),
        ('b', Cel::Bool(truth)) => i32::from(*truth).to_string(),
        ('o', Cel::Int(int)) => signed(*int, |size| format!("{size:o}")),
        ('o', Cel::Uint(uint)) => format!("{uint:o}"),
        ('x', Cel::Int(int)) => signed(*int, |size| format!("{size:x}")),
        ('X', Cel::Int(int)) => signed(*int, |size| format!("{size:X}")),
        ('x', Cel::Uint(uint)) => format!("{uint:x}"),
        ('X', Cel::Uint(uint)) => format!("{uint:X}"),
        ('x', Cel::String(text)) => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ('X', Cel::String(text)) => text.bytes().map(|byte| format!("{byte:02X}")).collect(),
        (verb, value) => return Err(failed(format!("%{verb} does not take a {}", value.type_name()))),
    })
}

fn signed(int: i64, show: impl Fn(u64) -> String) -> String {
    let sign = if int < 0 { "-" } else { "" };
    format!("{sign}{}", show(int.unsigned_abs()))
}

/// Rust writes `1.5e3`, CEL `1.5e+03`.
fn exponent(text: &str) -> String {
    match text.split_once('e') {
        Some((digits, power)) => {
            let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
            format!("{digits}e{sign}{power:0>2}")
        }
        None => text.to_owned(),
    }
}

/// `%s` of anything, lists and maps too.
fn text(value: &Cel<'_>, budget: &mut Budget) -> Result<String, Fault> {
    budget.enter()?;
    let text = match value {
        Cel::Null => "null".to_owned(),
        Cel::List(list) => {
            list.complete()?;
            let items: Vec<String> = list
                .iter()
                .map(|item| text(&item, budget))
                .collect::<Result<_, _>>()?;
            format!("[{}]", items.join(", "))
        }
        Cel::Map(map) => {
            let mut entries = Vec::new();
            for key in map.keys()? {
                let value = map.find(&key, budget)?.unwrap_or(Cel::Null);
                entries.push(format!("{key}: {}", text(&value, budget)?));
            }
            entries.sort();
            format!("{{{}}}", entries.join(", "))
        }
        Cel::Type(name) => (*name).to_owned(),
        value => match convert::as_text(value) {
            Some(text) => text,
            None => return Err(failed(format!("%s does not take a {}", value.type_name()))),
        },
    };
    budget.leave();
    budget.bytes(text.len())?;
    Ok(text)
}
