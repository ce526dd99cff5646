//! Objects of kinds that others define, as their own definitions want them: every field known, every value in its
//! place.

use serde_json::{Value, json};

use crate::definitions::definitions;
use crate::helm::Helm;
use crate::process::{FIXATIVE, repository};
use crate::room::room;
use crate::streams::run;
use crate::yaml::objects;

#[test]
fn cert_manager_and_prometheus_take_what_the_chart_makes() {
    definitions();
    let room = room("definitions-chart");
    let helm = Helm::new("helm3", &room);
    let values = helm.values(&json!({
        "certificates": {"source": "certManager"},
        "metrics": {"serviceMonitor": {"enabled": true, "labels": {"release": "prometheus"}}, "prometheusRule": {"enabled": true}},
    }));
    let chart = repository("charts/fixative").display().to_string();
    let apis = "--api-versions=cert-manager.io/v1,monitoring.coreos.com/v1";
    let version = "--kube-version=1.36.3";
    let text = helm.run(&["template", "fixative", &chart, "--values", &values, apis, version]);
    let of_others = |object: &Value| {
        let api_version = object["apiVersion"].as_str().unwrap();
        api_version.starts_with("cert-manager.io/") || api_version.starts_with("monitoring.coreos.com/")
    };
    let mut taken: Vec<String> = objects(&text)
        .iter()
        .filter(|object| of_others(object))
        .map(|object| {
            room.strict(object).accepts();
            object["kind"].as_str().unwrap().to_owned()
        })
        .collect();
    taken.sort();
    assert_eq!(
        taken,
        [
            "Certificate",
            "Certificate",
            "Issuer",
            "Issuer",
            "PrometheusRule",
            "ServiceMonitor"
        ]
    );
}

#[test]
fn a_cluster_takes_the_reports() {
    definitions();
    let room = room("definitions-reports");
    let stream = std::fs::read(repository(
        "tests/fixtures/stories/raspberry-hostpath/manifests.yaml",
    ))
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    for namespace in [&[][..], &["--namespace", "definitions-reports"]] {
        let mut command = std::process::Command::new(FIXATIVE);
        command
            .current_dir(folder.path())
            .env_clear()
            .args(["check", "--format", "openreports"])
            .args(namespace);
        let (status, stdout, said) = run(&mut command, &stream);
        assert_eq!(status, Some(1), "{said}");
        let reports = objects(&String::from_utf8(stdout).unwrap());
        assert!(!reports.is_empty());
        for report in reports {
            assert!(report["results"].as_array().unwrap().len() > 3, "{report}");
            // Only the room's namespace is there.
            let mut report = report;
            report["metadata"]["namespace"] = json!(room.namespace);
            let answer = room.strict(&report);
            answer.accepts();
            assert_eq!(answer.body["results"], report["results"], "nothing is dropped");
        }
    }
}

#[test]
fn what_no_definition_knows_is_refused() {
    definitions();
    let room = room("definitions-strict");
    let report = json!({
        "apiVersion": "openreports.io/v1alpha1", "kind": "Report", "metadata": {"name": "x"},
        "results": [{"policy": "a", "colour": "red"}],
    });
    let answer = room.strict(&report);
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.message().contains("colour"), "{answer:?}");
}
