//! What of a rule cannot be right, whatever the object is.

use super::compile::Compiler;
use super::file::{instead, nearest};
use super::{Matcher, Path, Root, Segment, Subject, Template, Verb};
use crate::cel::CompileError;
use crate::json::{Value, json};
use crate::kube::Gvk;
use crate::pointer::{Pointer, Token};
use crate::schema::{self, ListKind, Type};

/// Where a rule stands and where it acts.
#[derive(Clone, Copy)]
pub(super) struct Setting<'s> {
    pub at: &'s Pointer,
    pub subject: Subject,
    pub place: Option<&'s Path>,
    pub matchers: &'s [Matcher],
}

impl Compiler<'_> {
    pub(super) fn check_verb(&mut self, verb: &Verb, setting: Setting<'_>) {
        let Setting {
            at, subject, place, ..
        } = setting;
        let needs_place = match verb {
            Verb::Set(_) | Verb::Remove | Verb::Ensure(_) => true,
            Verb::RequireNodeAffinity(_) | Verb::PreferNodeAffinity { .. } => subject == Subject::Object,
            Verb::Merge(_) | Verb::Assert(_) => false,
        };
        if needs_place && place.is_none() {
            // A path that does not parse was told already.
            if self.spec_at(at).is_none() {
                let message = format!("`{}` needs `at`: the place in the subject", name_of(verb));
                self.wrong("no-place", &at.key("name"), message);
            }
            return;
        }
        if self.check_path(setting).is_none() {
            return;
        }
        let ty = type_of(setting);
        match verb {
            Verb::Merge(template) => {
                let here = at.key("merge");
                if let Some(leaf) = empty_leaf(template, &here) {
                    self.wrong(
                        "empty-leaf",
                        &leaf,
                        "an empty map or list in `merge` says nothing",
                    );
                    self.help("write null to say that the field is to be absent, or leave it out");
                }
                self.check_replicas(setting, Some(template), &here);
                self.check_keys(ty, template, &here);
                self.check_literals(ty, template, &here, setting);
            }
            Verb::Set(template) => {
                self.check_replicas(setting, None, &at.key("at"));
                self.check_literals(ty, template, &at.key("set"), setting);
            }
            Verb::Remove => self.check_replicas(setting, None, &at.key("at")),
            Verb::Ensure(template) => {
                let is_list = matches!(template, Template::List(_));
                let ty = if is_list { ty } else { ty.items() };
                self.check_literals(ty, template, &at.key("ensure"), setting);
            }
            Verb::RequireNodeAffinity(term) => self.check_term(term, &at.key("requireNodeAffinity")),
            Verb::PreferNodeAffinity { weight, term } => {
                let here = at.key("preferNodeAffinity");
                if let Template::Literal(value) = weight
                    && !value.as_u64().is_some_and(|weight| (1..=100).contains(&weight))
                {
                    self.wrong(
                        "wrong-type",
                        &here.key("weight"),
                        format!("a weight is a whole number from 1 to 100, not {value}"),
                    );
                }
                self.check_term(term, &here.key("term"));
            }
            Verb::Assert(_) => {}
        }
    }

    /// `None` where the path names a field that its type does not have.
    fn check_path(&mut self, setting: Setting<'_>) -> Option<()> {
        let Some(path) = setting.place else {
            return Some(());
        };
        let mut ty = start(setting, path);
        let mut from = 0;
        for segment in &path.segments {
            if let Segment::Field(name) = segment {
                let start = path
                    .text
                    .get(from..)
                    .and_then(|rest| rest.find(name.as_str()))
                    .map_or(from, |at| from + at);
                from = start + name.len();
                if ty.has_field(name) == Some(false) && ty.fields().next().is_some() {
                    let known: Vec<&str> = ty.fields().collect();
                    let error = CompileError {
                        message: format!("there is no field `{name}` at this place"),
                        range: start..from,
                        help: nearest(name, &known).map(|_| instead(name, &known)),
                    };
                    self.wrong_in("bad-path", &setting.at.key("at"), &path.text, &error);
                    return None;
                }
            }
            ty = step(ty, segment);
        }
        Some(())
    }

    /// Autoscalers own `spec.replicas`: a template that writes it fights them.
    fn check_replicas(&mut self, setting: Setting<'_>, template: Option<&Template>, here: &Pointer) {
        if setting.subject != Subject::Object {
            return;
        }
        let mut left: &[&str] = &["spec", "replicas"];
        for segment in setting.place.iter().flat_map(|path| &path.segments) {
            match (segment, left.split_first()) {
                (Segment::Field(name), Some((first, rest))) if name == first => left = rest,
                _ => return,
            }
        }
        if template.map_or(left.is_empty(), |template| writes(template, left)) {
            self.wrong(
                "replicas",
                here,
                "spec.replicas cannot be written: autoscalers own it",
            );
        }
    }

    /// Items of a keyed list that is merged need their key.
    fn check_keys(&mut self, ty: Type, template: &Template, here: &Pointer) {
        match template {
            Template::Map(entries) => {
                for (key, value) in entries {
                    if let Template::Literal(Value::String(key)) = key {
                        self.check_keys(ty.field(key), value, &here.key(key));
                    }
                }
            }
            Template::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let here = here.index(index);
                    if let (ListKind::Map(keys), Template::Map(entries)) = (ty.list_kind(), item)
                        && let Some(key) = missing_key(ty, keys, entries)
                    {
                        self.wrong(
                            "no-merge-key",
                            &here,
                            format!("an item of this list needs the key `{key}`, by which it is found"),
                        );
                    }
                    self.check_keys(ty.items(), item, &here);
                }
            }
            _ => {}
        }
    }

    fn check_literals(&mut self, ty: Type, template: &Template, here: &Pointer, setting: Setting<'_>) {
        let Err(misfit) = schema::check(ty, &literals(template), true) else {
            return;
        };
        let place = setting.place.map_or("", |path| path.text.as_str());
        let keyed = misfit.keyed.to_string();
        let name = match (place.is_empty(), keyed.is_empty()) {
            (true, true) => "the value".to_owned(),
            (_, true) => place.to_owned(),
            (true, false) => keyed,
            (false, false) => format!("{place}{}{keyed}", if keyed.starts_with('[') { "" } else { "." }),
        };
        let at = here.join(&misfit.pointer);
        let is_text = at_pointer(template, &misfit.pointer)
            .is_some_and(|found| matches!(found, Template::Interpolated(_)));
        if is_text {
            self.wrong(
                "wrong-type",
                &at,
                format!(
                    "{name} must be {}, but text with $(…) in it is a string",
                    misfit.expected()
                ),
            );
            self.help("an expression keeps its type only where $(…) is the whole value");
        } else {
            self.misfit(&misfit, &at, &name);
        }
    }

    /// A field that does not exist is shown itself, anything else by its value.
    fn misfit(&mut self, misfit: &schema::Misfit, at: &Pointer, name: &str) {
        let message = misfit.sentence(name);
        match misfit.nearest() {
            Some(near) => {
                self.wrong_key("wrong-type", at, message);
                self.help(format!("did you mean `{near}`?"));
            }
            None if misfit.is_field() => self.wrong_key("wrong-type", at, message),
            None => self.wrong("wrong-type", at, message),
        }
    }

    /// A match expression of node affinity, or a list of them.
    fn check_term(&mut self, term: &Template, here: &Pointer) {
        let affinity = schema::pod_template()
            .field("spec")
            .field("affinity")
            .field("nodeAffinity");
        let terms = affinity
            .field("requiredDuringSchedulingIgnoredDuringExecution")
            .field("nodeSelectorTerms");
        let expression = terms.items().field("matchExpressions").items();
        let all: Vec<(&Template, Pointer)> = match term {
            Template::List(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| (item, here.index(index)))
                .collect(),
            one => vec![(one, here.clone())],
        };
        for (item, at) in all {
            let value = literals(item);
            if let Err(misfit) = schema::check(expression, &value, true) {
                self.misfit(&misfit, &at.join(&misfit.pointer), "the match expression");
                continue;
            }
            let Template::Map(entries) = item else { continue };
            for field in ["key", "operator"] {
                if !entries
                    .iter()
                    .any(|(key, _)| matches!(key, Template::Literal(found) if found == field))
                {
                    self.wrong(
                        "wrong-type",
                        &at,
                        format!("a match expression needs the field `{field}`"),
                    );
                }
            }
            const OPERATORS: [&str; 6] = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];
            if let Some(operator) = value.get("operator").and_then(Value::as_str)
                && !OPERATORS.contains(&operator)
            {
                let message = format!("there is no operator `{operator}` for nodes");
                self.wrong("wrong-type", &at.key("operator"), message);
                self.help(instead(operator, &OPERATORS));
            }
        }
    }
}

fn name_of(verb: &Verb) -> &'static str {
    match verb {
        Verb::Merge(_) => "merge",
        Verb::Set(_) => "set",
        Verb::Remove => "remove",
        Verb::Ensure(_) => "ensure",
        Verb::RequireNodeAffinity(_) => "requireNodeAffinity",
        Verb::PreferNodeAffinity { .. } => "preferNodeAffinity",
        Verb::Assert(_) => "assert",
    }
}

/// The type at a path's root.
fn start(setting: Setting<'_>, path: &Path) -> Type {
    match path.root {
        Root::Subject => root(setting),
        Root::Containers(_) => root(setting).field("spec").field("containers").items(),
    }
}

fn root(setting: Setting<'_>) -> Type {
    if setting.subject == Subject::Pod {
        return schema::pod_template();
    }
    let kinds: Vec<_> = setting
        .matchers
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

fn step(ty: Type, segment: &Segment) -> Type {
    match segment {
        Segment::Field(name) => ty.field(name),
        Segment::Each if ty.items() == Type::UNKNOWN => ty.field(""),
        Segment::Each | Segment::Where { .. } => ty.items(),
    }
}

/// The type of what a rule writes.
fn type_of(setting: Setting<'_>) -> Type {
    match setting.place {
        Some(path) => path.segments.iter().fold(start(setting, path), step),
        None => root(setting),
    }
}

/// The literals of a template; null stands for what is computed.
fn literals(template: &Template) -> Value {
    match template {
        Template::Literal(value) => value.clone(),
        // A text that is also a quantity, since what comes out may well be one.
        Template::Interpolated(_) => json!("1"),
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

fn at_pointer<'t>(template: &'t Template, pointer: &Pointer) -> Option<&'t Template> {
    pointer
        .0
        .iter()
        .try_fold(template, |template, token| match (template, token) {
            (Template::Map(entries), Token::Key(name)) => entries
                .iter()
                .find(|(key, _)| matches!(key, Template::Literal(found) if found == name.as_str()))
                .map(|(_, value)| value),
            (Template::List(items), Token::Index(index)) => items.get(*index),
            _ => None,
        })
}

/// The first merge key that an item has not, in any form.
fn missing_key<'k>(list: Type, keys: &[&'k str], entries: &[(Template, Template)]) -> Option<&'k str> {
    let is_computed = entries
        .iter()
        .any(|(key, _)| !matches!(key, Template::Literal(_)));
    let has = |name: &str| {
        entries
            .iter()
            .any(|(key, _)| matches!(key, Template::Literal(found) if found == name))
    };
    keys.iter()
        .copied()
        .filter(|_| !is_computed)
        .find(|name| !has(name) && list.key_default(name).is_none())
}

fn empty_leaf(template: &Template, at: &Pointer) -> Option<Pointer> {
    match template {
        Template::Literal(Value::Object(map)) if map.is_empty() => Some(at.clone()),
        Template::Literal(Value::Array(items)) if items.is_empty() => Some(at.clone()),
        Template::Map(entries) => entries.iter().find_map(|(key, value)| match key {
            Template::Literal(Value::String(key)) => empty_leaf(value, &at.key(key)),
            _ => empty_leaf(value, at),
        }),
        Template::List(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| empty_leaf(item, &at.index(index))),
        _ => None,
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
