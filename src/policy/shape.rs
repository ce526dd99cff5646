//! Whether a value has the shape that a JSON schema says: fields, types and choices.

use crate::json::Value;
use crate::pointer::{Pointer, Token};

/// What is wrong with a value.
pub(super) enum Problem<'s> {
    /// A field that the schema does not have; those it has.
    UnknownField(Vec<&'s str>),
    /// A field that must be there.
    Missing(&'s str),
    /// It is none of these.
    Choice(Vec<&'s str>, &'s Value),
    /// It must be this, in words.
    Type(String, &'s Value),
}

type Tell<'t, 's> = &'t mut dyn FnMut(&Pointer, Problem<'s>);

/// Tells everything that is not as the schema says.
pub(super) fn check<'s>(schema: &'s Value, value: &'s Value, tell: Tell<'_, 's>) {
    visit(schema, schema, value, &mut Pointer::root(), tell);
}

/// Fields that hold CEL.
pub(super) fn is_expression(pointer: &Pointer) -> bool {
    const FIELDS: [&str; 4] = ["where", "assert", "expression", "ours"];
    matches!(pointer.0.last(), Some(Token::Key(key)) if FIELDS.contains(&key.as_str()))
}

fn visit<'s>(root: &'s Value, schema: &'s Value, value: &'s Value, at: &mut Pointer, tell: Tell<'_, 's>) {
    let is_optional = is_optional(schema);
    let schema = resolve(root, schema);
    if value.is_null() && is_optional {
        return;
    }
    if let Some(choices) = choices(schema) {
        if !value.as_str().is_some_and(|text| choices.contains(&text)) {
            tell(at, Problem::Choice(choices, value));
        }
        return;
    }
    let types = types(schema);
    if !types.is_empty() && !types.iter().any(|name| holds(name, value)) {
        let words = types.first().map_or("", |name| words(name)).to_owned();
        tell(at, Problem::Type(words, value));
        return;
    }
    match value {
        Value::Object(map) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let others = schema.get("additionalProperties");
            for (key, value) in map {
                at.push(Token::Key(key.as_str().into()));
                match (properties.and_then(|all| all.get(key)), others) {
                    (Some(inner), _) => visit(root, inner, value, at, tell),
                    (None, Some(Value::Bool(false))) => {
                        let known = properties
                            .into_iter()
                            .flat_map(|all| all.keys().map(|key| key.as_str()));
                        tell(at, Problem::UnknownField(known.collect()));
                    }
                    (None, Some(inner)) => visit(root, inner, value, at, tell),
                    (None, None) => {}
                }
                at.0.pop();
            }
            let required = schema.get("required").and_then(Value::as_array);
            for name in required.into_iter().flatten().filter_map(Value::as_str) {
                if !map.contains_key(name) {
                    tell(at, Problem::Missing(name));
                }
            }
        }
        Value::Array(items) => {
            let inner = schema.get("items").unwrap_or(&Value::Null);
            for (index, item) in items.iter().enumerate() {
                at.push(Token::Index(index));
                visit(root, inner, item, at, tell);
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
    match choices.and_then(|all| all.iter().find(|choice| !is_null(choice))) {
        Some(choice) => resolve(root, choice),
        None => schema,
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}

fn is_optional(schema: &Value) -> bool {
    let any = schema.get("anyOf").and_then(Value::as_array);
    any.is_some_and(|all| all.iter().any(is_null)) || types(schema).contains(&"null")
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The only texts, where the schema names them: as `enum`, or one by one with a description each.
fn choices(schema: &Value) -> Option<Vec<&str>> {
    let plain = schema.get("enum").and_then(Value::as_array);
    let described = schema.get("oneOf").and_then(Value::as_array);
    match (plain, described) {
        (Some(all), _) => all.iter().map(Value::as_str).collect(),
        (None, Some(all)) => all
            .iter()
            .map(|one| one.get("const").and_then(Value::as_str))
            .collect(),
        (None, None) => None,
    }
}

fn holds(name: &str, value: &Value) -> bool {
    match name {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => true,
    }
}

/// A type of JSON Schema in a sentence.
pub(super) fn words(name: &str) -> &str {
    match name {
        "string" => "a string",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "array" => "a list",
        "object" => "a map",
        other => other,
    }
}

/// A value in a sentence.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "empty".into(),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "a map".into(),
        scalar => scalar.to_string(),
    }
}

/// `a, b or c`.
pub(super) fn one_of(choices: &[impl AsRef<str>]) -> String {
    match choices {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} or {}", first.join(", "), last.as_ref())
        }
    }
}
