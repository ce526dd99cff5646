//! Params: a JSON schema in the policy, values from the configuration and the command line.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::file::instead;
use super::shape::{one_of, shown};
use crate::cel::compile_pattern;
use crate::json::{Map, Value};
use crate::pointer::Pointer;

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
    pub path: Pointer,
    pub problem: Problem,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// There is no such param or field; those there are.
    NotKnown(Vec<String>),
    /// What follows its name in a sentence.
    Wrong(String),
    /// The same, of a string that YAML takes for something else.
    Unquoted(String),
}

/// A mistake in a schema: where below it, what, and what to do.
pub(super) type SchemaProblem = (Pointer, String, Option<String>);

impl ParamSchema {
    /// The params: given ones over defaults.
    pub fn fill(&self, given: &Map) -> Map {
        let defaults = self
            .properties
            .iter()
            .filter_map(|(name, schema)| Some((name.clone(), schema.default.clone()?)));
        let mut all: Map = defaults.collect();
        all.extend(
            given
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        all
    }

    /// Required params that nobody gave.
    pub fn missing(&self, params: &Map) -> Vec<&str> {
        self.required
            .iter()
            .map(String::as_str)
            .filter(|name| !params.contains_key(name))
            .collect()
    }

    /// Checks a value; required fields at the root are no misfit, they make a policy inactive.
    pub fn check(&self, value: &Value) -> Vec<Misfit> {
        let mut all = Vec::new();
        self.check_at(value, &Pointer::root(), &mut all);
        all
    }

    fn check_at(&self, value: &Value, at: &Pointer, all: &mut Vec<Misfit>) {
        if let Some(wrong) = self.wrong_scalar(value) {
            let is_unquoted =
                self.kind == Some(ParamType::String) && (value.is_boolean() || value.is_number());
            let problem = if is_unquoted {
                Problem::Unquoted(wrong)
            } else {
                Problem::Wrong(wrong)
            };
            all.push(Misfit {
                path: at.clone(),
                problem,
            });
            return;
        }
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if let Some(schema) = &self.items {
                        schema.check_at(item, &at.index(index), all);
                    }
                }
            }
            Value::Object(map) => self.check_fields(map, at, all),
            _ => {}
        }
    }

    /// What is wrong with the value itself, whatever is in it.
    fn wrong_scalar(&self, value: &Value) -> Option<String> {
        if let Some(kind) = self.kind.filter(|kind| !kind.holds(value)) {
            return Some(format!("must be {}, but is {}", kind.words(), shown(value)));
        }
        if let Some(choices) = self.choices.as_ref().filter(|choices| !choices.contains(value)) {
            let all: Vec<String> = choices.iter().map(ToString::to_string).collect();
            return Some(format!("must be {}, but is {}", one_of(&all), shown(value)));
        }
        if let (Some(pattern), Some(text)) = (&self.pattern, value.as_str())
            && !compile_pattern(pattern).is_some_and(|regex| regex.is_match(text))
        {
            return Some(format!("must match {pattern}, but is {}", shown(value)));
        }
        if let (Some(least), Some(number)) = (self.minimum, value.as_f64())
            && number < least
        {
            return Some(format!("must be at least {least}, but is {value}"));
        }
        if let (Some(most), Some(number)) = (self.maximum, value.as_f64())
            && number > most
        {
            return Some(format!("must be at most {most}, but is {value}"));
        }
        match (self.min_items, value) {
            (Some(1), Value::Array(items)) if items.is_empty() => Some("needs at least one item".into()),
            (Some(least), Value::Array(items)) if items.len() < least => {
                Some(format!("needs at least {least} items, but has {}", items.len()))
            }
            _ => None,
        }
    }

    fn check_fields(&self, map: &Map, at: &Pointer, all: &mut Vec<Misfit>) {
        for (name, value) in map {
            let below = at.key(name);
            match (self.properties.get(name.as_str()), &self.additional_properties) {
                (Some(schema), _) => schema.check_at(value, &below, all),
                (None, Some(schema)) => schema.check_at(value, &below, all),
                (None, None) if self.properties.is_empty() && !at.0.is_empty() => {}
                (None, None) => {
                    let known = self.properties.keys().cloned().collect();
                    all.push(Misfit {
                        path: below,
                        problem: Problem::NotKnown(known),
                    });
                }
            }
        }
        if at.0.is_empty() {
            return;
        }
        for name in self.required.iter().filter(|name| !map.contains_key(name)) {
            let problem = Problem::Wrong(format!("needs the field `{name}`"));
            all.push(Misfit {
                path: at.clone(),
                problem,
            });
        }
    }

    /// What cannot be right in the schema itself.
    pub fn problems(&self) -> Vec<SchemaProblem> {
        let mut all = Vec::new();
        if let Some(kind) = self.kind.filter(|kind| *kind != ParamType::Object) {
            let message = format!("params are a map of type object, not {}", kind.words());
            all.push((Pointer::root().key("type"), message, None));
        }
        self.problems_at(&Pointer::root(), &mut all);
        all
    }

    fn problems_at(&self, at: &Pointer, all: &mut Vec<SchemaProblem>) {
        if let Some(pattern) = self
            .pattern
            .as_ref()
            .filter(|pattern| compile_pattern(pattern).is_none())
        {
            let message = format!("`{pattern}` is no regular expression that can be used");
            let help = "patterns have RE2's syntax: no look-around, no backreferences";
            all.push((at.key("pattern"), message, Some(help.into())));
        } else if let Some(default) = &self.default {
            for misfit in self.check(default) {
                let message = match &misfit.problem {
                    Problem::NotKnown(_) => {
                        "the default has a field that the schema does not have".to_owned()
                    }
                    Problem::Wrong(wrong) | Problem::Unquoted(wrong) => format!("the default {wrong}"),
                };
                all.push((at.key("default").join(&misfit.path), message, None));
            }
        }
        for (index, name) in self.required.iter().enumerate() {
            if !self.properties.contains_key(name) {
                let known: Vec<&str> = self.properties.keys().map(String::as_str).collect();
                let message = format!("`{name}` is required, but there is no such property");
                all.push((
                    at.key("required").index(index),
                    message,
                    Some(instead(name, &known)),
                ));
            }
        }
        for (name, schema) in &self.properties {
            schema.problems_at(&at.key("properties").key(name), all);
        }
        if let Some(items) = &self.items {
            items.problems_at(&at.key("items"), all);
        }
        if let Some(others) = &self.additional_properties {
            others.problems_at(&at.key("additionalProperties"), all);
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
            ParamType::String => "a string",
            ParamType::Integer => "a whole number",
            ParamType::Number => "a number",
            ParamType::Boolean => "true or false",
            ParamType::Array => "a list",
            ParamType::Object => "a map",
        }
    }
}
