//! What Go refuses and the parser would take, and words for what goes wrong often.

use crate::source::{Diagnostic, Source, Span};

/// Refuses characters that YAML 1.1 does not allow in a text. Line breaks that only YAML 1.1 knows are
/// refused as well: Go ends the line there, so the text would not mean what everybody sees.
pub(super) fn characters(source: &Source, base: usize, text: &str) -> Result<(), Diagnostic> {
    let is_plain = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    if text.bytes().all(is_plain) {
        return Ok(());
    }
    for (at, c) in text.char_indices() {
        let span = Span::new(base + at, base + at + c.len_utf8());
        match c {
            '\t' | '\n' | '\r' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' => {}
            '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}' => {}
            '\u{85}' | '\u{2028}' | '\u{2029}' => {
                let wrong = format!(
                    "U+{:04X} ends a line for Go's YAML, though it does not look like it",
                    c as u32
                );
                return Err(Diagnostic::new("yaml-syntax", source, span, wrong).help(format!(
                    "write it as \"\\u{:04x}\" inside double quotes",
                    c as u32
                )));
            }
            _ => {
                let wrong = format!(
                    "control characters are not allowed in YAML, here is U+{:04X}",
                    c as u32
                );
                return Err(Diagnostic::new("yaml-syntax", source, span, wrong).help(
                    "is this a text file? If so, write the character as an escape inside double quotes",
                ));
            }
        }
    }
    Ok(())
}

/// Refuses the escapes of a double-quoted text that goyaml.v2 does not know: `\/` and halves of a character.
pub(super) fn escapes(source: &Source, span: Span) -> Result<(), Diagnostic> {
    let text = source.slice(span);
    let mut rest = text.char_indices();
    while let Some((at, c)) = rest.next() {
        if c != '\\' {
            continue;
        }
        let here = |length: usize| Span::new(span.start + at, (span.start + at + length).min(span.end));
        match rest.next() {
            Some((_, '/')) => {
                let wrong = "Go's YAML does not know the escape `\\/`";
                return Err(Diagnostic::new("yaml-syntax", source, here(2), wrong).help("write `/`"));
            }
            Some((_, 'u')) => {
                let digits = text.get(at + 2..at + 6).unwrap_or_default();
                if u32::from_str_radix(digits, 16).is_ok_and(|code| (0xd800..0xe000).contains(&code)) {
                    let wrong = "this escape is half of a character";
                    return Err(Diagnostic::new("yaml-syntax", source, here(6), wrong)
                        .help("write the character itself, or \\U and its eight digits"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The first tab in the indentation of the line at `at`.
pub(super) fn indenting_tab(text: &str, at: usize) -> Option<usize> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |line_break| line_break + 1);
    let line = text.get(start..)?;
    let indent = line.get(..line.len() - line.trim_start_matches([' ', '\t']).len())?;
    Some(start + indent.find('\t')?)
}

/// What is probably behind an error at `at`.
pub(super) fn hint(text: &str, at: usize) -> Option<&'static str> {
    let start = text
        .get(..at)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |line_break| line_break + 1);
    let line = text
        .get(start..)
        .and_then(|rest| rest.lines().next())
        .unwrap_or_default();
    if line.contains("{{") && line.contains("}}") {
        return Some("a template stands here that nobody rendered: give this to Helm first");
    }
    if line.trim_start_matches(' ').starts_with('\t') {
        return Some("YAML is indented with blanks, never with tabs");
    }
    let value = line
        .split_once(": ")
        .map_or(line, |(_, value)| value)
        .trim_start();
    if value.starts_with(['@', '`', '%']) {
        return Some("quote the value: it starts with a character that YAML keeps for itself");
    }
    let ends_with = |closing: char| value.trim_end().ends_with(closing);
    match value.chars().next() {
        Some('[') if !ends_with(']') => {
            return Some("quote the whole value: YAML takes `[` at its start for a list");
        }
        Some('{') if !ends_with('}') => {
            return Some("quote the whole value: YAML takes `{` at its start for a map");
        }
        Some(quote @ ('"' | '\'')) if value.matches(quote).count() > 1 && !ends_with(quote) => {
            return Some("put quotes around the whole value: those at its start end too early");
        }
        _ => {}
    }
    (value.contains(": ")).then_some("quote the value: `: ` inside it looks like another key")
}
