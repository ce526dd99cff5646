//! What a command says about itself: stderr, and a transcript where a report may be needed.

use std::io::{IsTerminal, Write as _};

use super::{Failure, Status};
use crate::cli::{Color, SpeechArgs};
use crate::output::Style;

/// Stderr with manners.
#[derive(Debug)]
pub(crate) struct Console {
    color: Color,
    style: Style,
    /// Only what denies or fails.
    pub(super) quiet: bool,
    /// Also what is only counted.
    pub(super) verbose: bool,
    transcript: Option<String>,
}

impl Console {
    pub(super) fn new(speech: &SpeechArgs) -> Self {
        Self {
            color: speech.color,
            style: Style {
                color: is_colored(speech.color, &std::io::stderr()),
            },
            quiet: speech.quiet,
            verbose: speech.verbose,
            transcript: None,
        }
    }

    /// For what is said before the command line is understood.
    pub(super) fn plain() -> Self {
        Self {
            color: Color::Never,
            style: Style::default(),
            quiet: false,
            verbose: false,
            transcript: None,
        }
    }

    /// Keeps what is said from here on.
    pub(super) fn record(&mut self) {
        self.transcript = Some(String::new());
    }

    /// What was said, without colours.
    pub(super) fn recorded(&self) -> &str {
        self.transcript.as_deref().unwrap_or_default()
    }

    /// Says what `draw` draws. That nobody listens is no failure of the command.
    pub(super) fn say(&mut self, draw: impl Fn(Style) -> String) {
        let text = draw(self.style);
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
        if let Some(transcript) = &mut self.transcript {
            let plain = if self.style.color {
                draw(Style::default())
            } else {
                text
            };
            transcript.push_str(&plain);
        }
    }

    /// Says `draw`, unless only errors are wanted.
    pub(super) fn remark(&mut self, draw: impl Fn(Style) -> String) {
        if !self.quiet {
            self.say(draw);
        }
    }

    /// Says why there is no answer.
    pub(super) fn fail(&mut self, failure: &Failure) -> Status {
        self.say(|style| failure.draw(style));
        Status::Unanswered
    }

    /// How an answer for people on stdout is drawn.
    pub(super) fn answer_style(&self) -> Style {
        let color = is_colored(self.color, &std::io::stdout());
        Style { color }
    }
}

fn is_colored(color: Color, stream: &impl IsTerminal) -> bool {
    match color {
        Color::Auto => stream.is_terminal() && allows_color(),
        Color::Always => true,
        Color::Never => false,
    }
}

/// <https://no-color.org>: set and not empty.
fn allows_color() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !is_set("NO_COLOR") && !is_dumb
}
