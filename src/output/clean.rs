//! Text of a stranger on a terminal: names and messages may hold anything that YAML can spell.

use std::borrow::Cow;

/// `text` on one line: control characters (an escape sequence, a line break) are spelled out, so that no
/// input can move the cursor or forge a line of a report.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.trim_end_matches('\n').chars() {
        match c {
            '\n' => out.push(' '),
            c if is_unsafe(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Control characters, and the marks that turn the direction of text around.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn nothing_can_forge_a_line() {
        let cases = [
            ("plain ä 😀", "plain ä 😀"),
            ("two\nlines\n", "two lines"),
            ("red \u{1b}[31m", "red \\u{1b}[31m"),
            ("tab\there", "tab\\u{9}here"),
            ("turned \u{202E}around", "turned \\u{202e}around"),
        ];
        for (text, expected) in cases {
            assert_eq!(clean(text), expected);
        }
    }
}
