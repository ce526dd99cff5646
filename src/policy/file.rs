//! Typed files: values of the one reader as Rust types, with a span for whatever is wrong.

use serde::de::DeserializeOwned;

use super::shape::{self, Problem};
use crate::json::Value;
use crate::manifest::Tree;
use crate::pointer::{Pointer, Token};
use crate::source::{Diagnostic, Source, Span};

/// Reads a value into its type, which denies unknown fields. `schema` is the JSON schema of the type; it is
/// asked only where something is wrong: it knows the fields and what they hold.
pub fn typed<T: DeserializeOwned>(
    source: &Source,
    tree: &Tree,
    schema: impl FnOnce() -> Value,
) -> Result<T, Vec<Diagnostic>> {
    let error = match serde_path_to_error::deserialize(&tree.value) {
        Ok(typed) => return Ok(typed),
        Err(error) => error,
    };
    let mut wrong = misshapen(source, tree, &schema());
    if wrong.is_empty() {
        let place = span_of(tree, &pointer_of(error.path()));
        wrong.push(Diagnostic::new(
            "wrong-type",
            source,
            place,
            error.inner().to_string(),
        ));
    }
    Err(wrong)
}

/// Everything that is not as the JSON schema says.
pub(super) fn misshapen(source: &Source, tree: &Tree, schema: &Value) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    shape::check(schema, &tree.value, &mut |pointer, problem| {
        wrong.push(diagnostic(source, tree, pointer, &problem));
    });
    wrong
}

fn pointer_of(path: &serde_path_to_error::Path) -> Pointer {
    use serde_path_to_error::Segment;
    let tokens = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(Token::Index(*index)),
        Segment::Map { key } => Some(Token::Key(key.as_str().into())),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    Pointer(tokens.collect())
}

/// The span of the value at `pointer`, or of the nearest thing around it that is there.
pub fn span_of(tree: &Tree, pointer: &Pointer) -> Span {
    let mut pointer = pointer.clone();
    loop {
        let value = tree.span(&pointer).filter(|span| span.start < span.end);
        if let Some(span) = value.or_else(|| tree.key_span(&pointer)) {
            return span;
        }
        if pointer.0.pop().is_none() {
            return Span::default();
        }
    }
}

/// The span of the key at `pointer`, else of what is there.
pub(super) fn key_of(tree: &Tree, pointer: &Pointer) -> Span {
    tree.key_span(pointer).unwrap_or_else(|| span_of(tree, pointer))
}

/// The known name that is most like `name`, if any is like it.
pub(super) fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let score = |other: &str| strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase());
    let best = known
        .iter()
        .copied()
        .max_by(|a, b| score(a).total_cmp(&score(b)))?;
    (score(best) > 0.75).then_some(best)
}

/// What to write instead of a name that is not known.
pub(super) fn instead(name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", known.join(", ")),
    }
}

fn diagnostic(source: &Source, tree: &Tree, pointer: &Pointer, problem: &Problem<'_>) -> Diagnostic {
    let subject = subject(pointer);
    match problem {
        Problem::UnknownField(known) => {
            let name = match pointer.0.last() {
                Some(Token::Key(key)) => key.as_str(),
                _ => "",
            };
            let message = format!("there is no field `{name}` here");
            Diagnostic::new("unknown-field", source, key_of(tree, pointer), message)
                .help(instead(name, known))
        }
        Problem::Missing(name) => {
            let message = match pointer.0.last() {
                Some(Token::Key(key)) => format!("`{key}` needs the field `{name}`"),
                Some(Token::Index(_)) => format!("the field `{name}` is missing in this item"),
                None => format!("the field `{name}` is missing at the top of this document"),
            };
            Diagnostic::new("missing-field", source, key_of(tree, pointer), message)
        }
        Problem::Choice(choices, found) => {
            let message = format!(
                "{subject} must be {}, but is {}",
                shape::one_of(choices),
                shape::shown(found)
            );
            let near = nearest(found.as_str().unwrap_or_default(), choices);
            let wrong = Diagnostic::new("wrong-type", source, span_of(tree, pointer), message);
            match near {
                Some(near) => wrong.help(format!("did you mean `{near}`?")),
                None => wrong,
            }
        }
        Problem::Type(words, found) => {
            let span = span_of(tree, pointer);
            let message = format!("{subject} must be {words}, but is {}", shape::shown(found));
            let wrong = Diagnostic::new("wrong-type", source, span, message);
            match instead_of_type(words, found, pointer, source.slice(span)) {
                Some(help) => wrong.help(help),
                None => wrong,
            }
        }
    }
}

fn subject(pointer: &Pointer) -> String {
    match pointer.0.as_slice() {
        [.., Token::Key(key)] => format!("`{key}`"),
        [.., Token::Key(key), Token::Index(_)] => format!("an item of `{key}`"),
        [.., Token::Index(_)] => "this item".into(),
        [] => "this document".into(),
    }
}

fn instead_of_type(words: &str, found: &Value, pointer: &Pointer, text: &str) -> Option<String> {
    if shape::is_expression(pointer) {
        return Some("quote the expression, so that YAML takes it for a text".into());
    }
    match (words, found) {
        ("a string", Value::Bool(_) | Value::Number(_)) => Some(format!("quote it: \"{text}\"")),
        ("a list", Value::String(_) | Value::Number(_)) => Some(format!("write it as a list: [{text}]")),
        _ => None,
    }
}
