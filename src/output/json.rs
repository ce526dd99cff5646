//! Findings for programs. The shape is documented in docs/check.md; fields are only ever added under one version.

use serde::Serialize;

use super::human::sensitive;
use super::lines::Lines;
use crate::finding::{Finding, Kind, Location, Report, Said, Stale};
use crate::policy::{Disposition, Severity};
use crate::resource::{Name, ResourceId};

/// The version of the shape.
const VERSION: u32 = 1;

#[derive(Debug, Serialize)]
struct Document<'a> {
    version: u32,
    policies: &'a str,
    objects: usize,
    forbidden: Vec<String>,
    findings: Vec<Row<'a>>,
    exempt: Vec<Exempt<'a>>,
    #[serde(rename = "staleExemptions")]
    stale: Vec<StaleExemption<'a>>,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    policy: &'a str,
    rule: &'a str,
    severity: Severity,
    action: Disposition,
    kind: FindingKind,
    object: Object<'a>,
    pointer: String,
    path: String,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'a str>,
    sensitive: bool,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Place<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    api_version: String,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    name: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Exempt<'a> {
    object: Object<'a>,
    policy: &'a str,
    reason: &'a str,
}

#[derive(Debug, Serialize)]
struct StaleExemption<'a> {
    policies: &'a [String],
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<&'a str>,
    over: bool,
    file: &'a str,
    line: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum FindingKind {
    Violation,
    Unrepaired,
    Unknown,
    Conflict,
    Failed,
}

/// Everything, as one document.
pub fn document(report: &Report, digest: &str) -> String {
    let mut lines = Lines::new(sensitive(report.said().map(|said| &said.finding)));
    let document = Document {
        version: VERSION,
        policies: digest,
        objects: report.objects.len(),
        forbidden: report.forbidden.iter().map(ToString::to_string).collect(),
        findings: report.said().map(|said| row(said, &mut lines)).collect(),
        exempt: exempt(report),
        stale: report.stale.iter().map(stale).collect(),
    };
    let value = serde_json::to_value(&document).unwrap_or_default();
    format!("{value:#}\n")
}

/// What the rule would do elsewhere does not matter: `action` is what the finding does here.
fn row<'a>(said: &'a Said, lines: &mut Lines<'_>) -> Row<'a> {
    let finding: &Finding = &said.finding;
    Row {
        policy: &finding.by.policy,
        rule: &finding.by.rule,
        severity: finding.severity,
        action: said.action,
        kind: match finding.kind {
            Kind::Violation => FindingKind::Violation,
            Kind::Unrepaired => FindingKind::Unrepaired,
            Kind::Unknown(_) => FindingKind::Unknown,
            Kind::Conflict { .. } => FindingKind::Conflict,
            Kind::Failed => FindingKind::Failed,
        },
        object: object(&finding.object),
        pointer: finding.place.pointer.to_string(),
        path: finding.place.keyed.to_string(),
        message: &finding.message,
        fix: finding.fix.as_deref(),
        sensitive: finding.sensitive,
        fingerprint: finding.fingerprint().0,
        location: finding.location.as_ref().map(|location| place(location, lines)),
    }
}

fn object(object: &ResourceId) -> Object<'_> {
    Object {
        api_version: object.gvk.api_version(),
        kind: &object.gvk.kind,
        namespace: object.namespace.as_deref(),
        name: match &object.name {
            Name::Given(name) | Name::Generated(name) => name,
            Name::Missing => "",
        },
    }
}

fn place<'a>(location: &'a Location, lines: &mut Lines<'_>) -> Place<'a> {
    let (start, end) = lines.region(&location.source, location.span);
    Place {
        file: location.source.name(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        template: location.template.as_deref(),
    }
}

fn exempt(report: &Report) -> Vec<Exempt<'_>> {
    let rows = report.objects.iter().flat_map(|judged| {
        judged.exempt.iter().map(|(policy, reason)| Exempt {
            object: object(&judged.object),
            policy,
            reason,
        })
    });
    rows.collect()
}

fn stale(stale: &Stale) -> StaleExemption<'_> {
    let exemption = &stale.exemption;
    StaleExemption {
        policies: &exemption.policies,
        reason: &exemption.reason,
        until: exemption.until.as_deref(),
        over: exemption.is_over,
        file: exemption.source.name(),
        line: exemption.source.line_column(exemption.span.start).line,
    }
}
