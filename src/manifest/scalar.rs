//! What a scalar means to Go's sigs.k8s.io/yaml: YAML 1.1 as goyaml.v2 (`resolve.go`) has it, then JSON.

use crate::json::{Number, Value};

/// A scalar that Go reads differently than its tag says, or not at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ScalarError {
    /// `.inf` and `.nan`.
    #[error("{0} is no number that JSON has, and Kubernetes reads JSON")]
    NotFinite(String),
    /// `!!int x`.
    #[error("{text} is not what its tag !!{tag} says")]
    Tag {
        /// As written.
        text: String,
        /// The tag without its `!!`.
        tag: String,
    },
    /// `!!binary` without base64.
    #[error("the text behind !!binary is not base64")]
    Base64,
}

/// What a plain scalar turns out to be.
#[derive(Clone, Debug, PartialEq)]
enum Resolved {
    Null,
    Bool(bool),
    Int(Number),
    Float(f64),
    Text,
}

/// The value of a scalar. `tag` is the suffix of a core tag (`str`, `int`), `quoted` also holds for block
/// scalars.
pub(super) fn value(text: &str, quoted: bool, tag: Option<&str>) -> Result<Value, ScalarError> {
    match resolve_tagged(text, quoted, tag)? {
        Resolved::Null => Ok(Value::Null),
        Resolved::Bool(truth) => Ok(truth.into()),
        Resolved::Int(number) => Ok(number.into()),
        Resolved::Float(number) => float(number).ok_or_else(|| ScalarError::NotFinite(text.to_owned())),
        Resolved::Text if tag == Some("binary") => binary(text),
        Resolved::Text => Ok(text.into()),
    }
}

/// A scalar as a key of a map; `None` for null, which Go refuses.
/// Source: `convertToJSONableObject` of sigs.k8s.io/yaml.
pub(super) fn key(text: &str, quoted: bool, tag: Option<&str>) -> Result<Option<String>, ScalarError> {
    Ok(match resolve_tagged(text, quoted, tag)? {
        Resolved::Null => None,
        Resolved::Bool(truth) => Some(truth.to_string()),
        Resolved::Int(number) => Some(number.to_string()),
        Resolved::Float(number) => Some(shortest(number)),
        Resolved::Text => Some(text.to_owned()),
    })
}

fn resolve_tagged(text: &str, quoted: bool, tag: Option<&str>) -> Result<Resolved, ScalarError> {
    let resolved = match tag {
        None if quoted => return Ok(Resolved::Text),
        None => return Ok(resolve(text)),
        Some("str" | "binary") => return Ok(Resolved::Text),
        Some(_) => resolve(text),
    };
    match (tag, resolved) {
        (Some("float"), Resolved::Int(number)) => Ok(Resolved::Float(number.as_f64().unwrap_or_default())),
        (Some("int"), resolved @ Resolved::Int(_))
        | (Some("float"), resolved @ Resolved::Float(_))
        | (Some("bool"), resolved @ Resolved::Bool(_))
        | (Some("null"), resolved @ Resolved::Null) => Ok(resolved),
        (Some(tag @ ("int" | "float" | "bool" | "null")), _) => Err(ScalarError::Tag {
            text: text.to_owned(),
            tag: tag.to_owned(),
        }),
        // `!!timestamp` stays the text that it is.
        (_, _) => Ok(Resolved::Text),
    }
}

/// A whole number is one in JSON, however it was written: Go's JSON has no exponent below 1e21, and
/// Kubernetes reads what fits an int64 as one.
fn float(number: f64) -> Option<Value> {
    let is_whole = number.fract() == 0.0 && !(number == 0.0 && number.is_sign_negative());
    let whole = is_whole.then(|| number.to_string().parse::<i64>().ok()).flatten();
    match whole {
        Some(whole) => Some(whole.into()),
        None => Number::from_f64(number).map(Value::from),
    }
}

/// `strconv.FormatFloat(f, 'g', -1, 64)` of Go: with an exponent where that is below -4 or above 5.
fn shortest(number: f64) -> String {
    let text = format!("{number:e}");
    let Some((digits, exponent)) = text.split_once('e') else {
        return text;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => format!("{number}"),
    }
}

fn resolve(text: &str) -> Resolved {
    let Some(first) = text.bytes().next() else {
        return Resolved::Null;
    };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        b'.' => match text {
            ".inf" | ".Inf" | ".INF" => Resolved::Float(f64::INFINITY),
            ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
            _ => go_float(text),
        },
        b'+' | b'-' => match text {
            "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::INFINITY),
            _ => number(text),
        },
        b'0'..=b'9' => number(text),
        _ => Resolved::Text,
    }
}

fn word(text: &str) -> Resolved {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Resolved::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Resolved::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Resolved::Null,
        _ => Resolved::Text,
    }
}

fn number(text: &str) -> Resolved {
    let plain = if text.contains('_') {
        text.replace('_', "")
    } else {
        text.to_owned()
    };
    let int = go_int(&plain)
        .map(Number::from)
        .or_else(|| go_uint(&plain).map(Number::from));
    match int {
        Some(number) => Resolved::Int(number),
        None if is_yaml_float(&plain) => match plain.parse::<f64>() {
            Ok(number) if number.is_finite() => Resolved::Float(number),
            // Go's parser fails on what is too large, and then it is a text.
            _ => Resolved::Text,
        },
        None => Resolved::Text,
    }
}

/// `strconv.ParseInt(text, 0, 64)` of a text without underscores.
fn go_int(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let size = i128::from(go_uint(digits)?);
    i64::try_from(sign * size).ok()
}

/// `strconv.ParseUint(text, 0, 64)` of a text without underscores.
fn go_uint(text: &str) -> Option<u64> {
    let lower = text.get(..2).map(str::to_ascii_lowercase);
    let (radix, digits) = match lower.as_deref() {
        Some("0x") => (16, text.get(2..)?),
        Some("0o") => (8, text.get(2..)?),
        Some("0b") => (2, text.get(2..)?),
        Some(two) if two.starts_with('0') => (8, text.get(1..)?),
        _ => (10, text),
    };
    // Rust would take a sign here.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_yaml_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && is_digits(fraction),
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        None => !mantissa.is_empty() && is_digits(mantissa),
    };
    let is_exponent = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && is_digits(digits)
    });
    is_mantissa && is_exponent
}

/// `strconv.ParseFloat` of a text that starts with a dot; an underscore may stand between two digits.
fn go_float(text: &str) -> Resolved {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let mut underscores = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_');
    if !underscores.all(|(at, _)| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1))) {
        return Resolved::Text;
    }
    number_text(&text.replace('_', ""))
}

fn number_text(plain: &str) -> Resolved {
    match plain.parse::<f64>() {
        Ok(number) if number.is_finite() && is_yaml_float(plain) => Resolved::Float(number),
        _ => Resolved::Text,
    }
}

fn binary(text: &str) -> Result<Value, ScalarError> {
    use base64::Engine;
    let text: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .map_err(|_| ScalarError::Base64)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn plain_scalars_are_what_go_makes_of_them() {
        let texts = [
            "0x1F", "0o17", "017", "0b11", "-0x1f", "+0x1", "1_000", "0_7", "08", "1e3", ".5", "1.", "-0",
            "12e03",
        ];
        let values = [31, 15, 15, 3, -31, 1, 1000, 7, 8, 1000, 0, 1, 0, 12000];
        for (text, expected) in texts.into_iter().zip(values) {
            let expected = if text == ".5" { json!(0.5) } else { json!(expected) };
            assert_eq!(value(text, false, None), Ok(expected), "{text}");
        }
        for text in [
            "1:30",
            "2024-01-01",
            "0x",
            "1.2.3",
            "1e",
            "0b2",
            "1,0",
            "tRue",
            "nO",
            "<<",
            "=",
            "-",
            "+",
            "._1",
            "0xFFFFFFFFFFFFFFFFFF",
            "123e4567",
            "-_1x",
        ] {
            assert_eq!(value(text, false, None), Ok(json!(text)), "{text}");
        }
        assert_eq!(value("18446744073709551615", false, None), Ok(json!(u64::MAX)));
        assert_eq!(value("1e17", false, None), Ok(json!(100_000_000_000_000_000_i64)));
        assert_eq!(value("1e19", false, None), Ok(json!(1e19)));
        assert_eq!(value("yes", true, None), Ok(json!("yes")));
    }

    #[test]
    fn tags_decide_and_are_checked() {
        assert_eq!(value("1", false, Some("str")), Ok(json!("1")));
        assert_eq!(value("5", true, Some("int")), Ok(json!(5)));
        assert_eq!(value("5", false, Some("float")), Ok(json!(5)));
        assert_eq!(value("aGk=", false, Some("binary")), Ok(json!("hi")));
        assert!(value("x", false, Some("int")).is_err());
        assert!(value(".inf", false, None).is_err());
    }

    #[test]
    fn keys_are_texts() {
        let cases = [
            ("1", "1"),
            ("yes", "true"),
            ("1.0", "1"),
            ("1.50", "1.5"),
            ("1e6", "1e+06"),
            ("0777", "511"),
            ("x", "x"),
        ];
        for (text, expected) in cases {
            assert_eq!(key(text, false, None), Ok(Some(expected.to_owned())), "{text}");
        }
        assert_eq!(key("~", false, None), Ok(None));
        assert_eq!(key("yes", true, None), Ok(Some("yes".into())));
    }
}
