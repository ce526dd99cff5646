//! One policy as written becomes one that runs.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::file::span_of;
use super::load::{Config, Unit, function, nearest};
use super::locality::{self, Mentions};
use super::spec::{MatchSpec, PolicyFile, RuleSpec};
use super::template::{self, TemplateError};
use super::{
    Disposition, Door, Matcher, Pack, Path, Policy, Root, Rule, Segment, Subject, Template, Variable, Verb,
    matcher, path,
};
use crate::cel::{CompileError, Environment, Function, Program};
use crate::kube::Gvk;
use crate::manifest::Tree;
use crate::pointer::Pointer;
use crate::schema::{self, Type};
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

/// An error in an expression, as near to its place as the text lets one come.
pub(super) fn cel_error(
    source: &Source,
    tree: &Tree,
    at: &Pointer,
    expression: &str,
    error: &CompileError,
) -> Diagnostic {
    let span = span_of(tree, at);
    let text = source.slice(span);
    let place = text
        .find(expression)
        .filter(|_| !expression.is_empty())
        .map(|offset| {
            let start = span.start + offset;
            Span::new(start + error.range.start, start + error.range.end)
        });
    let wrong = Diagnostic::new("cel", source, place.unwrap_or(span), error.message.clone());
    // `!x` is a tag for YAML, and what is left is an empty text.
    let before = tree.key_span(at).map_or("", |key| {
        source.slice(Span::new(key.end, span.start.max(key.end)))
    });
    match &error.help {
        _ if before.contains('!') || text.starts_with('!') && expression.is_empty() => {
            wrong.help("quote the expression: YAML takes `!` at its start for a tag")
        }
        Some(help) => wrong.help(help.clone()),
        None => wrong,
    }
}

/// Compiles a policy; the errors are all there are.
pub(super) fn policy(unit: &Unit<PolicyFile>, shared: &Shared<'_>) -> Result<Policy, Vec<Diagnostic>> {
    let spec = &unit.file.spec;
    let functions: Vec<Function> = spec.functions.iter().map(function).collect();
    let environment = shared.environment.with(&functions).map_err(|(index, error)| {
        let at = Pointer::root()
            .key("spec")
            .key("functions")
            .index(index)
            .key("expression");
        let expression = functions
            .get(index)
            .map_or("", |function| function.expression.as_str());
        vec![cel_error(&unit.source, &unit.tree, &at, expression, &error)]
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
    if inactive.is_none() && !rules.is_empty() && rules.iter().all(|rule| compiler.is_off(rule)) {
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
    })
}

struct Compiler<'c> {
    unit: &'c Unit<PolicyFile>,
    shared: &'c Shared<'c>,
    environment: Environment,
    params: Value,
    param_names: BTreeSet<String>,
    variable_names: BTreeSet<String>,
    wrong: Vec<Diagnostic>,
}

impl Compiler<'_> {
    fn spec(&self) -> &super::spec::PolicySpec {
        &self.unit.file.spec
    }

    fn name(&self) -> &str {
        &self.unit.file.metadata.name
    }

    fn wrong(&mut self, code: &'static str, at: &Pointer, message: impl Into<String>) {
        let span = span_of(&self.unit.tree, at);
        self.wrong
            .push(Diagnostic::new(code, &self.unit.source, span, message));
    }

    /// Params: defaults, the configuration's, the command line's; each checked.
    fn params(&mut self) -> Map<String, Value> {
        let schema = &self.unit.file.spec.params;
        let config = self.shared.config;
        let mut given = config.of_policy(self.name()).params;
        for (name, text) in config.params_of(self.name()) {
            given.insert(name.to_owned(), schema.read(name, text));
        }
        let defaults = schema.fill(&Map::new());
        if let Err(misfit) = schema.check(&Value::Object(defaults)) {
            let at = Pointer::root().key("spec").key("params");
            self.wrong(
                "bad-param",
                &at,
                format!("the default of {} {}", misfit.path.join("."), misfit.message),
            );
        }
        if let Err(misfit) = schema.check(&Value::Object(given.clone())) {
            self.wrong
                .push(config.wrong_param(self.name(), &misfit.path, &misfit.message));
        }
        schema.fill(&given)
    }

    fn inactive(&self, params: &Map<String, Value>) -> Option<String> {
        if self.shared.config.of_policy(self.name()).enabled == Some(false) {
            return Some("the configuration switches it off".into());
        }
        let missing = self.spec().params.missing(params);
        (!missing.is_empty()).then(|| format!("the param {} is not set", missing.join(", ")))
    }

    fn compile(&self, expression: &str, names: &[&str]) -> Result<Program, CompileError> {
        let program = self.environment.compile(expression, names)?;
        let whole = |message: String, help: Option<String>| CompileError {
            message,
            range: 0..expression.len(),
            help,
        };
        for mention in program.mentions() {
            let (known, name, what) = match mention.split_once('.') {
                Some(("variables", name)) => (&self.variable_names, name, "variable"),
                Some(("params", name)) => (&self.param_names, name, "param"),
                _ => continue,
            };
            if !known.contains(name) {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let help = nearest(name, &known).map(|near| format!("did you mean `{near}`?"));
                return Err(whole(format!("this policy has no {what} `{name}`"), help));
            }
        }
        Ok(program)
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
                expression,
                error,
            }) => {
                let at = at.join(&below);
                let expression = expression.unwrap_or_default();
                self.wrong.push(cel_error(
                    &self.unit.source,
                    &self.unit.tree,
                    &at,
                    &expression,
                    &error,
                ));
                None
            }
        }
    }

    fn variables(&mut self) -> Vec<Variable> {
        let unit = self.unit;
        let mut all: Vec<Variable> = Vec::new();
        for (index, variable) in unit.file.spec.variables.iter().enumerate() {
            let at = Pointer::root().key("spec").key("variables").index(index);
            if all.iter().any(|other| other.name == variable.name) {
                self.wrong(
                    "duplicate-name",
                    &at.key("name"),
                    format!("there is a variable `{}` already", variable.name),
                );
            }
            if let Some(program) = self.expression(&variable.expression, &at.key("expression"), &NAMES) {
                all.push(Variable {
                    name: variable.name.clone(),
                    program,
                });
            }
        }
        all
    }

    fn rules(&mut self, variables: &[Variable], is_inactive: bool) -> Vec<Rule> {
        let unit = self.unit;
        let mut rules: Vec<Rule> = Vec::new();
        if unit.file.spec.rules.is_empty() {
            self.wrong(
                "no-rules",
                &Pointer::root().key("spec").key("rules"),
                "a policy needs at least one rule",
            );
        }
        for (index, spec) in unit.file.spec.rules.iter().enumerate() {
            let at = Pointer::root().key("spec").key("rules").index(index);
            if unit
                .file
                .spec
                .rules
                .iter()
                .take(index)
                .any(|other| other.name == spec.name)
            {
                self.wrong(
                    "duplicate-name",
                    &at.key("name"),
                    format!("there is a rule `{}` already", spec.name),
                );
            }
            rules.extend(self.rule(spec, &at, variables, is_inactive));
        }
        rules
    }

    fn rule(
        &mut self,
        spec: &RuleSpec,
        at: &Pointer,
        variables: &[Variable],
        is_inactive: bool,
    ) -> Option<Rule> {
        let subject = spec.subject.unwrap_or(self.spec().subject);
        let place = self.place(spec, at, subject);
        let names: Vec<&str> = match &place {
            Some(_) => NAMES.iter().chain(&NAMES_AT).copied().collect(),
            None => NAMES.to_vec(),
        };
        let matchers = self.matchers(spec, at, is_inactive);
        let condition = match &spec.condition {
            Some(text) => Some(self.expression(text, &at.key("where"), &names)?),
            None => None,
        };
        let verb = self.verb(spec, at, &names)?;
        self.check_verb(&verb, at, subject, place.as_ref(), &matchers);
        let message = match &spec.message {
            Some(text) => Some(self.message(text, &at.key("message"), &names)?),
            None => None,
        };
        let programs = condition.iter().chain(locality::programs(&verb));
        let mentions = Mentions::of(programs, variables);
        let config = self.shared.config.of_policy(self.name());
        let doors = spec.doors.as_deref().unwrap_or(&[
            Door::Render,
            Door::Check,
            Door::Flux,
            Door::Admission,
            Door::Audit,
        ]);
        Some(Rule {
            name: spec.name.clone(),
            subject,
            locality: mentions.locality(&matchers),
            transition: mentions.is_transition(),
            matchers,
            at: place,
            condition,
            verb,
            message,
            action: action(self.spec().action, spec.action, config.action),
            unknown: spec.unknown.unwrap_or(self.spec().unknown),
            doors: doors.iter().copied().collect(),
            span: span_of(&self.unit.tree, &at.key("name")),
        })
    }

    fn place(&mut self, spec: &RuleSpec, at: &Pointer, subject: Subject) -> Option<Path> {
        let affinity = spec.require_node_affinity.is_some() || spec.prefer_node_affinity.is_some();
        let text = match &spec.at {
            Some(text) => text.as_str(),
            None if affinity && subject == Subject::Pod => NODE_AFFINITY,
            None => return None,
        };
        let parsed = match path::parse(text, subject == Subject::Pod) {
            Ok(parsed) => parsed,
            Err(error) => {
                let compile = CompileError {
                    message: error.message,
                    range: error.at..text.len(),
                    help: None,
                };
                let mut wrong = cel_error(&self.unit.source, &self.unit.tree, &at.key("at"), text, &compile);
                wrong.code = "bad-path";
                self.wrong.push(wrong);
                return None;
            }
        };
        if let Root::Containers(Some(names)) = &parsed.root {
            self.check_components(names, &at.key("at"));
        }
        Some(parsed)
    }

    fn check_components(&mut self, names: &[String], at: &Pointer) {
        let known: Vec<&str> = self
            .shared
            .pack
            .components
            .iter()
            .map(|component| component.name.as_str())
            .collect();
        for name in names
            .iter()
            .filter(|name| *name != "*" && !known.contains(&name.as_str()))
        {
            let span = span_of(&self.unit.tree, at);
            let message = format!("the pack has no component `{name}`");
            let help = match nearest(name, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its components are: {}", known.join(", ")),
            };
            self.wrong
                .push(Diagnostic::new("unknown-component", &self.unit.source, span, message).help(help));
        }
    }

    /// The policy's match and the rule's own.
    fn matchers(&mut self, spec: &RuleSpec, at: &Pointer, is_inactive: bool) -> Vec<Matcher> {
        let unit = self.unit;
        let of_policy = unit
            .file
            .spec
            .matching
            .as_ref()
            .map(|matching| (matching, Pointer::root().key("spec").key("match")));
        let of_rule = spec.matching.as_ref().map(|matching| (matching, at.key("match")));
        let mut all = Vec::new();
        for (matching, at) in of_policy.into_iter().chain(of_rule) {
            all.extend(self.matcher(matching, &at, is_inactive));
        }
        all
    }

    fn matcher(&mut self, spec: &MatchSpec, at: &Pointer, is_inactive: bool) -> Option<Matcher> {
        match matcher::with_params(spec, &self.environment, &self.params) {
            Ok(matcher) => {
                if let Some(names) = matcher.components.clone() {
                    self.check_components(&names, &at.key("components"));
                }
                Some(matcher)
            }
            // Without its params a policy does not run, so its match need not have a value.
            Err(_) if is_inactive => Some(Matcher::default()),
            Err((field, message)) => {
                self.wrong("bad-match", &at.key(field), message);
                None
            }
        }
    }

    fn verb(&mut self, spec: &RuleSpec, at: &Pointer, names: &[&str]) -> Option<Verb> {
        let given = [
            ("merge", spec.merge.is_some()),
            ("set", spec.set.is_some()),
            ("remove", spec.remove.is_some()),
            ("ensure", spec.ensure.is_some()),
            ("requireNodeAffinity", spec.require_node_affinity.is_some()),
            ("preferNodeAffinity", spec.prefer_node_affinity.is_some()),
            ("assert", spec.assert.is_some()),
        ];
        let verbs: Vec<&str> = given
            .iter()
            .filter(|(_, is_given)| *is_given)
            .map(|(name, _)| *name)
            .collect();
        let [verb] = verbs.as_slice() else {
            let message = match verbs.as_slice() {
                [] => format!(
                    "the rule `{}` does nothing: it needs a verb (merge, set, remove, ensure, requireNodeAffinity, preferNodeAffinity or assert)",
                    spec.name
                ),
                several => format!(
                    "the rule `{}` has several verbs: {}; write one rule for each",
                    spec.name,
                    several.join(", ")
                ),
            };
            self.wrong("verbs", &at.key("name"), message);
            return None;
        };
        let here = at.key(*verb);
        if let Some(text) = &spec.assert {
            return self.expression(text, &here, names).map(Verb::Assert);
        }
        if let Some(prefer) = &spec.prefer_node_affinity {
            let weight = self.template(&prefer.weight, &here.key("weight"), names)?;
            let term = self.template(&prefer.term, &here.key("term"), names)?;
            return Some(Verb::PreferNodeAffinity { weight, term });
        }
        if let Some(remove) = spec.remove {
            if !remove {
                self.wrong("verbs", &here, "`remove` can only be true");
            }
            return Some(Verb::Remove);
        }
        let values = [
            (&spec.merge, Verb::Merge as fn(Template) -> Verb),
            (&spec.set, Verb::Set),
            (&spec.ensure, Verb::Ensure),
            (&spec.require_node_affinity, Verb::RequireNodeAffinity),
        ];
        let (value, make) = values
            .into_iter()
            .find_map(|(value, make)| Some((value.as_ref()?, make)))?;
        self.template(value, &here, names).map(make)
    }

    /// What cannot be right whatever the object is.
    fn check_verb(
        &mut self,
        verb: &Verb,
        at: &Pointer,
        subject: Subject,
        place: Option<&Path>,
        matchers: &[Matcher],
    ) {
        let needs_place = matches!(verb, Verb::Set(_) | Verb::Remove | Verb::Ensure(_))
            || (subject == Subject::Object
                && matches!(
                    verb,
                    Verb::RequireNodeAffinity(_) | Verb::PreferNodeAffinity { .. }
                ));
        if needs_place && place.is_none() && self.wrong.is_empty() {
            self.wrong(
                "no-place",
                &at.key("name"),
                "this verb needs `at`: where in the subject?",
            );
        }
        let ty = type_of(subject, place, matchers);
        match verb {
            Verb::Merge(template) => {
                let here = at.key("merge");
                if has_empty_leaf(template) {
                    self.wrong("empty-leaf", &here, "an empty map or list in `merge` says nothing; null says that a field is to be absent");
                }
                let writes_replicas =
                    subject == Subject::Object && place.is_none() && writes(template, &["spec", "replicas"]);
                if writes_replicas {
                    self.wrong(
                        "replicas",
                        &here,
                        "spec.replicas cannot be written: autoscalers own it",
                    );
                }
                self.check_literals(ty, template, &here);
            }
            Verb::Set(template) => {
                if place.is_some_and(|path| subject == Subject::Object && path.text == "spec.replicas") {
                    self.wrong(
                        "replicas",
                        &at.key("at"),
                        "spec.replicas cannot be written: autoscalers own it",
                    );
                }
                self.check_literals(ty, template, &at.key("set"));
            }
            Verb::Ensure(template) => {
                let ty = if matches!(template, Template::List(_)) {
                    ty
                } else {
                    ty.items()
                };
                self.check_literals(ty, template, &at.key("ensure"));
            }
            _ => {}
        }
    }

    fn check_literals(&mut self, ty: Type, template: &Template, at: &Pointer) {
        if let Err(misfit) = schema::check(ty, &literals(template), true) {
            self.wrong("wrong-type", &at.join(&misfit.pointer), misfit.to_string());
        }
    }

    fn message(&mut self, text: &str, at: &Pointer, names: &[&str]) -> Option<Template> {
        let template = self.template(&Value::from(text), at, names)?;
        let shows_value = |program: &&Program| {
            program.mentions().iter().any(|name| {
                matches!(
                    name.as_str(),
                    "item.value" | "outer.value" | "item.data" | "item.stringData"
                )
            })
        };
        if self.spec().sensitive && template.programs().iter().any(shows_value) {
            self.wrong(
                "sensitive",
                at,
                "a message of a sensitive policy must not show the value",
            );
            return None;
        }
        Some(template)
    }

    /// Whether params alone say that the rule never applies.
    fn is_off(&self, rule: &Rule) -> bool {
        let folded = rule
            .condition
            .as_ref()
            .and_then(|program| program.fold(&self.params));
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

/// The type of what a rule writes.
fn type_of(subject: Subject, place: Option<&Path>, matchers: &[Matcher]) -> Type {
    let root = match subject {
        Subject::Pod => schema::pod_template(),
        Subject::Object => {
            let kinds: Vec<_> = matchers
                .iter()
                .filter_map(|matcher| matcher.kinds.as_ref())
                .flatten()
                .collect();
            match kinds.as_slice() {
                [kind] => schema::of(&Gvk {
                    group: kind.group.clone(),
                    version: String::new(),
                    kind: kind.kind.clone(),
                }),
                _ => Type::UNKNOWN,
            }
        }
    };
    let Some(path) = place else { return root };
    let start = match &path.root {
        Root::Subject => root,
        Root::Containers(_) => root.field("spec").field("containers").items(),
    };
    path.segments.iter().fold(start, |ty, segment| match segment {
        Segment::Field(name) => ty.field(name),
        Segment::Each if ty.items() == Type::UNKNOWN => ty.field(""),
        Segment::Each | Segment::Where { .. } => ty.items(),
    })
}

/// The literals of a template; null stands for what is computed.
fn literals(template: &Template) -> Value {
    match template {
        Template::Literal(value) => value.clone(),
        Template::Interpolated(_) => Value::from("$(…)"),
        Template::Absent | Template::Expression(_) => Value::Null,
        Template::Map(entries) => {
            let written = entries.iter().filter_map(|(key, value)| match key {
                Template::Literal(Value::String(key)) => Some((key.clone(), literals(value))),
                _ => None,
            });
            Value::Object(written.collect())
        }
        Template::List(items) => items.iter().map(literals).collect(),
    }
}

fn has_empty_leaf(template: &Template) -> bool {
    match template {
        Template::Literal(Value::Object(map)) => map.is_empty(),
        Template::Literal(Value::Array(items)) => items.is_empty(),
        Template::Map(entries) => entries.iter().any(|(_, value)| has_empty_leaf(value)),
        Template::List(items) => items.iter().any(has_empty_leaf),
        _ => false,
    }
}

/// Whether a map template writes the field at `path`.
fn writes(template: &Template, path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return true;
    };
    match template {
        Template::Map(entries) => entries.iter().any(|(key, value)| {
            matches!(key, Template::Literal(Value::String(key)) if key == first) && writes(value, rest)
        }),
        _ => false,
    }
}
