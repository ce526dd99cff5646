//! What users say of policies: params, actions, more images, exemptions.

use super::document::{check_kind, one_document};
use super::file::{instead, key_of, span_of, typed};
use super::kinds;
use super::matcher;
use super::pack::impossible_image;
use super::params::{Misfit, Problem};
use super::spec::{ConfigFile, PolicyConfig, SchemaKind, json_schema};
use super::{Admission, Exemption, LoadOptions, Pack, Policy};
use crate::json::Value;
use crate::kube::GroupKind;
use crate::manifest::Tree;
use crate::pointer::{Pointer, Token};
use crate::source::{Diagnostic, Source, Span};

/// The configuration with its text, and the params of the command line.
pub(super) struct Config {
    pub file: ConfigFile,
    source: Source,
    tree: Option<Tree>,
    /// `(policy, name, value)`, with the text that messages show.
    params: Vec<(String, String, String)>,
}

impl Config {
    pub(super) fn read(options: &LoadOptions) -> Result<Self, Vec<Diagnostic>> {
        let params = options.params.clone();
        let Some(source) = &options.config else {
            let source = Source::new("the command line", "");
            return Ok(Self {
                file: ConfigFile::default(),
                source,
                tree: None,
                params,
            });
        };
        let Some(tree) = one_document(source)? else {
            return Ok(Self {
                file: ConfigFile::default(),
                source: source.clone(),
                tree: None,
                params,
            });
        };
        check_kind(source, &tree, &["Config"])?;
        let file = typed(source, &tree, || json_schema(SchemaKind::Config).clone())?;
        Ok(Self {
            file,
            source: source.clone(),
            tree: Some(tree),
            params,
        })
    }

    /// What the webhook may do.
    pub(super) fn admission(&self) -> Admission {
        let spec = &self.file.admission;
        Admission {
            factual_repairs: spec.factual_repairs,
            kinds: spec.kinds.iter().map(|kind| GroupKind::parse(kind)).collect(),
        }
    }

    pub(super) fn wrong(&self, code: &'static str, at: &Pointer, message: String) -> Diagnostic {
        let span = self
            .tree
            .as_ref()
            .map_or(Span::default(), |tree| span_of(tree, at));
        Diagnostic::new(code, &self.source, span, message)
    }

    /// What is said of a policy, the command line's params over the file's.
    pub(super) fn of_policy(&self, name: &str) -> PolicyConfig {
        self.file.policies.get(name).cloned().unwrap_or_default()
    }

    /// The command line's params of a policy, still text.
    pub(super) fn params_of(&self, policy: &str) -> impl Iterator<Item = (&str, &str)> {
        let own = self.params.iter().filter(move |(of, _, _)| of == policy);
        own.map(|(_, name, text)| (name.as_str(), text.as_str()))
    }

    /// A misfit of a policy's params: at the command line if it came from there.
    pub(super) fn wrong_param(&self, policy: &str, misfit: &Misfit) -> Diagnostic {
        let steps = misfit.path.0.iter().map(|token| match token {
            Token::Key(name) => format!(".{name}"),
            Token::Index(index) => format!("[{index}]"),
        });
        let name = misfit.path.0.first().and_then(|token| match token {
            Token::Key(name) => Some(name.as_str()),
            Token::Index(_) => None,
        });
        let (message, help) = match (&misfit.problem, misfit.path.0.as_slice()) {
            (Problem::NotKnown(known), [.., Token::Key(field)]) => {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let message = match misfit.path.0.len() {
                    1 => format!("the policy {policy} has no param `{field}`"),
                    length => {
                        let owner: String = steps.take(length - 1).collect();
                        format!("the param {policy}{owner} has no field `{field}`")
                    }
                };
                (message, (!known.is_empty()).then(|| instead(field, &known)))
            }
            (Problem::NotKnown(_), _) => (format!("the policy {policy} has no such param"), None),
            (Problem::Wrong(wrong), _) => (
                format!("the param {policy}{} {wrong}", steps.collect::<String>()),
                None,
            ),
            (Problem::Unquoted(wrong), _) => (
                format!("the param {policy}{} {wrong}", steps.collect::<String>()),
                Some("quote it".to_owned()),
            ),
        };
        let given = self
            .params
            .iter()
            .rfind(|(of, param, _)| of == policy && Some(param.as_str()) == name);
        let wrong = if let Some((of, param, text)) = given {
            let argument = format!("--param {of}.{param}={text}");
            let source = Source::new("the command line", argument.as_str());
            Diagnostic::new("bad-param", &source, Span::new(0, argument.len()), message)
        } else {
            let at = Pointer::root()
                .key("policies")
                .key(policy)
                .key("params")
                .join(&misfit.path);
            match (&self.tree, &misfit.problem) {
                (Some(tree), Problem::NotKnown(_)) => {
                    Diagnostic::new("bad-param", &self.source, key_of(tree, &at), message)
                }
                _ => self.wrong("bad-param", &at, message),
            }
        };
        match help {
            Some(help) => wrong.help(help),
            None => wrong,
        }
    }

    /// Images that the user calls a component of a pack.
    pub(super) fn add_components(&self, pack: &mut Pack) {
        for (name, more) in &self.file.components {
            if let Some(component) = pack
                .components
                .iter_mut()
                .find(|component| component.name == *name)
            {
                component.images.extend(more.images.iter().cloned());
                component.generic.extend(more.generic.iter().cloned());
            }
        }
    }

    pub(super) fn check_names(&self, policies: &[Policy], packs: &[Pack], wrong: &mut Vec<Diagnostic>) {
        let policy_names: Vec<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
        let help = instead;
        for name in self
            .file
            .policies
            .keys()
            .filter(|name| !policy_names.contains(&name.as_str()))
        {
            let at = Pointer::root().key("policies").key(name);
            let span = self
                .tree
                .as_ref()
                .and_then(|tree| tree.key_span(&at))
                .unwrap_or_default();
            let message = format!("there is no policy `{name}`");
            wrong.push(
                Diagnostic::new("unknown-policy", &self.source, span, message)
                    .help(help(name, &policy_names)),
            );
        }
        for (name, param, text) in self
            .params
            .iter()
            .filter(|(name, _, _)| !policy_names.contains(&name.as_str()))
        {
            let argument = format!("--param {name}.{param}={text}");
            let source = Source::new("the command line", argument.as_str());
            let message = format!("there is no policy `{name}`");
            let span = Span::new(0, argument.len());
            wrong.push(
                Diagnostic::new("unknown-policy", &source, span, message).help(help(name, &policy_names)),
            );
        }
        let components: Vec<&str> = packs
            .iter()
            .flat_map(|pack| &pack.components)
            .map(|component| component.name.as_str())
            .collect();
        for name in self
            .file
            .components
            .keys()
            .filter(|name| !components.contains(&name.as_str()))
        {
            let at = Pointer::root().key("components").key(name);
            let span = self
                .tree
                .as_ref()
                .and_then(|tree| tree.key_span(&at))
                .unwrap_or_default();
            let message = format!("no pack has a component `{name}`");
            wrong.push(
                Diagnostic::new("unknown-component", &self.source, span, message)
                    .help(help(name, &components)),
            );
        }
        for (name, more) in &self.file.components {
            if let Some((field, position, image)) = more.impossible() {
                let at = Pointer::root()
                    .key("components")
                    .key(name)
                    .key(field)
                    .index(position);
                let span = self
                    .tree
                    .as_ref()
                    .map_or(Span::default(), |tree| span_of(tree, &at));
                wrong.push(impossible_image(&self.source, span, image));
            }
        }
        for (index, exemption) in self.file.exemptions.iter().enumerate() {
            let named = exemption.matching.components.as_ref().and_then(Value::as_array);
            for (position, name) in named.into_iter().flatten().enumerate() {
                if let Some(name) = name
                    .as_str()
                    .filter(|name| *name != "*" && !components.contains(name))
                {
                    let at = Pointer::root().key("exemptions").index(index);
                    let at = at.key("match").key("components").index(position);
                    let message = format!("no pack has a component `{name}`");
                    wrong.push(
                        self.wrong("unknown-component", &at, message)
                            .help(help(name, &components)),
                    );
                }
            }
            for (position, name) in exemption.policies.iter().enumerate() {
                if !policy_names.iter().any(|policy| super::glob(name, policy)) {
                    let at = Pointer::root()
                        .key("exemptions")
                        .index(index)
                        .key("policies")
                        .index(position);
                    let message = format!("there is no policy `{name}` to be exempt from");
                    wrong.push(
                        self.wrong("unknown-policy", &at, message)
                            .help(help(name, &policy_names)),
                    );
                }
            }
        }
    }

    /// A kind that is judged anyway, or is written wrong, is not what somebody meant who named it.
    pub(super) fn check_admission(&self, wrong: &mut Vec<Diagnostic>) {
        let vital = kinds::vital();
        let vital: Vec<&str> = vital.iter().map(String::as_str).collect();
        for (index, kind) in self.file.admission.kinds.iter().enumerate() {
            if !vital.contains(&kind.as_str()) {
                let at = Pointer::root().key("admission").key("kinds").index(index);
                let message = format!("`{kind}` is no kind that the webhook leaves alone");
                wrong.push(
                    self.wrong("unknown-kind", &at, message)
                        .help(instead(kind, &vital)),
                );
            }
        }
    }

    /// The exemptions, each with whether it still counts today.
    pub(super) fn exemptions(&self, today: Option<&str>, wrong: &mut Vec<Diagnostic>) -> Vec<Exemption> {
        let mut all = Vec::new();
        for (index, spec) in self.file.exemptions.iter().enumerate() {
            let at = Pointer::root().key("exemptions").index(index);
            if let Some(until) = &spec.until
                && !is_date(until)
            {
                let message = format!("`{until}` is no day; write it like 2027-03-01");
                wrong.push(self.wrong("bad-date", &at.key("until"), message));
                continue;
            }
            let end = spec.until.as_deref().zip(today);
            let is_over = end.is_some_and(|(until, today)| until < today);
            let span = self.tree.as_ref().map(|tree| span_of(tree, &at));
            match matcher::plain(&spec.matching) {
                Ok(matcher) => all.push(Exemption {
                    policies: spec.policies.clone(),
                    matcher,
                    reason: spec.reason.clone(),
                    until: spec.until.clone(),
                    is_over,
                    source: self.source.clone(),
                    span: span.unwrap_or_default(),
                }),
                Err((field, message)) => {
                    wrong.push(self.wrong("bad-match", &at.key("match").key(field), message))
                }
            }
        }
        all
    }
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_number =
        |part: &&str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    if !is_number(year, 4) || !is_number(month, 2) || !is_number(day, 2) {
        return false;
    }
    let number = |part: &str| part.parse::<u32>().unwrap_or_default();
    let is_leap = number(year) % 4 == 0 && (number(year) % 100 != 0 || number(year) % 400 == 0);
    let days = match number(month) {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&number(day))
}
