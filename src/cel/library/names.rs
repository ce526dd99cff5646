//! `format.dns1123Label().validate(name)`: the formats of names that Kubernetes' library knows.
//!
//! Source: `k8s.io/apimachinery/pkg/util/validation`.

use super::{Entry, Fault, Opaque, global, method, mismatch, opaque};
use crate::cel::budget::Budget;
use crate::cel::value::Cel;

/// A named format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cel) enum Format {
    Dns1123Label,
    Dns1123Subdomain,
    Dns1035Label,
    QualifiedName,
    LabelValue,
    Uuid,
    Date,
    DateTime,
}

use Format::{Date, DateTime, Dns1035Label, Dns1123Label, Dns1123Subdomain, LabelValue, QualifiedName, Uuid};

pub(super) const FUNCTIONS: &[Entry] = &[
    global("format.dns1123Label", 0, |_, _| {
        Ok(opaque(Opaque::Format(Dns1123Label)))
    }),
    global("format.dns1123Subdomain", 0, |_, _| {
        Ok(opaque(Opaque::Format(Dns1123Subdomain)))
    }),
    global("format.dns1035Label", 0, |_, _| {
        Ok(opaque(Opaque::Format(Dns1035Label)))
    }),
    global("format.qualifiedName", 0, |_, _| {
        Ok(opaque(Opaque::Format(QualifiedName)))
    }),
    global("format.labelValue", 0, |_, _| {
        Ok(opaque(Opaque::Format(LabelValue)))
    }),
    global("format.uuid", 0, |_, _| Ok(opaque(Opaque::Format(Uuid)))),
    global("format.date", 0, |_, _| Ok(opaque(Opaque::Format(Date)))),
    global("format.datetime", 0, |_, _| Ok(opaque(Opaque::Format(DateTime)))),
    global("format.named", 1, named),
    method("validate", 1, validate),
];

fn named<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let [Cel::String(name)] = args else {
        return Err(mismatch(args));
    };
    let format = match &**name {
        "dns1123Label" => Dns1123Label,
        "dns1123Subdomain" => Dns1123Subdomain,
        "dns1035Label" => Dns1035Label,
        "qualifiedName" => QualifiedName,
        "labelValue" => LabelValue,
        "uuid" => Uuid,
        "date" => Date,
        "datetime" => DateTime,
        _ => return Ok(Cel::none()),
    };
    Ok(Cel::some(opaque(Opaque::Format(format))))
}

/// `optional.none()` for a valid text, else a list of what is wrong.
fn validate<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let [Cel::Opaque(value), Cel::String(text)] = args else {
        return Err(mismatch(args));
    };
    let Opaque::Format(format) = value.as_ref() else {
        return Err(mismatch(args));
    };
    Ok(match wrong(*format, text) {
        None => Cel::none(),
        Some(wrong) => Cel::some(Cel::list(vec![Cel::string(wrong)])),
    })
}

fn wrong(format: Format, text: &str) -> Option<&'static str> {
    let holds = match format {
        Dns1123Label => is_label(text),
        Dns1123Subdomain => text.len() <= 253 && text.split('.').all(is_part),
        Dns1035Label => is_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase()),
        LabelValue => text.is_empty() || is_name(text),
        QualifiedName => match text.split_once('/') {
            Some((prefix, name)) => prefix.len() <= 253 && prefix.split('.').all(is_part) && is_name(name),
            None => is_name(text),
        },
        Uuid => {
            let groups: Vec<usize> = text.split('-').map(str::len).collect();
            groups == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
        }
        Date => text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok(),
        DateTime => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
    };
    let rule = match format {
        Dns1123Label => {
            "a DNS label has at most 63 lower case letters, digits and dashes, and starts and ends with none of the last"
        }
        Dns1123Subdomain => {
            "a DNS subdomain has labels of lower case letters, digits and dashes with dots between them"
        }
        Dns1035Label => "a DNS label of this kind starts with a lower case letter",
        LabelValue => {
            "a label's value has at most 63 letters, digits, dashes, underscores and dots, and starts and ends with a letter or digit"
        }
        QualifiedName => "a qualified name is a name with an optional DNS subdomain and a slash in front",
        Date => "a date has the form 2006-01-02",
        DateTime => "a time has the form 2006-01-02T15:04:05Z",
        Uuid => "a UUID has the form 01234567-89ab-cdef-0123-456789abcdef",
    };
    (!holds).then_some(rule)
}

fn is_part(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_inner) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_part(text)
}

fn is_name(text: &str) -> bool {
    let is_end = |c: char| c.is_ascii_alphanumeric();
    let is_inner = |c: char| is_end(c) || matches!(c, '-' | '_' | '.');
    (1..=63).contains(&text.len())
        && text.chars().all(is_inner)
        && text.starts_with(is_end)
        && text.ends_with(is_end)
}
