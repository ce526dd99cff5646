//! Values of a policy with `$(…)` in them.

use super::{Part, Template};
use crate::cel::{CompileError, Fault, Program};
use crate::json::{Map, Value};
use crate::pointer::Pointer;
use crate::schema::Patch;

/// Compiles an expression that stands in a template.
pub(super) type Compile<'c> = &'c mut dyn FnMut(&str) -> Result<Program, CompileError>;

/// What is wrong with a template, and where below its root.
#[derive(Clone, Debug)]
pub(super) struct TemplateError {
    pub at: Pointer,
    /// Whether it stands in the key at `at`, not in its value.
    pub in_key: bool,
    /// The whole text of that scalar.
    pub text: String,
    /// Its range is one of that text.
    pub error: CompileError,
}

/// Compiles a value as written.
pub(super) fn compile(value: &Value, with: Compile<'_>) -> Result<Template, TemplateError> {
    compile_at(value, &Pointer::root(), with)
}

fn compile_at(value: &Value, at: &Pointer, with: Compile<'_>) -> Result<Template, TemplateError> {
    Ok(match value {
        Value::Null => Template::Absent,
        Value::String(text) => compile_text(text, at, with)?,
        Value::Object(map) if !map.is_empty() => {
            let mut entries = Vec::with_capacity(map.len());
            for (key, value) in map {
                let below = at.key(key);
                let key = compile_text(key, &below, with).map_err(|error| TemplateError {
                    in_key: true,
                    ..error
                })?;
                entries.push((key, compile_at(value, &below, with)?));
            }
            Template::Map(entries)
        }
        Value::Array(items) if !items.is_empty() => {
            let mut all = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                all.push(compile_at(item, &at.index(index), with)?);
            }
            Template::List(all)
        }
        literal => Template::Literal(literal.clone()),
    })
}

/// A text with `$(…)`; `$$(` is a literal `$(`.
pub(super) fn compile_text(text: &str, at: &Pointer, with: Compile<'_>) -> Result<Template, TemplateError> {
    let wrong = |error: CompileError| TemplateError {
        at: at.clone(),
        in_key: false,
        text: text.to_owned(),
        error,
    };
    let pieces = pieces(text).map_err(wrong)?;
    let mut parts = Vec::with_capacity(pieces.len());
    for piece in pieces {
        parts.push(match piece {
            Piece::Text(text) => Part::Text(text),
            Piece::Expression(start, expression) => {
                Part::Expression(with(expression).map_err(|mut error| {
                    error.range = error.range.start + start..error.range.end + start;
                    wrong(error)
                })?)
            }
        });
    }
    // Alone in the scalar an expression keeps its type.
    Ok(match parts.len() {
        0 => Template::Literal(Value::from("")),
        1 => match parts.pop() {
            Some(Part::Expression(program)) => Template::Expression(program),
            Some(Part::Text(text)) => Template::Literal(text.into()),
            None => Template::Absent,
        },
        _ => Template::Interpolated(parts),
    })
}

/// Whether the text holds an expression.
pub(super) fn has_expression(text: &str) -> bool {
    pieces(text).is_ok_and(|pieces| pieces.iter().any(|piece| matches!(piece, Piece::Expression(..))))
}

#[derive(Debug, PartialEq)]
enum Piece<'t> {
    Text(String),
    /// Where it starts in the text, and what it is.
    Expression(usize, &'t str),
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, CompileError> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("$(") {
        let before = rest.get(..at).unwrap_or_default();
        let behind = rest.get(at + 2..).unwrap_or_default();
        if let Some(before) = before.strip_suffix('$') {
            plain.push_str(before);
            plain.push_str("$(");
            rest = behind;
            continue;
        }
        plain.push_str(before);
        let Some(length) = end_of_expression(behind) else {
            let start = text.len() - rest.len() + at;
            let range = start..start + 2;
            let help = Some("close it, or write $$( for a literal $(".into());
            return Err(CompileError {
                message: "`$(` is not closed".into(),
                range,
                help,
            });
        };
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        let start = text.len() - behind.len();
        pieces.push(Piece::Expression(start, behind.get(..length).unwrap_or_default()));
        rest = behind.get(length + 1..).unwrap_or_default();
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

/// Where the parenthesis that was opened in front of `text` is closed; those in CEL's texts do not count.
fn end_of_expression(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut quote: Option<char> = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => return Some(at),
            (None, ')') => depth -= 1,
            (None, _) => {}
        }
    }
    None
}

/// Evaluates an expression of a template.
type Evaluate<'e> = &'e mut dyn FnMut(&Program) -> Result<Value, Fault>;

impl Template {
    /// The value; an absent one is null.
    pub fn render(&self, evaluate: Evaluate<'_>) -> Result<Value, Fault> {
        Ok(match self {
            Template::Absent => Value::Null,
            Template::Literal(value) => value.clone(),
            Template::Expression(program) => evaluate(program)?,
            Template::Interpolated(parts) => Value::from(interpolate(parts, evaluate)?),
            Template::Map(entries) => {
                let mut map = Map::new();
                for (key, value) in entries {
                    map.insert(key.key(evaluate)?.into(), value.render(evaluate)?);
                }
                Value::Object(map)
            }
            Template::List(items) => items
                .iter()
                .map(|item| item.render(evaluate))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The patch of a strategic merge: null as written is "absent", a computed null is one.
    pub fn patch(&self, evaluate: Evaluate<'_>) -> Result<Patch, Fault> {
        Ok(match self {
            Template::Absent => Patch::Absent,
            Template::Map(entries) => {
                let mut map = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    map.push((key.key(evaluate)?, value.patch(evaluate)?));
                }
                Patch::Map(map)
            }
            Template::List(items) => Patch::List(
                items
                    .iter()
                    .map(|item| item.patch(evaluate))
                    .collect::<Result<_, _>>()?,
            ),
            scalar => Patch::Value(scalar.render(evaluate)?),
        })
    }

    fn key(&self, evaluate: Evaluate<'_>) -> Result<String, Fault> {
        match self.render(evaluate)? {
            Value::String(key) => Ok(key.into_string()),
            Value::Number(key) => Ok(key.to_string()),
            Value::Bool(key) => Ok(key.to_string()),
            _ => Err(Fault::Failed("a computed key must be a text".into())),
        }
    }

    /// Every expression in it.
    pub fn programs(&self) -> Vec<&Program> {
        match self {
            Template::Absent | Template::Literal(_) => Vec::new(),
            Template::Expression(program) => vec![program],
            Template::Interpolated(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    Part::Expression(program) => Some(program),
                    Part::Text(_) => None,
                })
                .collect(),
            Template::Map(entries) => entries
                .iter()
                .flat_map(|(key, value)| key.programs().into_iter().chain(value.programs()))
                .collect(),
            Template::List(items) => items.iter().flat_map(Template::programs).collect(),
        }
    }
}

fn interpolate(parts: &[Part], evaluate: Evaluate<'_>) -> Result<String, Fault> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(piece) => text.push_str(piece),
            Part::Expression(program) => match evaluate(program)? {
                Value::String(piece) => text.push_str(&piece),
                other => text.push_str(&other.to_string()),
            },
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_found_in_texts() {
        let text = |text: &str| Piece::Text(text.into());
        let cases = [
            ("plain", vec![text("plain")]),
            ("", vec![]),
            ("$(a)", vec![Piece::Expression(2, "a")]),
            (
                "x $(a + (b)) y",
                vec![text("x "), Piece::Expression(4, "a + (b)"), text(" y")],
            ),
            ("$(')' + \"(\")", vec![Piece::Expression(2, "')' + \"(\"")]),
            ("$('it\\'s )')", vec![Piece::Expression(2, "'it\\'s )'")]),
            (
                "$$(HOME) $(a)",
                vec![text("$(HOME) "), Piece::Expression(11, "a")],
            ),
            ("$HOME ${X}", vec![text("$HOME ${X}")]),
            (
                "$(a)$(b)",
                vec![Piece::Expression(2, "a"), Piece::Expression(6, "b")],
            ),
        ];
        for (written, expected) in cases {
            assert_eq!(pieces(written), Ok(expected), "{written}");
        }
        assert!(pieces("$(a").is_err());
    }
}
