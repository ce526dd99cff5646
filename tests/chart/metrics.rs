//! Alerts and the dashboard ask only for metrics that there are.

use std::collections::BTreeSet;

use fixative::policy::Disposition;
use fixative::webhook::judge::Webhook;
use fixative::webhook::metrics::{FailureReason, Metrics, RequestResult};
use regex::Regex;
use serde_json::Value;

use crate::chart::{EVERYTHING, object, objects};

/// Every metric of the program, as it is scraped.
const METRICS: [&str; 14] = [
    "fixative_admission_failures_total",
    "fixative_admission_findings_total",
    "fixative_admission_repairs_lost_total",
    "fixative_admission_request_duration_seconds_bucket",
    "fixative_admission_request_duration_seconds_count",
    "fixative_admission_request_duration_seconds_sum",
    "fixative_admission_requests_total",
    "fixative_certificate_expiry_timestamp_seconds",
    "fixative_certificate_reloads_total",
    "fixative_connections",
    "fixative_facts_synced",
    "fixative_policies_last_load_success",
    "fixative_policies_last_load_timestamp_seconds",
    "fixative_policies_loaded",
];

/// What only the API server can count. Source: k8s.io/apiserver/pkg/admission/metrics.
const API_SERVER: [&str; 1] = ["apiserver_admission_webhook_fail_open_count"];

/// The list above is what the program counts, all of it.
#[test]
fn the_program_has_these_metrics() {
    let metrics = Metrics::default();
    metrics.answered(Webhook::Mutate, RequestResult::Allowed, 0.001);
    metrics.found("links", Disposition::Warn);
    metrics.failed(FailureReason::Timeout);
    metrics.lost(1);
    metrics.loaded("digest".to_owned(), 1);
    metrics.certificate(1);
    metrics.facts("Node".to_owned(), true);
    let text = metrics.text().unwrap();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let names: BTreeSet<&str> = samples.filter_map(|line| line.split(['{', ' ']).next()).collect();
    assert_eq!(names, BTreeSet::from(METRICS));
}

/// The metrics that an expression asks for: words that are no function, keyword, label or value.
fn metrics(expression: &str) -> BTreeSet<String> {
    let without_values = Regex::new(r#""(\\.|[^"\\])*""#)
        .unwrap()
        .replace_all(expression, "");
    let without_labels = Regex::new(r"\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring) *\([^)]*\)")
        .unwrap()
        .replace_all(&without_values, "");
    let words = Regex::new(r"[A-Za-z_:][A-Za-z0-9_:]*( *\()?").unwrap();
    words
        .find_iter(&without_labels)
        .map(|word| word.as_str().to_owned())
        .filter(|word| {
            !word.ends_with('(') && !["or", "and", "unless", "bool", "by"].contains(&word.as_str())
        })
        .collect()
}

#[track_caller]
fn are_known(expression: &str) -> BTreeSet<String> {
    let metrics = metrics(expression);
    for metric in &metrics {
        let known = METRICS.contains(&metric.as_str()) || API_SERVER.contains(&metric.as_str());
        assert!(known, "no metric {metric}: {expression}");
    }
    metrics
}

fn alerts(values: &str) -> Vec<Value> {
    let objects = objects(values);
    let rule = object(&objects, "PrometheusRule", "fixative");
    rule["spec"]["groups"][0]["rules"].as_array().unwrap().clone()
}

/// Each alert that there is, and the metric that it looks at.
#[test]
fn alerts_look_at_what_there_is() {
    let expected = [
        ("FixativeFailsOpen", "apiserver_admission_webhook_fail_open_count"),
        ("FixativeFailures", "fixative_admission_failures_total"),
        (
            "FixativeSlow",
            "fixative_admission_request_duration_seconds_bucket",
        ),
        (
            "FixativeSlow",
            "fixative_admission_request_duration_seconds_bucket",
        ),
        (
            "FixativeCertificateEndsSoon",
            "fixative_certificate_expiry_timestamp_seconds",
        ),
        ("FixativePoliciesNotLoaded", "fixative_policies_last_load_success"),
        ("FixativeReplicasDisagree", "fixative_policies_loaded"),
        ("FixativeRepairsLost", "fixative_admission_repairs_lost_total"),
        ("FixativeFactsNotSynced", "fixative_facts_synced"),
        ("FixativeAbsent", "fixative_policies_loaded"),
    ];
    let alerts = alerts(EVERYTHING);
    let found: Vec<(&str, String)> = alerts
        .iter()
        .map(|alert| {
            let metrics = are_known(alert["expr"].as_str().unwrap());
            let metrics: Vec<String> = metrics.into_iter().collect();
            (alert["alert"].as_str().unwrap(), metrics.join(" "))
        })
        .collect();
    assert_eq!(found, expected.map(|(alert, metric)| (alert, metric.to_owned())));
    for alert in &alerts {
        let own = alert["expr"].as_str().unwrap().contains("fixative_");
        let narrowed = r#"{namespace="guard",job="fixative-metrics""#;
        assert_eq!(
            alert["expr"].as_str().unwrap().contains(narrowed),
            own,
            "{alert:#}"
        );
        assert!(!alert["annotations"]["description"].as_str().unwrap().is_empty());
    }
}

#[test]
fn an_alert_about_time_stands_at_half_the_timeout_or_below_the_last_bucket() {
    let alerts = alerts(EVERYTHING);
    let slow = alerts.iter().filter(|alert| alert["alert"] == "FixativeSlow");
    let ends: Vec<&str> = slow
        .map(|alert| alert["expr"].as_str().unwrap().rsplit(' ').next().unwrap())
        .collect();
    // mutate has 3 s, validate 10 s there; the histogram's last bucket ends at 1.6384 s.
    assert_eq!(ends, ["1.5", "1.6"]);
}

#[test]
fn alerts_can_be_left_out() {
    let values = "metrics: {prometheusRule: {enabled: true, disabled: [FixativeSlow, FixativeRepairsLost]}}";
    let alerts = alerts(values);
    let names: Vec<&str> = alerts
        .iter()
        .map(|alert| alert["alert"].as_str().unwrap())
        .collect();
    let expected = [
        "FixativeFailsOpen",
        "FixativeFailures",
        "FixativeCertificateEndsSoon",
        "FixativePoliciesNotLoaded",
        "FixativeReplicasDisagree",
        "FixativeAbsent",
    ];
    assert_eq!(names, expected);
}

#[test]
fn the_dashboard_shows_every_metric_and_no_other() {
    let objects = objects(EVERYTHING);
    let text = object(&objects, "ConfigMap", "fixative-dashboard")["data"]["fixative.json"].clone();
    let dashboard: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    let mut shown = BTreeSet::new();
    let mut places = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(panel["title"].is_string() && panel["description"].is_string());
        assert!(places.insert((panel["gridPos"]["x"].as_u64(), panel["gridPos"]["y"].as_u64())));
        for target in panel["targets"].as_array().unwrap() {
            shown.extend(are_known(target["expr"].as_str().unwrap()));
        }
    }
    let of_histogram =
        |metric: &&str| !metric.ends_with("_seconds_count") && !metric.ends_with("_seconds_sum");
    let all = METRICS
        .iter()
        .filter(|metric| of_histogram(metric))
        .chain(&API_SERVER);
    assert_eq!(shown, all.map(|metric| (*metric).to_owned()).collect());
}

#[test]
fn the_monitor_finds_the_service() {
    let objects = objects(EVERYTHING);
    let monitor = object(&objects, "ServiceMonitor", "fixative");
    let service = object(&objects, "Service", "fixative-metrics");
    let labels = service["metadata"]["labels"].as_object().unwrap();
    for (key, value) in monitor["spec"]["selector"]["matchLabels"].as_object().unwrap() {
        assert_eq!(labels.get(key), Some(value));
    }
    assert_eq!(
        monitor["spec"]["endpoints"][0]["port"],
        service["spec"]["ports"][0]["name"]
    );
    assert_eq!(monitor["metadata"]["labels"]["release"], "prometheus");
    // Else it would be scraped twice, once with TLS.
    let webhook = object(&objects, "Service", "fixative");
    assert!(webhook["metadata"]["labels"]["app.kubernetes.io/component"].is_null());
}

#[test]
fn words_of_an_expression_are_told_from_metrics() {
    let asked =
        metrics(r#"sum by (a, b) (rate(x_total{c="d{e}",f=~"g"}[5m])) / on(z) y > bool 2 or vector(0)"#);
    assert_eq!(asked.into_iter().collect::<Vec<_>>(), ["x_total", "y"]);
}
