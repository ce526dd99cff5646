//! Typed files: values of the one reader as Rust types, with a span for whatever is wrong.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::manifest::Tree;
use crate::pointer::{Pointer, Token};
use crate::source::{Diagnostic, Source, Span};

/// Reads a value into its type, which denies unknown fields. `schema` is the JSON schema of the type; it is
/// asked only where something is wrong: it knows the names of the fields.
pub fn typed<T: DeserializeOwned>(
    source: &Source,
    tree: &Tree,
    schema: impl FnOnce() -> Value,
) -> Result<T, Vec<Diagnostic>> {
    let error = match serde_path_to_error::deserialize(&tree.value) {
        Ok(typed) => return Ok(typed),
        Err(error) => error,
    };
    let schema = schema();
    let mut wrong = Vec::new();
    unknown_fields(
        &schema,
        &schema,
        &tree.value,
        &mut Pointer::root(),
        &mut |pointer, known| {
            wrong.push(unknown_field(source, tree, pointer, known));
        },
    );
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let pointer = pointer_of(error.path());
    let mut wrong = Diagnostic::new(
        "wrong-type",
        source,
        span_of(tree, &pointer),
        error.inner().to_string(),
    );
    if is_expression(&pointer) {
        wrong = wrong.help("quote the expression: YAML took it for something else than a text");
    }
    Err(vec![wrong])
}

/// Fields that hold CEL.
fn is_expression(pointer: &Pointer) -> bool {
    const FIELDS: [&str; 4] = ["where", "assert", "expression", "ours"];
    matches!(pointer.0.last(), Some(Token::Key(key)) if FIELDS.contains(&key.as_str()))
}

fn pointer_of(path: &serde_path_to_error::Path) -> Pointer {
    use serde_path_to_error::Segment;
    let tokens = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(Token::Index(*index)),
        Segment::Map { key } => Some(Token::Key(key.clone())),
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

fn unknown_field(source: &Source, tree: &Tree, pointer: &Pointer, known: &[&str]) -> Diagnostic {
    let name = match pointer.0.last() {
        Some(Token::Key(key)) => key.as_str(),
        _ => "",
    };
    let span = tree.key_span(pointer).unwrap_or_else(|| span_of(tree, pointer));
    let nearest = known.iter().max_by(|a, b| {
        let likeness = |other: &str| strsim::jaro_winkler(name, other);
        likeness(a).total_cmp(&likeness(b))
    });
    let help = match nearest {
        Some(nearest) if strsim::jaro_winkler(name, nearest) > 0.75 => format!("did you mean `{nearest}`?"),
        _ => format!("known here: {}", known.join(", ")),
    };
    Diagnostic::new(
        "unknown-field",
        source,
        span,
        format!("there is no field `{name}` here"),
    )
    .help(help)
}

/// Walks a value along its schema and tells every field that the schema does not have, with those it has.
fn unknown_fields(
    root: &Value,
    schema: &Value,
    value: &Value,
    at: &mut Pointer,
    tell: &mut dyn FnMut(&Pointer, &[&str]),
) {
    let schema = resolve(root, schema);
    match value {
        Value::Object(map) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let others = schema.get("additionalProperties");
            for (key, value) in map {
                at.push(Token::Key(key.clone()));
                match (properties.and_then(|all| all.get(key)), others) {
                    (Some(inner), _) => unknown_fields(root, inner, value, at, tell),
                    (None, Some(Value::Bool(false))) => {
                        let known: Vec<&str> = properties
                            .into_iter()
                            .flat_map(|all| all.keys().map(String::as_str))
                            .collect();
                        tell(at, &known);
                    }
                    (None, Some(inner)) => unknown_fields(root, inner, value, at, tell),
                    (None, None) => {}
                }
                at.0.pop();
            }
        }
        Value::Array(items) => {
            let inner = schema.get("items").unwrap_or(&Value::Null);
            for (index, item) in items.iter().enumerate() {
                at.push(Token::Index(index));
                unknown_fields(root, inner, item, at, tell);
                at.0.pop();
            }
        }
        _ => {}
    }
}

/// The schema behind `$ref`, and of an optional one the schema that is not null.
fn resolve<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let reference = schema.get("$ref").and_then(Value::as_str);
    if let Some(target) = reference.and_then(|path| root.pointer(path.strip_prefix('#')?)) {
        return resolve(root, target);
    }
    let choices = schema.get("anyOf").and_then(Value::as_array);
    let is_null = |choice: &&Value| choice.get("type") == Some(&Value::from("null"));
    match choices.and_then(|all| all.iter().find(|choice| !is_null(choice))) {
        Some(choice) => resolve(root, choice),
        None => schema,
    }
}
