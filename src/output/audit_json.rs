//! What `audit` says of a cluster, for programs. The shape is documented in docs/audit.md; fields are only ever
//! added under one version.

use serde::Serialize;

use crate::cluster::audit::Audit;
use crate::finding::{Finding, Kind};
use crate::policy::{Disposition, Severity};
use crate::resource::Name;

/// The version of the shape.
const VERSION: u32 = 1;

#[derive(Debug, Serialize)]
struct Document<'a> {
    version: u32,
    policies: &'a str,
    objects: usize,
    forbidden: Vec<String>,
    findings: Vec<Row<'a>>,
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
#[serde(rename_all = "lowercase")]
enum FindingKind {
    Violation,
    Unrepaired,
    Unknown,
    Conflict,
    Failed,
}

/// Everything, as one document.
pub fn document(audit: &Audit, digest: &str) -> String {
    let findings = audit.decisions.iter().flat_map(|decision| {
        let all = [
            (Disposition::Deny, &decision.denials),
            (Disposition::Warn, &decision.warnings),
            (Disposition::Audit, &decision.audits),
        ];
        all.into_iter()
            .flat_map(|(action, findings)| findings.iter().map(move |finding| row(action, finding)))
    });
    let document = Document {
        version: VERSION,
        policies: digest,
        objects: audit.decisions.len(),
        forbidden: audit.forbidden.iter().map(ToString::to_string).collect(),
        findings: findings.collect(),
    };
    let value = serde_json::to_value(&document).unwrap_or_default();
    format!("{value:#}\n")
}

/// What the rule would do elsewhere does not matter: `action` is what the finding does here.
fn row(action: Disposition, finding: &Finding) -> Row<'_> {
    let object = &finding.object;
    Row {
        policy: &finding.by.policy,
        rule: &finding.by.rule,
        severity: finding.severity,
        action,
        kind: match finding.kind {
            Kind::Violation => FindingKind::Violation,
            Kind::Unrepaired => FindingKind::Unrepaired,
            Kind::Unknown(_) => FindingKind::Unknown,
            Kind::Conflict { .. } => FindingKind::Conflict,
            Kind::Failed => FindingKind::Failed,
        },
        object: Object {
            api_version: object.gvk.api_version(),
            kind: &object.gvk.kind,
            namespace: object.namespace.as_deref(),
            name: match &object.name {
                Name::Given(name) | Name::Generated(name) => name,
                Name::Missing => "",
            },
        },
        pointer: finding.place.pointer.to_string(),
        path: finding.place.keyed.to_string(),
        message: &finding.message,
        fix: finding.fix.as_deref(),
        sensitive: finding.sensitive,
        fingerprint: finding.fingerprint().0,
    }
}
