//! Names in a policy: each once, and such that CEL and the command line can say them.

use super::document::Unit;
use super::file::span_of;
use super::spec::PolicyFile;
use crate::cel::Environment;
use crate::manifest::Tree;
use crate::pointer::Pointer;
use crate::source::{Diagnostic, Source};

/// Checks every name of a policy.
pub(super) fn check(unit: &Unit<PolicyFile>, of_pack: &Environment) -> Result<(), Vec<Diagnostic>> {
    let spec = Pointer::root().key("spec");
    let file = &unit.file;
    let mut names = Names {
        source: &unit.source,
        tree: &unit.tree,
        wrong: Vec::new(),
    };
    names.label(
        "a policy",
        &file.metadata.name,
        &Pointer::root().key("metadata").key("name"),
    );
    let of_rules: Vec<&str> = file.spec.rules.iter().map(|rule| rule.name.as_str()).collect();
    let of_variables: Vec<&str> = file
        .spec
        .variables
        .iter()
        .map(|variable| variable.name.as_str())
        .collect();
    let of_functions: Vec<&str> = file
        .spec
        .functions
        .iter()
        .map(|function| function.name.as_str())
        .collect();
    for (index, name) in of_rules.iter().enumerate() {
        names.label("a rule", name, &spec.key("rules").index(index).key("name"));
    }
    for (index, name) in of_variables.iter().enumerate() {
        names.identifier(
            "a variable",
            name,
            &spec.key("variables").index(index).key("name"),
        );
    }
    for name in file.spec.params.properties.keys() {
        names.identifier("a param", name, &spec.key("params").key("properties").key(name));
    }
    names.once("rule", &of_rules, &spec.key("rules"));
    names.once("variable", &of_variables, &spec.key("variables"));
    names.once("function", &of_functions, &spec.key("functions"));
    for (index, name) in of_functions.iter().enumerate() {
        if of_pack.has_function(name) {
            let at = spec.key("functions").index(index).key("name");
            names.tell(
                "duplicate-name",
                &at,
                format!("the pack has a function `{name}` already"),
            );
        }
    }
    if names.wrong.is_empty() {
        Ok(())
    } else {
        Err(names.wrong)
    }
}

/// Whether policies, rules, packs and components may be called this: lower case, as Kubernetes' labels are.
pub(super) fn is_label(name: &str) -> bool {
    let is_end =
        |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let mut bytes = name.bytes();
    is_end(name.bytes().next())
        && is_end(name.bytes().last())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

struct Names<'n> {
    source: &'n Source,
    tree: &'n Tree,
    wrong: Vec<Diagnostic>,
}

impl Names<'_> {
    fn tell(&mut self, code: &'static str, at: &Pointer, message: String) {
        // Params are named by keys.
        let is_scalar = self
            .tree
            .value
            .pointer(&at.to_string())
            .is_some_and(|value| value.is_string());
        let span = if is_scalar {
            span_of(self.tree, at)
        } else {
            super::file::key_of(self.tree, at)
        };
        self.wrong.push(Diagnostic::new(code, self.source, span, message));
    }

    fn label(&mut self, what: &str, name: &str, at: &Pointer) {
        if !is_label(name) {
            let message =
                format!("{what} cannot be called `{name}`: lower-case letters, digits and - make a name");
            self.tell("bad-name", at, message);
        }
    }

    fn identifier(&mut self, what: &str, name: &str, at: &Pointer) {
        if !is_identifier(name) {
            let message = format!(
                "{what} cannot be called `{name}`: letters, digits and _ make a name that CEL can say"
            );
            self.tell("bad-name", at, message);
        }
    }

    fn once(&mut self, what: &str, names: &[&str], at: &Pointer) {
        for (index, name) in names.iter().enumerate() {
            if names.iter().take(index).any(|other| other == name) {
                let at = at.index(index).key("name");
                self.tell(
                    "duplicate-name",
                    &at,
                    format!("there is a {what} `{name}` already"),
                );
            }
        }
    }
}
