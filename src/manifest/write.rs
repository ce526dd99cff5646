//! New values as YAML text. Blocks and scalars come from serde-saphyr, which quotes what YAML 1.1 would
//! misread; every block is read back by our own reader before it is used, and JSON (which is YAML) is what
//! remains where that fails.

use serde::Serialize;

use super::layout::Style;
use super::{read, split};
use crate::json::Value;
use crate::source::Source;

/// How lists stand under their key: `- a` below the key's own column, or two spaces further in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListIndent {
    /// In the key's column, as Go writes them.
    Flush,
    /// Two spaces in.
    Indented,
}

/// How a text's author writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Manner {
    /// How lists stand.
    pub lists: ListIndent,
    /// Whether `|` may be used: not where the text ends without a line break, which would be part of it.
    pub block_scalars: bool,
}

/// How we write a whole document of our own.
const OURS: Manner = Manner {
    lists: ListIndent::Flush,
    block_scalars: true,
};

/// A document of our own in block style, with the last line break.
pub fn yaml(value: &impl Serialize) -> String {
    let value = crate::json::to_value(value).unwrap_or_default();
    let text = block(&value, OURS).unwrap_or_else(|| json(&value));
    text + "\n"
}

/// The same as the item of a list in column 0.
pub fn yaml_item(value: &Value) -> String {
    format!("-{}\n", after_dash(value, OURS))
}

/// The value on one line, as JSON that YAML reads the same.
pub fn yaml_line(value: &Value) -> String {
    json(value)
}

/// Lines longer than this are not folded: a folded text is hard to compare with what an author wrote.
const NEVER_FOLD: usize = 1 << 20;

/// What follows `key:` where a text with line breaks stays a block scalar; `None` where it cannot be one.
pub(super) fn literal_after_key(text: &str) -> Option<String> {
    let map = std::collections::BTreeMap::from([("k", serde_saphyr::LitStr(text))]);
    let written = serde_saphyr::to_string(&map).ok()?;
    checked(&written, &crate::json::json!({ "k": text }))?
        .strip_prefix("k:")
        .map(str::to_owned)
}

/// What follows `key:`, its first byte a space or a line break; later lines are indented as if the key stood
/// in column 0. No line break at the end.
pub(super) fn after_key(value: &Value, manner: Manner) -> String {
    let mut map = crate::json::Map::new();
    map.insert("k".into(), value.clone());
    block(&Value::Object(map), manner)
        .and_then(|text| text.strip_prefix("k:").map(str::to_owned))
        .unwrap_or_else(|| format!(" {}", json(value)))
}

/// `key: value`, later lines indented as if the key stood in column 0.
pub(super) fn entry(name: &str, value: &Value, manner: Manner) -> String {
    let mut map = crate::json::Map::new();
    map.insert(name.into(), value.clone());
    block(&Value::Object(map), manner).unwrap_or_else(|| format!("{}: {}", json_text(name), json(value)))
}

/// What follows the dash of a list item, its first byte a space; later lines are indented as if the dash
/// stood in column 0.
pub(super) fn after_dash(value: &Value, manner: Manner) -> String {
    block(&Value::Array(vec![value.clone()].into()), manner)
        .and_then(|text| text.strip_prefix('-').map(str::to_owned))
        .unwrap_or_else(|| format!(" {}", json(value)))
}

/// A whole value in block style, without the last line break; `None` where it does not read back as itself.
pub(super) fn block(value: &Value, manner: Manner) -> Option<String> {
    let options = serde_saphyr::ser_options! {
        compact_list_indent: manner.lists == ListIndent::Flush,
        prefer_block_scalars: manner.block_scalars,
        folded_wrap_chars: NEVER_FOLD,
    };
    let text = serde_saphyr::to_string_with_options(value, options).ok()?;
    checked(&text, value)
}

/// The text without its last line break and without blanks on empty lines, if it reads as `value` where it
/// will stand: with a line break behind it.
fn checked(text: &str, value: &Value) -> Option<String> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let lines: Vec<&str> = text
        .split('\n')
        .map(|line| if line.trim().is_empty() { "" } else { line })
        .collect();
    [lines.join("\n"), text.to_owned()]
        .into_iter()
        .find(|text| reads_as(&format!("{text}\n"), value))
}

/// A scalar on one line, in the style of the one that it replaces where that can hold it.
pub(super) fn scalar(value: &Value, like: Style) -> String {
    let Value::String(text) = value else {
        return json(value);
    };
    match like {
        Style::DoubleQuoted => json_text(text),
        Style::SingleQuoted if is_printable_line(text) => format!("'{}'", text.replace('\'', "''")),
        _ => plain(text).unwrap_or_else(|| json_text(text)),
    }
}

/// A value inside brackets: JSON, or with bare words where the neighbours are bare too.
pub(super) fn flow(value: &Value, bare: bool) -> String {
    match value {
        Value::Object(map) => {
            let entries: Vec<String> = map
                .iter()
                .map(|(name, value)| format!("{}: {}", flow_text(name, bare), flow(value, bare)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| flow(item, bare)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) => flow_text(text, bare),
        other => json(other),
    }
}

/// A string inside brackets, a key too.
pub(super) fn flow_text(text: &str, bare: bool) -> String {
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '.'));
    if bare && is_word && plain(text).as_deref() == Some(text) {
        text.to_owned()
    } else {
        json_text(text)
    }
}

/// The text on one line as serde-saphyr writes it, bare if it can be; `None` where it cannot.
fn plain(text: &str) -> Option<String> {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let written = serde_saphyr::to_string_with_options(&text, options).ok()?;
    let line = written.strip_suffix('\n').unwrap_or(&written);
    let value = Value::from(text);
    (!line.contains('\n') && reads_as(line, &value)).then(|| line.to_owned())
}

fn is_printable_line(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    })
}

fn reads_as(text: &str, value: &Value) -> bool {
    let source = Source::new("new value", text);
    match split(&source).as_slice() {
        [document] => read(&source, document).is_ok_and(|tree| tree.value == *value),
        _ => false,
    }
}

fn json(value: &Value) -> String {
    match value {
        Value::String(text) => json_text(text),
        Value::Array(_) | Value::Object(_) => flow(value, false),
        other => other.to_string(),
    }
}

/// A double-quoted text that YAML 1.1 reads as JSON does: what YAML takes for a line break or does not allow
/// in a text is escaped as well.
fn json_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for c in Value::from(text).to_string().chars() {
        match c {
            '\u{7f}'..='\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out
}
