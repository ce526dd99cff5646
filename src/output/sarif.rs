//! Findings as SARIF 2.1.0, for code scanning.

use std::collections::BTreeMap;

use super::human::sensitive;
use super::lines::Lines;
use crate::finding::{Finding, Location, Replacement, Report, RuleRef, Said, Stale};
use crate::json::{Map, Value, json};
use crate::policy::{Disposition, Policy, PolicySet, Severity};
use crate::source::{Source, Span};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Everything, as one log with one run. `is_answered` is false where a policy failed.
pub fn log(report: &Report, set: &PolicySet, is_answered: bool) -> String {
    let mut lines = Lines::new(sensitive(report.said().map(|said| &said.finding)));
    let rules = Rules::of(report);
    let results: Vec<Value> = report
        .said()
        .map(|said| result(said, &rules, &mut lines))
        .collect();
    let notifications: Vec<Value> = report.stale.iter().map(notification).collect();
    let driver = json!({
        "name": "fixative",
        "version": env!("CARGO_PKG_VERSION"),
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "rules": rules.descriptors(set),
    });
    let run = json!({
        "tool": {"driver": driver},
        // Columns count characters, from 1.
        "columnKind": "unicodeCodePoints",
        "invocations": [{
            "executionSuccessful": is_answered,
            "toolConfigurationNotifications": notifications,
        }],
        "properties": {"policies": set.digest.to_string(), "objects": report.objects.len()},
        "results": results,
    });
    let log = json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]});
    format!("{log:#}\n")
}

/// The rules that found something, by name.
struct Rules<'r>(BTreeMap<&'r RuleRef, usize>);

impl<'r> Rules<'r> {
    fn of(report: &'r Report) -> Self {
        let mut rules: BTreeMap<&RuleRef, usize> = report.said().map(|said| (&said.finding.by, 0)).collect();
        for (position, index) in rules.values_mut().enumerate() {
            *index = position;
        }
        Self(rules)
    }

    fn descriptors(&self, set: &PolicySet) -> Vec<Value> {
        let policy = |by: &RuleRef| set.policies.iter().find(|policy| policy.name == by.policy);
        self.0.keys().map(|by| descriptor(by, policy(by))).collect()
    }
}

fn descriptor(by: &RuleRef, policy: Option<&Policy>) -> Value {
    let mut descriptor = json!({"id": by.to_string(), "name": by.to_string()});
    let (Some(map), Some(policy)) = (descriptor.as_object_mut(), policy) else {
        return descriptor;
    };
    map.insert("shortDescription".into(), json!({"text": policy.title}));
    let why = policy.description.trim();
    if !why.is_empty() {
        map.insert("fullDescription".into(), json!({"text": why}));
        map.insert("help".into(), json!({"text": why}));
    }
    let properties = json!({
        "severity": policy.severity,
        "security-severity": score(policy.severity),
        "tags": ["kubernetes"],
    });
    map.insert("properties".into(), properties);
    descriptor
}

/// GitHub sorts by this number: from 9.0 critical, from 7.0 high, from 4.0 medium.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "2.0",
        Severity::Medium => "5.0",
        Severity::High => "8.0",
        Severity::Critical => "9.5",
    }
}

fn result(said: &Said, rules: &Rules<'_>, lines: &mut Lines<'_>) -> Value {
    let finding = &said.finding;
    let level = match said.action {
        Disposition::Deny => "error",
        Disposition::Warn => "warning",
        Disposition::Audit => "note",
    };
    let mut result = json!({
        "ruleId": finding.by.to_string(),
        "ruleIndex": rules.0.get(&finding.by),
        "level": level,
        "message": {"text": message(finding)},
        "locations": [location(finding, lines)],
        "partialFingerprints": {"fixative/v1": finding.fingerprint().0},
        "properties": {
            "pointer": finding.place.pointer.to_string(),
            "sensitive": finding.sensitive,
        },
    });
    let Some(map) = result.as_object_mut() else {
        return result;
    };
    if let Some(at) = &finding.location {
        add_template(map, at);
        if let Some(replacement) = &finding.replacement {
            map.insert("fixes".into(), json!([fix(finding, at, replacement, lines)]));
        }
    }
    result
}

/// What GitHub shows: the fix belongs to it, since viewers hardly offer `fixes`.
fn message(finding: &Finding) -> String {
    match &finding.fix {
        Some(fix) => format!("{}\n{fix}", finding.message),
        None => finding.message.clone(),
    }
}

fn location(finding: &Finding, lines: &mut Lines<'_>) -> Value {
    let place = finding.place.keyed.to_string();
    let object = finding.object.to_string();
    let name = if place.is_empty() {
        object.clone()
    } else {
        format!("{object}, {place}")
    };
    let mut location = json!({
        "logicalLocations": [{"name": object, "fullyQualifiedName": name, "kind": "object"}],
    });
    if let (Some(map), Some(at)) = (location.as_object_mut(), &finding.location) {
        let physical = json!({
            "artifactLocation": {"uri": uri(at.source.name())},
            "region": region(&at.source, at.span, lines),
        });
        map.insert("physicalLocation".into(), physical);
    }
    location
}

/// The chart template that rendered the object.
fn add_template(result: &mut Map, at: &Location) {
    if let Some(template) = &at.template {
        let related = json!([{
            "id": 0,
            "physicalLocation": {"artifactLocation": {"uri": uri(template)}},
            "message": {"text": "rendered by this template of the chart"},
        }]);
        result.insert("relatedLocations".into(), related);
    }
}

fn fix(finding: &Finding, at: &Location, replacement: &Replacement, lines: &mut Lines<'_>) -> Value {
    let change = json!({
        "deletedRegion": region(&at.source, replacement.span, lines),
        "insertedContent": {"text": replacement.text},
    });
    json!({
        "description": {"text": finding.fix.as_deref().unwrap_or(&finding.message)},
        "artifactChanges": [{
            "artifactLocation": {"uri": uri(at.source.name())},
            "replacements": [change],
        }],
    })
}

fn region(source: &Source, span: Span, lines: &mut Lines<'_>) -> Value {
    let (start, end) = lines.region(source, span);
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

fn notification(stale: &Stale) -> Value {
    let exemption = &stale.exemption;
    let at = exemption.source.line_column(exemption.span.start);
    json!({
        "level": "warning",
        "descriptor": {"id": "exemption"},
        "message": {"text": stale.message()},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(exemption.source.name())},
            "region": {"startLine": at.line, "startColumn": at.column},
        }}],
    })
}

/// A path as a reference: relative to where the program ran, or absolute.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.trim_start_matches("./");
    let mut uri = if path.starts_with('/') {
        "file://".to_owned()
    } else {
        String::new()
    };
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(byte.into());
        } else {
            uri += &format!("%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_references() {
        let cases = [
            ("a/b.yaml", "a/b.yaml"),
            ("./a b.yaml", "a%20b.yaml"),
            ("/tmp/ä.yaml", "file:///tmp/%C3%A4.yaml"),
            ("a\\b:c.yaml", "a/b%3Ac.yaml"),
            ("<stdin>", "%3Cstdin%3E"),
        ];
        for (path, expected) in cases {
            assert_eq!(uri(path), expected);
        }
    }
}
