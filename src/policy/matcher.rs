//! `match` as written becomes a [`Matcher`]; `$(params.x)` is put in first.

use super::spec::MatchSpec;
use super::{Matcher, template};
use crate::cel::{CompileError, Environment};
use crate::json::Value;
use crate::kube::GroupKind;

/// Which field is wrong, and how.
pub(super) type MatchError = (&'static str, String);

/// A matcher without expressions.
pub(super) fn plain(spec: &MatchSpec) -> Result<Matcher, MatchError> {
    compile(spec, &mut |text| {
        Err(format!("$({text}) cannot stand here: there are no params"))
    })
}

/// A matcher whose expressions see the params only.
pub(super) fn with_params(
    spec: &MatchSpec,
    environment: &Environment,
    params: &Value,
) -> Result<Matcher, MatchError> {
    compile(spec, &mut |text| {
        let program = environment
            .compile(text, &["params"])
            .map_err(|error: CompileError| error.to_string())?;
        program
            .fold(params)
            .ok_or_else(|| format!("$({text}) has no value with these params"))
    })
}

type Evaluate<'e> = &'e mut dyn FnMut(&str) -> Result<Value, String>;

fn compile(spec: &MatchSpec, evaluate: Evaluate<'_>) -> Result<Matcher, MatchError> {
    let kinds = texts("kinds", spec.kinds.as_ref(), evaluate)?;
    Ok(Matcher {
        components: texts("components", spec.components.as_ref(), evaluate)?,
        kinds: kinds.map(|kinds| kinds.iter().map(|kind| GroupKind::parse(kind)).collect()),
        names: texts("names", spec.names.as_ref(), evaluate)?,
        namespaces: texts("namespaces", spec.namespaces.as_ref(), evaluate)?,
        labels: spec.labels.clone(),
        namespace_selector: spec.namespace_selector.clone(),
        operations: spec.operations.clone(),
    })
}

/// A list of texts, any of which, or all together, may be computed.
fn texts(
    field: &'static str,
    value: Option<&Value>,
    evaluate: Evaluate<'_>,
) -> Result<Option<Vec<String>>, MatchError> {
    let Some(value) = value else { return Ok(None) };
    let value = substitute(value, evaluate).map_err(|message| (field, message))?;
    let items = match value {
        Value::Array(items) => items,
        one => vec![one].into(),
    };
    let mut all = Vec::new();
    for item in items {
        match item {
            Value::String(text) => all.push(text.into_string()),
            // A list that stands in a list is as good as its items.
            Value::Array(inner) => all.extend(inner.iter().filter_map(Value::as_str).map(str::to_owned)),
            _ => return Err((field, format!("`{field}` must be a list of strings"))),
        }
    }
    Ok(Some(all))
}

fn substitute(value: &Value, evaluate: Evaluate<'_>) -> Result<Value, String> {
    match value {
        Value::String(text) if template::has_expression(text) => {
            match text.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')')) {
                Some(expression) => evaluate(expression),
                None => Err(format!("`{text}`: only a whole $(…) can stand in match")),
            }
        }
        Value::Array(items) => items.iter().map(|item| substitute(item, evaluate)).collect(),
        other => Ok(other.clone()),
    }
}
