//! Findings as reports of openreports.io/v1alpha1, which dashboards of policies show: one a namespace.

use std::collections::BTreeMap;

use super::human::sensitive;
use super::lines::Lines;
use crate::finding::{Judged, Kind, Report, Said};
use crate::json::{Map, Value, json};
use crate::manifest;
use crate::policy::Disposition;
use crate::resource::{Name, ResourceId};

const API_VERSION: &str = "openreports.io/v1alpha1";
const NAME: &str = "fixative";

/// The reports as one YAML stream for `kubectl apply`. What states no namespace is in a report without one, which
/// kubectl puts where the release goes; what stands in none is in a ClusterReport.
pub fn reports(report: &Report, digest: &str) -> String {
    let mut lines = Lines::new(sensitive(report.said().map(|said| &said.finding)));
    let mut results: BTreeMap<Scope<'_>, Vec<Value>> = BTreeMap::new();
    for judged in &report.objects {
        let found = results_of(judged, &mut lines);
        if !found.is_empty() {
            results.entry(Scope::of(judged)).or_default().extend(found);
        }
    }
    let reports = results.into_iter().map(|(scope, results)| {
        let report = document(scope, results, digest);
        format!("---\n{}", manifest::yaml(&report))
    });
    reports.collect()
}

/// Which report an object's results stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope<'r> {
    Cluster,
    /// Of a text: wherever it is applied.
    Release,
    Namespace(&'r str),
}

impl<'r> Scope<'r> {
    fn of(judged: &'r Judged) -> Self {
        match (&judged.object.namespace, &judged.location) {
            (Some(namespace), _) => Scope::Namespace(namespace),
            (None, Some(_)) => Scope::Release,
            (None, None) => Scope::Cluster,
        }
    }
}

fn document(scope: Scope<'_>, results: Vec<Value>, digest: &str) -> Value {
    let mut metadata = json!({
        "name": NAME,
        "labels": {"app.kubernetes.io/managed-by": "fixative"},
        "annotations": {"fixative.dev/policies": digest},
    });
    if let (Scope::Namespace(namespace), Some(map)) = (scope, metadata.as_object_mut()) {
        map.insert("namespace".into(), namespace.into());
    }
    let count = |wanted: &str| results.iter().filter(|result| result["result"] == wanted).count();
    let summary: Map = ["pass", "fail", "warn", "error", "skip"]
        .into_iter()
        .map(|name| (name.to_owned(), count(name).into()))
        .collect();
    json!({
        "apiVersion": API_VERSION,
        "kind": if scope == Scope::Cluster { "ClusterReport" } else { "Report" },
        "metadata": metadata,
        "source": NAME,
        "summary": summary,
        "results": results,
    })
}

fn results_of(judged: &Judged, lines: &mut Lines<'_>) -> Vec<Value> {
    let resources = json!([reference(&judged.object)]);
    let said = judged.said.iter().map(|said| result(said, lines, &resources));
    let mut results: Vec<Value> = said.collect();
    results.extend(judged.exempt.iter().map(|(policy, why)| {
        json!({"policy": policy, "source": NAME, "result": "skip", "message": why, "resources": resources})
    }));
    results.extend(
        judged.passed.iter().map(
            |policy| json!({"policy": policy, "source": NAME, "result": "pass", "resources": resources}),
        ),
    );
    results
}

fn result(said: &Said, lines: &mut Lines<'_>, resources: &Value) -> Value {
    let finding = &said.finding;
    let result = match (&finding.kind, said.action) {
        (Kind::Failed, _) => "error",
        (_, Disposition::Deny) => "fail",
        // What cannot be told is no judgement, unless the policy says so.
        (Kind::Unknown(_), Disposition::Audit) => "skip",
        (_, Disposition::Warn | Disposition::Audit) => "warn",
    };
    let mut properties = json!({
        "action": format!("{:?}", said.action),
        "path": finding.place.keyed.to_string(),
        "fingerprint": finding.fingerprint().0,
    });
    if let Some(map) = properties.as_object_mut() {
        let mut add = |name: &str, text: Option<String>| {
            map.extend(text.map(|text| (name.to_owned(), Value::from(text))));
        };
        add("fix", finding.fix.clone());
        add("file", finding.location.as_ref().map(|at| lines.name(at)));
        add(
            "template",
            finding.location.as_ref().and_then(|at| at.template.clone()),
        );
    }
    json!({
        "policy": finding.by.policy,
        "rule": finding.by.rule,
        "source": NAME,
        "severity": finding.severity,
        "result": result,
        "scored": said.action != Disposition::Audit,
        "message": finding.message,
        "properties": properties,
        "resources": resources,
    })
}

fn reference(object: &ResourceId) -> Value {
    let mut reference = json!({"apiVersion": object.gvk.api_version(), "kind": object.gvk.kind});
    if let Some(map) = reference.as_object_mut() {
        if let Some(namespace) = &object.namespace {
            map.insert("namespace".into(), namespace.as_str().into());
        }
        if let Name::Given(name) = &object.name {
            map.insert("name".into(), name.as_str().into());
        }
    }
    reference
}
