//! A [`Diagnostic`] as rustc would draw it: the file, the line, a caret, what to do.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Snippet};

use super::style::{Style, WIDTH};
use crate::source::{Diagnostic, Source, Span};

/// How much of a line is kept on each side of the place that matters.
const AROUND: usize = WIDTH;

/// Lines up to this length are drawn by the library, which cuts them to the width itself.
const LONGEST: usize = 2000;

/// How bad what is drawn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// The answer is no, or there is none.
    Error,
    /// Said, and let through.
    Warning,
    /// Only counted, and shown where asked for.
    Audit,
}

/// What is drawn: a title, a place, what to do.
#[derive(Clone, Copy, Debug)]
pub struct Drawing<'d> {
    /// How bad.
    pub grade: Grade,
    /// In brackets behind the grade: a code, or policy/rule.
    pub id: &'d str,
    /// One sentence.
    pub message: &'d str,
    /// Where; without the text of the line where `hidden`.
    pub place: Option<(&'d Source, Span)>,
    /// The line holds a value that may not be shown.
    pub hidden: bool,
    /// Under the caret.
    pub label: &'d str,
    /// Lines below, each with its own `= note:`.
    pub notes: &'d [String],
    /// What to do.
    pub help: Option<&'d str>,
}

/// Several diagnostics as errors, one below the other.
pub fn errors<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>, style: Style) -> String {
    let drawn: Vec<String> = diagnostics
        .into_iter()
        .map(|diagnostic| error(diagnostic, style))
        .collect();
    drawn.join("\n")
}

/// One diagnostic as an error, with its last newline.
pub fn error(diagnostic: &Diagnostic, style: Style) -> String {
    let drawing = Drawing {
        grade: Grade::Error,
        id: diagnostic.code,
        message: &diagnostic.message,
        place: Some((&diagnostic.source, diagnostic.span)),
        hidden: false,
        label: &diagnostic.label,
        notes: &[],
        help: diagnostic.help.as_deref(),
    };
    draw(&drawing, style)
}

/// Draws, with the last newline.
pub fn draw(drawing: &Drawing<'_>, style: Style) -> String {
    let level = match drawing.grade {
        Grade::Error => Level::ERROR,
        Grade::Warning => Level::WARNING,
        Grade::Audit => Level::NOTE.with_name("audit"),
    };
    let mut group = Group::with_title(level.primary_title(drawing.message).id(drawing.id));
    if let Some((source, span)) = drawing.place {
        group = with_place(group, drawing, source, span);
    }
    group = group.elements(
        drawing
            .notes
            .iter()
            .map(|note| Level::NOTE.message(note.as_str())),
    );
    group = group.elements(drawing.help.map(|help| Level::HELP.message(help)));
    let mut text = style.renderer().render(&[group]);
    text.push('\n');
    text
}

fn with_place<'d>(group: Group<'d>, drawing: &Drawing<'d>, source: &'d Source, span: Span) -> Group<'d> {
    let at = source.line_column(span.start);
    let origin = Origin::path(source.name()).line(at.line).char_column(at.column);
    let excerpt = Excerpt::of(source, span);
    if drawing.hidden || excerpt.text.trim().is_empty() {
        let words = label(drawing).map(|label| Level::NOTE.message(label));
        return group.element(origin).elements(words);
    }
    let caret = AnnotationKind::Primary.span(excerpt.caret).label(label(drawing));
    let snippet = Snippet::source(excerpt.text)
        .line_start(at.line)
        .annotation(caret);
    if excerpt.cut {
        // The snippet's own column would count from the cut.
        return group.element(origin).element(snippet);
    }
    group.element(snippet.path(source.name()))
}

fn label<'d>(drawing: &Drawing<'d>) -> Option<&'d str> {
    Some(drawing.label).filter(|label| !label.is_empty())
}

/// The line of a place, or the part of a very long line around it.
#[derive(Debug, PartialEq, Eq)]
struct Excerpt {
    text: String,
    cut: bool,
    caret: Range<usize>,
}

impl Excerpt {
    /// Only the first line of `span`: what stands below it does not help, and may be long.
    fn of(source: &Source, span: Span) -> Self {
        let text = source.text();
        let at = floor(text, span.start);
        let start = text
            .get(..at)
            .and_then(|before| before.rfind('\n'))
            .map_or(0, |nl| nl + 1);
        let rest = text.get(at..).unwrap_or_default();
        let end = at + rest.find('\n').unwrap_or(rest.len());
        let line = text.get(start..end).unwrap_or_default();
        let line = line.strip_suffix('\r').unwrap_or(line);
        let caret = (at - start).min(line.len());
        let caret_end = floor(line, span.end.saturating_sub(start)).clamp(caret, line.len());
        Self::cut(line, caret..caret_end)
    }

    /// Keeps what is near the caret; `…` stands for what is left out.
    fn cut(line: &str, caret: Range<usize>) -> Self {
        if line.len() <= LONGEST {
            let text = line.to_owned();
            return Self {
                text,
                cut: false,
                caret,
            };
        }
        let from = floor(line, caret.start.saturating_sub(AROUND));
        let shown = caret.end.min(caret.start + AROUND);
        let to = floor(line, (shown + AROUND).min(line.len()));
        let head = if from > 0 { "…" } else { "" };
        let tail = if to < line.len() { "…" } else { "" };
        let moved = |at: usize| at - from + head.len();
        Self {
            cut: true,
            caret: moved(caret.start)..moved(floor(line, shown).max(caret.start)),
            text: format!("{head}{}{tail}", line.get(from..to).unwrap_or_default()),
        }
    }
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic(text: &str, span: Range<usize>) -> Diagnostic {
        Diagnostic::new(
            "unknown-field",
            &Source::new("policies/x.yaml", text),
            span.into(),
            "unknown field `wher`",
        )
        .label("no such field")
        .help("did you mean `where`?")
    }

    #[test]
    fn the_line_a_caret_and_what_to_do() {
        let text = "rules:\n  - name: a\n    wher: x\n";
        insta::assert_snapshot!(error(&diagnostic(text, 23..27), Style::default()), @r#"
error[unknown-field]: unknown field `wher`
 --> policies/x.yaml:3:5
  |
3 |     wher: x
  |     ^^^^ no such field
  |
  = help: did you mean `where`?
"#);
    }

    #[test]
    fn carriage_returns_and_wide_characters_do_not_move_the_caret() {
        let text = "a: ä\r\nb: 😀 wher\r\n";
        let at = text.find("wher").unwrap();
        insta::assert_snapshot!(error(&diagnostic(text, at..at + 4), Style::default()), @r#"
error[unknown-field]: unknown field `wher`
 --> policies/x.yaml:2:6
  |
2 | b: 😀 wher
  |       ^^^^ no such field
  |
  = help: did you mean `where`?
"#);
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_place_and_keeps_its_column() {
        let text = format!("{}wher{}", "a".repeat(5000), "b".repeat(5000));
        let drawn = error(&diagnostic(&text, 5000..5004), Style::default());
        assert!(drawn.contains("policies/x.yaml:1:5001"), "{drawn}");
        assert!(drawn.contains("wher"), "{drawn}");
        assert!(drawn.lines().all(|line| line.chars().count() < 200), "{drawn}");
    }

    #[test]
    fn odd_spans_are_drawn_too() {
        let text = "a: 1\nb:\n  c: ä\n";
        for start in 0..=text.len() + 2 {
            for end in start..=text.len() + 2 {
                let drawn = error(&diagnostic(text, start..end), Style::default());
                assert!(
                    drawn.starts_with("error[unknown-field]: unknown field `wher`\n"),
                    "{drawn}"
                );
            }
        }
        assert!(error(&diagnostic("", 0..0), Style::default()).contains("policies/x.yaml:1:1"));
    }

    #[test]
    fn a_hidden_line_is_not_shown() {
        let source = Source::new("<stdin>", "password: hunter2\n");
        let drawing = Drawing {
            grade: Grade::Error,
            id: "inline-secrets/variable",
            message: "a password stands in the manifest",
            place: Some((&source, Span::new(0, 8))),
            hidden: true,
            label: "Deployment immich-server",
            notes: &["from templates/server.yaml".to_owned()],
            help: None,
        };
        let drawn = draw(&drawing, Style::default());
        assert!(!drawn.contains("hunter2"));
        insta::assert_snapshot!(drawn, @r#"
error[inline-secrets/variable]: a password stands in the manifest
--> <stdin>:1:1
 = note: Deployment immich-server
 = note: from templates/server.yaml
"#);
    }
}
