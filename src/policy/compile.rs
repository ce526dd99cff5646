//! One policy as written becomes one that runs.

mod rules;

use std::collections::BTreeSet;

use super::check::Setting;
use super::config::Config;
use super::document::Unit;
use super::file::{instead, key_of, span_of};
use super::locality::{self, Mentions};
use super::pack::function;
use super::path::{self, PathError};
use super::spec::{MatchSpec, PolicyFile, RuleSpec};
use super::template::{self, TemplateError};
use super::{
    Disposition, Door, Matcher, Pack, Path, Policy, Root, Rule, Subject, Template, Variable, Verb, matcher,
    names, place,
};
use crate::cel::{CompileError, Environment, Fields, Function, Program};
use crate::json::{Map, Value};
use crate::manifest::Tree;
use crate::pointer::Pointer;
use crate::source::{Diagnostic, Source, Span};

/// Names that every expression of a policy may use.
const NAMES: [&str; 12] = [
    "object",
    "oldObject",
    "request",
    "namespaceObject",
    "ns",
    "params",
    "variables",
    "labels",
    "pod",
    "oldPod",
    "containers",
    "volumes",
];
/// Names that an expression may use where the rule has `at`.
const NAMES_AT: [&str; 3] = ["item", "outer", "key"];
/// Where node affinity stands in a pod.
const NODE_AFFINITY: &str = "spec.affinity.nodeAffinity";

/// What the policies of a pack share.
pub(super) struct Shared<'s> {
    pub pack: &'s Pack,
    /// Position of the pack.
    pub position: usize,
    /// The pack's functions.
    pub environment: &'s Environment,
    pub config: &'s Config,
}

/// An error in the expression, or in the text with expressions, that stands at `at`.
pub(super) fn cel_error(
    source: &Source,
    tree: &Tree,
    at: &Pointer,
    text: &str,
    error: &CompileError,
) -> Diagnostic {
    if let Some(tag) = tag_at(source, tree, at) {
        let message = format!("YAML takes the `!` in `{}` for a tag", source.slice(tag));
        return Diagnostic::new("cel", source, tag, message).help("quote the expression");
    }
    let span = span_of(tree, at);
    let wrong = Diagnostic::new("cel", source, span, error.message.clone());
    scalar_error(wrong, span, text, error)
}

/// Puts an error of a scalar's value at its place in the scalar's text.
fn scalar_error(mut wrong: Diagnostic, span: Span, text: &str, error: &CompileError) -> Diagnostic {
    if let Some(exact) = place::place(&wrong.source, span.start, text, error.range.clone()) {
        wrong.span = exact;
    }
    match &error.help {
        Some(help) => wrong.help(help.clone()),
        None => wrong,
    }
}

/// The tag in front of the value at `at`, up to the end of its line.
fn tag_at(source: &Source, tree: &Tree, at: &Pointer) -> Option<Span> {
    let key = tree.key_span(at)?;
    let behind = source.text().get(key.end..)?;
    let value = behind
        .strip_prefix([':', '"', '\''])?
        .trim_start_matches([':', ' ']);
    let start = source.text().len() - value.len();
    let line = value.lines().next()?.trim_end();
    value
        .starts_with('!')
        .then(|| Span::new(start, start + line.len()))
}

/// An error in the path that stands at `at`.
pub(super) fn path_error(
    source: &Source,
    tree: &Tree,
    at: &Pointer,
    text: &str,
    error: PathError,
) -> Diagnostic {
    let span = span_of(tree, at);
    let error = CompileError {
        message: error.message,
        range: error.at..error.end,
        help: error.help.map(str::to_owned),
    };
    let wrong = Diagnostic::new("bad-path", source, span, error.message.clone());
    scalar_error(wrong, span, text, &error)
}

/// What is wrong with the function at `at`: with its expression, or else with its name.
pub(super) fn function_error(
    source: &Source,
    tree: &Tree,
    at: &Pointer,
    function: Option<&Function>,
    error: &CompileError,
) -> Diagnostic {
    let expression = function.map_or("", |function| function.expression.as_str());
    if error.range.end == 0 && !expression.is_empty() {
        let span = span_of(tree, &at.key("name"));
        return Diagnostic::new("cel", source, span, error.message.clone());
    }
    cel_error(source, tree, &at.key("expression"), expression, error)
}

/// Compiles a policy; the errors are all there are.
pub(super) fn policy(unit: &Unit<PolicyFile>, shared: &Shared<'_>) -> Result<Policy, Vec<Diagnostic>> {
    let spec = &unit.file.spec;
    names::check(unit, shared.environment)?;
    let functions: Vec<Function> = spec.functions.iter().map(function).collect();
    let environment = shared.environment.with(&functions).map_err(|(index, error)| {
        let at = Pointer::root().key("spec").key("functions").index(index);
        vec![function_error(
            &unit.source,
            &unit.tree,
            &at,
            functions.get(index),
            &error,
        )]
    })?;
    let mut compiler = Compiler {
        unit,
        shared,
        environment,
        params: Value::Null,
        param_names: spec.params.properties.keys().cloned().collect(),
        variable_names: spec
            .variables
            .iter()
            .map(|variable| variable.name.clone())
            .collect(),
        wrong: Vec::new(),
    };
    let given = compiler.params();
    let mut inactive = compiler.inactive(&given);
    compiler.params = Value::Object(given);
    let variables = compiler.variables();
    let rules = compiler.rules(&variables, inactive.is_some());
    if inactive.is_none() && !rules.is_empty() && rules.iter().all(|rule| rule.is_off) {
        inactive = Some("with these params none of its rules can apply".into());
    }
    let config = shared.config.of_policy(&unit.file.metadata.name);
    if !compiler.wrong.is_empty() {
        return Err(compiler.wrong);
    }
    Ok(Policy {
        pack: shared.position,
        name: unit.file.metadata.name.clone(),
        title: spec.title.clone(),
        description: spec.description.clone(),
        severity: config.severity.unwrap_or(spec.severity),
        sensitive: spec.sensitive,
        params: compiler.params,
        variables,
        rules,
        inactive,
        source: unit.source.clone(),
        span: span_of(&unit.tree, &Pointer::root().key("metadata").key("name")),
    })
}

pub(super) struct Compiler<'c> {
    unit: &'c Unit<PolicyFile>,
    shared: &'c Shared<'c>,
    environment: Environment,
    params: Value,
    param_names: BTreeSet<String>,
    variable_names: BTreeSet<String>,
    wrong: Vec<Diagnostic>,
}

impl Compiler<'_> {
    pub(super) fn spec(&self) -> &super::spec::PolicySpec {
        &self.unit.file.spec
    }

    /// The path that the rule at `at` gives, as written.
    pub(super) fn spec_at(&self, at: &Pointer) -> Option<&Value> {
        self.unit.tree.value.pointer(&at.key("at").to_string())
    }

    fn name(&self) -> &str {
        &self.unit.file.metadata.name
    }

    pub(super) fn wrong(&mut self, code: &'static str, at: &Pointer, message: impl Into<String>) {
        let span = span_of(&self.unit.tree, at);
        self.wrong
            .push(Diagnostic::new(code, &self.unit.source, span, message));
    }

    /// Something wrong with the key at `at`.
    pub(super) fn wrong_key(&mut self, code: &'static str, at: &Pointer, message: impl Into<String>) {
        let span = key_of(&self.unit.tree, at);
        self.wrong
            .push(Diagnostic::new(code, &self.unit.source, span, message));
    }

    /// What to do about what was said last.
    pub(super) fn help(&mut self, help: impl Into<String>) {
        if let Some(last) = self.wrong.last_mut() {
            last.help = Some(help.into());
        }
    }

    /// Something wrong in the text of the scalar at `at`.
    pub(super) fn wrong_in(&mut self, code: &'static str, at: &Pointer, text: &str, error: &CompileError) {
        let span = span_of(&self.unit.tree, at);
        let wrong = Diagnostic::new(code, &self.unit.source, span, error.message.clone());
        self.wrong.push(scalar_error(wrong, span, text, error));
    }

    /// Params: defaults, the configuration's, the command line's; each checked.
    fn params(&mut self) -> Map {
        let schema = &self.unit.file.spec.params;
        let config = self.shared.config;
        let mut given = config.of_policy(self.name()).params;
        given.retain(|_, value| !value.is_null());
        for (name, text) in config.params_of(self.name()) {
            given.insert(name.into(), schema.read(name, text));
        }
        for (below, message, help) in schema.problems() {
            let at = Pointer::root().key("spec").key("params").join(&below);
            self.wrong("bad-param", &at, message);
            if let Some(help) = help {
                self.help(help);
            }
        }
        for misfit in schema.check(&Value::Object(given.clone())) {
            let wrong = config.wrong_param(self.name(), &misfit);
            self.wrong.push(wrong);
        }
        schema.fill(&given)
    }

    fn inactive(&self, params: &Map) -> Option<String> {
        if self.shared.config.of_policy(self.name()).enabled == Some(false) {
            return Some("the configuration switches it off".into());
        }
        let missing = self.spec().params.missing(params);
        (!missing.is_empty()).then(|| format!("the param {} is not set", missing.join(", ")))
    }

    fn compile(&self, expression: &str, names: &[&str]) -> Result<Program, CompileError> {
        let fields = [
            Fields {
                of: "variables",
                known: &self.variable_names,
                noun: "variable",
            },
            Fields {
                of: "params",
                known: &self.param_names,
                noun: "param",
            },
        ];
        self.environment
            .compile_with(expression, names, &fields)
            .map_err(|mut error| {
                let place = expression.get(error.range.clone()).unwrap_or_default();
                if error.help.is_none() && NAMES_AT.contains(&place) && !names.contains(&place) {
                    error.help = Some(format!("`{place}` is there only where the rule has `at`"));
                }
                error
            })
    }

    /// Compiles the expression that stands at `at`; an error is noted.
    fn expression(&mut self, expression: &str, at: &Pointer, names: &[&str]) -> Option<Program> {
        let compiled = if template::has_expression(expression) {
            let help = Some("write the name itself: this field is CEL already".to_owned());
            Err(CompileError {
                message: "`$(…)` does not belong into CEL".into(),
                range: 0..expression.len(),
                help,
            })
        } else {
            self.compile(expression, names)
        };
        match compiled {
            Ok(program) => Some(program),
            Err(error) => {
                self.wrong.push(cel_error(
                    &self.unit.source,
                    &self.unit.tree,
                    at,
                    expression,
                    &error,
                ));
                None
            }
        }
    }

    fn template(&mut self, value: &Value, at: &Pointer, names: &[&str]) -> Option<Template> {
        match template::compile(value, &mut |expression| self.compile(expression, names)) {
            Ok(template) => Some(template),
            Err(TemplateError {
                at: below,
                in_key,
                text,
                error,
            }) => {
                let at = at.join(&below);
                let wrong = match self.unit.tree.key_span(&at).filter(|_| in_key) {
                    Some(key) => {
                        let wrong = Diagnostic::new("cel", &self.unit.source, key, error.message.clone());
                        scalar_error(wrong, key, &text, &error)
                    }
                    None => cel_error(&self.unit.source, &self.unit.tree, &at, &text, &error),
                };
                self.wrong.push(wrong);
                None
            }
        }
    }

    fn variables(&mut self) -> Vec<Variable> {
        let unit = self.unit;
        let mut all: Vec<Variable> = Vec::new();
        for (index, variable) in unit.file.spec.variables.iter().enumerate() {
            let at = Pointer::root().key("spec").key("variables").index(index);
            if let Some(program) = self.expression(&variable.expression, &at.key("expression"), &NAMES) {
                all.push(Variable {
                    name: variable.name.clone(),
                    program,
                });
            }
        }
        for (index, name) in locality::circles(&all) {
            let at = Pointer::root()
                .key("spec")
                .key("variables")
                .index(index)
                .key("expression");
            self.wrong("cel", &at, format!("the variable `{name}` needs itself"));
        }
        all
    }

    /// Whether params alone say that a condition never holds.
    fn is_off(&self, condition: Option<&Program>) -> bool {
        let folded = condition.and_then(|program| program.fold(&self.params));
        folded == Some(Value::Bool(false))
    }
}

/// The rule's action, else the policy's as the user set it; a rule never does more than the user said.
fn action(policy: Disposition, rule: Option<Disposition>, config: Option<Disposition>) -> Disposition {
    match (rule, config) {
        (Some(rule), Some(config)) => rule.min(config),
        (Some(rule), None) => rule,
        (None, config) => config.unwrap_or(policy),
    }
}
