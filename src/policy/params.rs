//! Params: a JSON schema in the policy, values from the configuration and the command line.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cel::compile_pattern;

/// The part of JSON Schema that params use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ParamSchema {
    /// What a value must be.
    #[serde(default, rename = "type")]
    pub kind: Option<ParamType>,
    /// What it means, for people.
    #[serde(default)]
    pub description: String,
    /// The value where none is given.
    #[serde(default)]
    pub default: Option<Value>,
    /// The only values.
    #[serde(default, rename = "enum")]
    pub choices: Option<Vec<Value>>,
    /// What a text must match.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Least number.
    #[serde(default)]
    pub minimum: Option<f64>,
    /// Greatest number.
    #[serde(default)]
    pub maximum: Option<f64>,
    /// What each item of a list must be.
    #[serde(default)]
    pub items: Option<Box<ParamSchema>>,
    /// Fewest items.
    #[serde(default)]
    pub min_items: Option<usize>,
    /// Fields of a map.
    #[serde(default)]
    pub properties: BTreeMap<String, ParamSchema>,
    /// What every other field of a map must be; without it there is none where `properties` are given.
    #[serde(default)]
    pub additional_properties: Option<Box<ParamSchema>>,
    /// Fields that must be there.
    #[serde(default)]
    pub required: Vec<String>,
}

/// A type of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ParamType {
    String,
    Integer,
    Number,
    Boolean,
    Array,
    Object,
}

/// A value that is not as its schema says: where below the params, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    pub path: Vec<String>,
    pub message: String,
}

impl ParamSchema {
    /// The params: given ones over defaults.
    pub fn fill(&self, given: &Map<String, Value>) -> Map<String, Value> {
        let defaults = self
            .properties
            .iter()
            .filter_map(|(name, schema)| Some((name.clone(), schema.default.clone()?)));
        let mut all: Map<String, Value> = defaults.collect();
        all.extend(
            given
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        all
    }

    /// Required params that nobody gave.
    pub fn missing(&self, params: &Map<String, Value>) -> Vec<&str> {
        self.required
            .iter()
            .map(String::as_str)
            .filter(|name| !params.contains_key(*name))
            .collect()
    }

    /// Checks a value; required fields at the root are no misfit, they make a policy inactive.
    pub fn check(&self, value: &Value) -> Result<(), Misfit> {
        self.check_at(value, &mut Vec::new())
    }

    fn check_at(&self, value: &Value, path: &mut Vec<String>) -> Result<(), Misfit> {
        let wrong = |path: &[String], message: String| {
            Err(Misfit {
                path: path.to_vec(),
                message,
            })
        };
        if let Some(kind) = self.kind
            && !kind.holds(value)
        {
            return wrong(path, format!("must be {}, but is {}", kind.words(), shown(value)));
        }
        if let Some(choices) = &self.choices
            && !choices.contains(value)
        {
            let all: Vec<String> = choices.iter().map(ToString::to_string).collect();
            return wrong(
                path,
                format!("must be one of {}, but is {}", all.join(", "), shown(value)),
            );
        }
        if let (Some(pattern), Some(text)) = (&self.pattern, value.as_str())
            && !compile_pattern(pattern).is_some_and(|regex| regex.is_match(text))
        {
            return wrong(path, format!("must match {pattern}, but is {}", shown(value)));
        }
        if let Some(number) = value.as_f64() {
            if self.minimum.is_some_and(|least| number < least) {
                return wrong(
                    path,
                    format!("must be at least {}", self.minimum.unwrap_or_default()),
                );
            }
            if self.maximum.is_some_and(|most| number > most) {
                return wrong(
                    path,
                    format!("must be at most {}", self.maximum.unwrap_or_default()),
                );
            }
        }
        match value {
            Value::Array(items) => self.check_items(items, path),
            Value::Object(map) => self.check_fields(map, path),
            _ => Ok(()),
        }
    }

    fn check_items(&self, items: &[Value], path: &mut Vec<String>) -> Result<(), Misfit> {
        if self.min_items.is_some_and(|least| items.len() < least) {
            let message = format!("must have at least {} items", self.min_items.unwrap_or_default());
            return Err(Misfit {
                path: path.clone(),
                message,
            });
        }
        let Some(schema) = &self.items else { return Ok(()) };
        for (index, item) in items.iter().enumerate() {
            path.push(index.to_string());
            schema.check_at(item, path)?;
            path.pop();
        }
        Ok(())
    }

    fn check_fields(&self, map: &Map<String, Value>, path: &mut Vec<String>) -> Result<(), Misfit> {
        for (name, value) in map {
            path.push(name.clone());
            match (self.properties.get(name), &self.additional_properties) {
                (Some(schema), _) => schema.check_at(value, path)?,
                (None, Some(schema)) => schema.check_at(value, path)?,
                (None, None) if self.properties.is_empty() && path.len() > 1 => {}
                (None, None) => {
                    let known: Vec<&str> = self.properties.keys().map(String::as_str).collect();
                    let message = match known.as_slice() {
                        [] => "there are no params".to_owned(),
                        known => format!("there is no such param; known are {}", known.join(", ")),
                    };
                    return Err(Misfit {
                        path: path.clone(),
                        message,
                    });
                }
            }
            path.pop();
        }
        if path.is_empty() {
            return Ok(());
        }
        match self.required.iter().find(|name| !map.contains_key(*name)) {
            Some(name) => Err(Misfit {
                path: path.clone(),
                message: format!("needs the field {name}"),
            }),
            None => Ok(()),
        }
    }

    /// A value of the command line, by the type that the schema says; without one it is YAML.
    pub fn read(&self, name: &str, text: &str) -> Value {
        let kind = self.properties.get(name).and_then(|schema| schema.kind);
        match kind {
            Some(ParamType::String) => Value::from(text),
            Some(ParamType::Boolean | ParamType::Integer | ParamType::Number) => {
                serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
            }
            _ => yaml(text).unwrap_or_else(|| Value::from(text)),
        }
    }
}

fn yaml(text: &str) -> Option<Value> {
    let source = crate::source::Source::new("--param", text);
    match crate::manifest::split(&source).as_slice() {
        [document] => crate::manifest::read(&source, document)
            .ok()
            .map(|tree| tree.value),
        _ => None,
    }
}

impl ParamType {
    fn holds(self, value: &Value) -> bool {
        match self {
            ParamType::String => value.is_string(),
            ParamType::Integer => value.is_i64() || value.is_u64(),
            ParamType::Number => value.is_number(),
            ParamType::Boolean => value.is_boolean(),
            ParamType::Array => value.is_array(),
            ParamType::Object => value.is_object(),
        }
    }

    fn words(self) -> &'static str {
        match self {
            ParamType::String => "a text",
            ParamType::Integer => "a whole number",
            ParamType::Number => "a number",
            ParamType::Boolean => "true or false",
            ParamType::Array => "a list",
            ParamType::Object => "a map",
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "a map".into(),
        scalar => scalar.to_string(),
    }
}
