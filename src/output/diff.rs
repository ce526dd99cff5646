//! What changes in a text, as a unified diff.

use similar::{ChangeTag, TextDiff};

use super::clean;
use super::style::{Style, Tone};

/// Lines around a change.
const CONTEXT: usize = 3;

/// The unified diff of a text; empty where nothing differs.
pub fn unified(name: &str, old: &str, new: &str, style: Style) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut text = String::new();
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        if text.is_empty() {
            let name = clean(name);
            text += &style.paint(Tone::Strong, &format!("--- {name}\n+++ {name}\n"));
        }
        text += &style.paint(Tone::Note, &format!("{}\n", hunk.header()));
        for change in hunk.iter_changes() {
            let (sign, tone) = match change.tag() {
                ChangeTag::Delete => ("-", Some(Tone::Error)),
                ChangeTag::Insert => ("+", Some(Tone::Good)),
                ChangeTag::Equal => (" ", None),
            };
            let line = change.value().trim_end_matches(['\n', '\r']);
            let line = format!("{sign}{}", clean(line));
            text += &tone.map_or(line.clone(), |tone| style.paint(tone, &line));
            text.push('\n');
            if change.missing_newline() {
                text += "\\ No newline at end of file\n";
            }
        }
    }
    text
}
