//! The pods: what they may, how they stop, where they run.

use clap::Parser;
use fixative::cli::Cli;
use serde_json::{Value, json};

use crate::chart::{EVERYTHING, NO_API, object, objects};

fn pod(values: &str) -> Value {
    object(&objects(values), "Deployment", "fixative")["spec"]["template"]["spec"].clone()
}

fn arguments(values: &str) -> Vec<String> {
    let pod = pod(values);
    let arguments = pod["containers"][0]["args"].as_array().unwrap();
    arguments
        .iter()
        .map(|argument| argument.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn pods_meet_the_restricted_standard() {
    for values in ["", EVERYTHING, NO_API] {
        let objects = objects(values);
        let pods = [
            &object(&objects, "Deployment", "fixative")["spec"]["template"]["spec"],
            &object(&objects, "Pod", "fixative-test")["spec"],
        ];
        for pod in pods {
            let whole = &pod["securityContext"];
            assert_eq!(whole["runAsNonRoot"], true);
            assert_eq!(whole["runAsUser"], 65532);
            assert_eq!(whole["seccompProfile"], json!({"type": "RuntimeDefault"}));
            for container in pod["containers"].as_array().unwrap() {
                let expected = json!({
                    "allowPrivilegeEscalation": false,
                    "readOnlyRootFilesystem": true,
                    "capabilities": {"drop": ["ALL"]},
                });
                assert_eq!(container["securityContext"], expected);
                assert!(container["resources"]["limits"]["memory"].is_string());
            }
            let volumes = pod["volumes"].as_array().unwrap();
            assert!(
                volumes.iter().all(|volume| volume["hostPath"].is_null()),
                "{pod:#}"
            );
        }
    }
}

#[test]
fn an_update_never_leaves_fewer_replicas() {
    let objects = objects("");
    let deployment = object(&objects, "Deployment", "fixative");
    assert_eq!(deployment["spec"]["replicas"], 2);
    let expected = json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}});
    assert_eq!(deployment["spec"]["strategy"], expected);
    let budget = &object(&objects, "PodDisruptionBudget", "fixative")["spec"];
    assert_eq!(budget["maxUnavailable"], 1);
    assert_eq!(budget["selector"], deployment["spec"]["selector"]);
    let spread = &pod("")["topologySpreadConstraints"];
    for (index, key) in ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
        .iter()
        .enumerate()
    {
        assert_eq!(spread[index]["topologyKey"], *key);
        assert_eq!(spread[index]["whenUnsatisfiable"], "ScheduleAnyway");
        assert_eq!(spread[index]["labelSelector"], deployment["spec"]["selector"]);
    }
}

#[test]
fn a_pod_is_given_longer_than_it_drains() {
    for (values, drain, timeout) in [("", 10, 5), (EVERYTHING, 30, 10), ("drainSeconds: 0", 0, 5)] {
        assert!(arguments(values).contains(&format!("--drain={drain}")));
        let grace = pod(values)["terminationGracePeriodSeconds"].as_i64().unwrap();
        assert!(grace > drain + timeout, "{grace}");
    }
}

#[test]
fn the_arguments_are() {
    let expected = [
        "serve",
        "--config=/etc/fixative/config/fixative.yaml",
        "--listen=0.0.0.0:8443",
        "--health-listen=0.0.0.0:8080",
        "--tls-secret=fixative-tls",
        "--service=fixative",
        "--webhook-configuration=fixative",
        "--drain=10",
        "--max-connections=512",
    ];
    assert_eq!(arguments(""), expected);
    let expected = [
        "serve",
        "--config=/etc/fixative/config/fixative.yaml",
        "--listen=0.0.0.0:10250",
        "--health-listen=0.0.0.0:9090",
        "--tls-dir=/etc/fixative/tls",
        "--webhook-configuration=fixative",
        "--facts",
        "--drain=30",
        "--max-connections=512",
    ];
    assert_eq!(arguments(EVERYTHING), expected);
}

#[test]
fn probes_and_services_meet_the_ports() {
    for values in ["", EVERYTHING] {
        let objects = objects(values);
        let container = pod(values)["containers"][0].clone();
        let ports = container["ports"].as_array().unwrap().clone();
        let named = |name: &Value| ports.iter().find(|port| port["name"] == *name).unwrap().clone();
        let [webhook, health] = [named(&json!("https")), named(&json!("health"))];
        let listens = |argument: &str, port: &Value| {
            let argument = format!("{argument}=0.0.0.0:{}", port["containerPort"]);
            assert!(arguments(values).contains(&argument), "{argument}");
        };
        listens("--listen", &webhook);
        listens("--health-listen", &health);
        assert_eq!(
            container["livenessProbe"]["httpGet"],
            json!({"path": "/healthz", "port": "health"})
        );
        assert_eq!(
            container["readinessProbe"]["httpGet"],
            json!({"path": "/readyz", "port": "health"})
        );
        let port = &object(&objects, "Service", "fixative")["spec"]["ports"][0];
        assert_eq!(
            (&port["port"], named(&port["targetPort"])),
            (&json!(443), webhook)
        );
        let port = &object(&objects, "Service", "fixative-metrics")["spec"]["ports"][0];
        assert_eq!(named(&port["targetPort"]), health);
    }
}

#[test]
fn values_reach_the_pods() {
    let objects = objects(EVERYTHING);
    let template = &object(&objects, "Deployment", "fixative")["spec"]["template"];
    let spec = &template["spec"];
    assert_eq!(template["metadata"]["labels"]["a"], "b");
    assert_eq!(template["metadata"]["labels"]["team"], "storage");
    assert_eq!(template["metadata"]["annotations"], json!({"c": "d"}));
    assert_eq!(spec["priorityClassName"], "important");
    assert_eq!(spec["hostNetwork"], true);
    assert_eq!(spec["dnsPolicy"], "ClusterFirstWithHostNet");
    assert_eq!(spec["imagePullSecrets"], json!([{"name": "registry"}]));
    assert_eq!(spec["nodeSelector"], json!({"kubernetes.io/arch": "amd64"}));
    assert_eq!(
        spec["tolerations"],
        json!([{"key": "infra", "operator": "Exists"}])
    );
    assert_eq!(spec["affinity"], json!({"nodeAffinity": {}}));
    assert_eq!(
        object(&objects, "Service", "fixative")["spec"]["clusterIP"],
        "10.0.0.7"
    );
    let digest = format!("sha256:{}", "0".repeat(64));
    let spec = pod(&format!("image: {{tag: v9, digest: '{digest}'}}"));
    let image = format!("ghcr.io/fixative/fixative@{digest}");
    assert_eq!(spec["containers"][0]["image"], image);
}

/// What a pod is told is what the program can be told.
#[test]
fn the_program_takes_its_arguments() {
    for values in ["", NO_API, EVERYTHING] {
        let objects = objects(values);
        for pod in [
            &object(&objects, "Deployment", "fixative")["spec"]["template"]["spec"],
            &object(&objects, "Pod", "fixative-test")["spec"],
        ] {
            let arguments = pod["containers"][0]["args"].as_array().unwrap();
            let arguments = arguments.iter().map(|argument| argument.as_str().unwrap());
            let namespace = ["--namespace", "guard"];
            // In the cluster the downward API says it.
            let more = if pod["restartPolicy"] == "Never" {
                &[][..]
            } else {
                &namespace[..]
            };
            let line = ["fixative"]
                .into_iter()
                .chain(arguments)
                .chain(more.iter().copied());
            if let Err(error) = Cli::try_parse_from(line) {
                panic!("{error}");
            }
        }
    }
}
