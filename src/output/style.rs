//! Whether and how text is coloured.

use annotate_snippets::Renderer;
use annotate_snippets::renderer::{AnsiColor, Effects};

/// How text for people is drawn; the default is plain, as a file or a log wants it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
}

/// What a word says, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// The answer is no.
    Error,
    /// Something to look at.
    Warning,
    /// Good to know.
    Note,
    /// It went well.
    Good,
    /// The one word that matters in a line.
    Strong,
    /// Everything that can be skipped.
    Faint,
}

/// Source lines wider than this are cut around the place that matters.
pub(super) const WIDTH: usize = 140;

impl Style {
    /// `text` in the colour of `tone`.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        let style = match tone {
            Tone::Error => AnsiColor::BrightRed.on_default().effects(Effects::BOLD),
            Tone::Warning => AnsiColor::Yellow.on_default().effects(Effects::BOLD),
            Tone::Note => AnsiColor::BrightCyan.on_default().effects(Effects::BOLD),
            Tone::Good => AnsiColor::BrightGreen.on_default().effects(Effects::BOLD),
            Tone::Strong => annotate_snippets::renderer::Style::new().effects(Effects::BOLD),
            Tone::Faint => annotate_snippets::renderer::Style::new().effects(Effects::DIMMED),
        };
        format!("{style}{text}{style:#}")
    }

    /// Draws source lines with carets in this style.
    pub(super) fn renderer(self) -> Renderer {
        let renderer = if self.color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.term_width(WIDTH)
    }
}
