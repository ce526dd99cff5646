//! The policies of a pack as a page in Markdown: what each holds, why, what it takes, and an example.

mod example;

use std::collections::BTreeSet;

use compact_str::CompactString;

use super::clean;
use super::policies::{DOORS, verb, word};
use crate::json::{List, Value};
use crate::manifest;
use crate::policy::{Disposition, Locality, Pack, Policy, PolicySet, Rule};
use crate::testing::example::Examples;

/// The whole page; `examples` has those of each policy, in the order of the set.
pub fn page(set: &PolicySet, examples: &[Examples]) -> String {
    let pack = set.packs.first();
    let name = |pack: &Pack| format!("{} {}", pack.name, pack.version);
    let name = pack.map(name).unwrap_or_default();
    let mut text = format!(
        "# Policies of {}\n\n\
         Written by `fixative policies docs` from the policies and their tests.\n\n\
         | policy | holds | severity | a finding |\n|---|---|---|---|\n",
        plain(name.trim())
    );
    for policy in &set.policies {
        let name = plain(&policy.name);
        text += &format!(
            "| [{name}](#{name}) | {} | {} | {} |\n",
            cell(&plain(&policy.title)),
            word(&policy.severity),
            actions(policy)
        );
    }
    for (policy, examples) in set.policies.iter().zip(examples) {
        text.push('\n');
        text += &section(policy, examples);
    }
    text
}

fn section(policy: &Policy, examples: &Examples) -> String {
    let spec = spec(policy);
    let mut text = format!("## {0}\n\n{1}.\n", plain(&policy.name), plain(&policy.title));
    if !policy.description.trim().is_empty() {
        text.push('\n');
    }
    for line in policy.description.trim().lines() {
        text += &format!("{}\n", plain(line));
    }
    text += &format!(
        "\n- Severity {}; a finding {}.\n",
        word(&policy.severity),
        actions(policy)
    );
    if let Some(why) = &policy.inactive {
        text += &format!("- Inactive as it comes: {}.\n", plain(why));
    }
    let looks = matched(spec.get("match"));
    if !looks.is_empty() {
        text += &format!("- Looks at {looks}.\n");
    }
    if policy.sensitive {
        text += "- Values under its findings are never printed.\n";
    }
    let sources: Vec<String> = list(spec.get("sources")).iter().filter_map(source).collect();
    if !sources.is_empty() {
        text += &format!("- Sources:\n  - {}\n", sources.join("\n  - "));
    }
    text += &params(&spec);
    text += "\n**Rules**\n\n";
    let written = list(spec.get("rules"));
    for (rule, written) in policy.rules.iter().zip(written) {
        text += &describe(policy, rule, written);
    }
    text + &example::examples(policy, examples)
}

/// The policy as it is written: what is compiled does not show expressions and schemas any more.
fn spec(policy: &Policy) -> Value {
    let documents = manifest::split(&policy.source);
    let mut trees = documents
        .iter()
        .filter_map(|document| manifest::read(&policy.source, document).ok());
    let name = |value: &Value| value.pointer("/metadata/name")?.as_str().map(str::to_owned);
    let own = trees.find(|tree| name(&tree.value).as_ref() == Some(&policy.name));
    own.and_then(|mut tree| Some(tree.value.get_mut("spec")?.take()))
        .unwrap_or_default()
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], List::as_slice)
}

/// An address as a link with what follows it, anything else as it is.
fn source(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let (address, rest) = text.split_once(' ').unwrap_or((text, ""));
    if !address.starts_with("https://") || address.contains(['<', '>']) {
        return Some(plain(text));
    }
    let link = format!("<{}>", clean(address));
    Some(if rest.is_empty() {
        link
    } else {
        format!("{link} {}", plain(rest))
    })
}

/// What its findings do, the strongest first: `denies or warns`.
fn actions(policy: &Policy) -> String {
    let all: BTreeSet<Disposition> = policy.rules.iter().map(|rule| rule.action).collect();
    let words: Vec<&str> = all.iter().rev().map(|action| does(*action)).collect();
    words.join(" or ")
}

fn does(action: Disposition) -> &'static str {
    match action {
        Disposition::Deny => "denies",
        Disposition::Warn => "warns",
        Disposition::Audit => "is counted",
    }
}

/// `components server and database; kinds Deployment.apps`.
fn matched(matching: Option<&Value>) -> String {
    let Some(matching) = matching.and_then(Value::as_object) else {
        return String::new();
    };
    let part = |(field, value): (&CompactString, &Value)| match value {
        Value::Array(items) if items.iter().any(|item| item == "*") => format!("all {field}"),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(code_value).collect();
            format!("{field} {}", items.join(", "))
        }
        other => format!("{field} {}", code_value(other)),
    };
    let parts: Vec<String> = matching.iter().map(part).collect();
    parts.join("; ")
}

fn params(spec: &Value) -> String {
    let properties = spec.pointer("/params/properties").and_then(Value::as_object);
    let Some(properties) = properties.filter(|all| !all.is_empty()) else {
        return String::new();
    };
    let required = list(spec.pointer("/params/required"));
    let mut text = "\n| parameter | is | default | |\n|---|---|---|---|\n".to_owned();
    for (name, schema) in properties {
        let default = match schema.get("default") {
            Some(default) => cell(&code_value(default)),
            None if required.iter().any(|required| *required == **name) => "none: switches it on".to_owned(),
            None => "none".to_owned(),
        };
        let description = schema
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        text += &format!(
            "| {} | {} | {default} | {} |\n",
            cell(&code(name)),
            cell(&kind(schema)),
            cell(&plain(description.trim()))
        );
    }
    text
}

/// `list of string`, `none or nvidia`.
fn kind(schema: &Value) -> String {
    let choices = list(schema.get("enum"));
    if !choices.is_empty() {
        let choices: Vec<String> = choices.iter().map(code_value).collect();
        return choices.join(" or ");
    }
    let word = match schema.get("type").and_then(Value::as_str) {
        Some("array") => {
            return schema
                .get("items")
                .map_or("list".to_owned(), |items| format!("list: {}", kind(items)));
        }
        Some("object") => "map",
        Some("boolean") => "true or false",
        Some("integer") => "whole number",
        Some("number") => "number",
        Some("string") => "text",
        _ => "anything",
    };
    match schema.get("pattern").and_then(Value::as_str) {
        Some(pattern) => format!("{word} like {}", code(pattern)),
        None => word.to_owned(),
    }
}

/// A longer value than this says less than the example.
const SHORT: usize = 100;

/// ``- `disable`: `merge` `{enableServiceLinks: false}` at `spec`.``
fn describe(policy: &Policy, rule: &Rule, written: &Value) -> String {
    let verb = verb(&rule.verb);
    let mut text = format!("- {}: {}", code(&rule.name), code(verb));
    let value = written.get(verb).filter(|_| verb != "assert").map(code_value);
    if let Some(value) = value.filter(|value| value.chars().count() <= SHORT) {
        text += &format!(" {value}");
    }
    if let Some(path) = &rule.at {
        text += &format!(" at {}", code(&path.text));
    }
    let looks = matched(written.get("match"));
    if !looks.is_empty() {
        text += &format!(", {looks}");
    }
    if policy.rules.iter().any(|other| other.action != rule.action) {
        text += &format!(", {}", does(rule.action));
    }
    if rule.unknown != Disposition::Audit {
        text += &format!(", {} where it cannot tell", does(rule.unknown));
    }
    if rule.doors != BTreeSet::from(DOORS) {
        let doors: Vec<String> = rule.doors.iter().map(word).collect();
        text += &format!(", only at {}", doors.join(", "));
    }
    if rule.locality == Locality::Factual {
        text += ", asks for facts";
    }
    if rule.transition {
        text += ", about a change";
    }
    if let Some(message) = written.get("message").and_then(Value::as_str) {
        text += &format!(".\n  Says {}", code(message.trim()));
    }
    text + ".\n"
}

/// A value on one line, as YAML reads it.
fn code_value(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() => code(text),
        other => code(&manifest::yaml_line(other)),
    }
}

/// `text` in backticks, more of them where it has some itself.
fn code(text: &str) -> String {
    let text = clean(text);
    if !text.contains('`') {
        return format!("`{text}`");
    }
    let ticks = "`".repeat(longest_run(&text) + 1);
    format!("{ticks} {text} {ticks}")
}

/// A fenced block that its text cannot end.
fn fence(language: &str, text: &str) -> String {
    let ticks = "`".repeat(longest_run(text).max(2) + 1);
    let lines: Vec<_> = text.lines().map(clean).collect();
    format!("{ticks}{language}\n{}\n{ticks}\n", lines.join("\n"))
}

fn longest_run(text: &str) -> usize {
    text.split(|c: char| c != '`').map(str::len).max().unwrap_or(0)
}

/// Prose of a policy: no tag and no emphasis that nobody meant.
fn plain(text: &str) -> String {
    clean(text).replace('<', "\\<").replace('*', "\\*")
}

/// Text in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
