//! A release of `charts/fixative` in a namespace of its own, and its Pods, run as a kubelet would.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::api::Api;
use crate::helm::Helm;
use crate::kubelet::{RunningPod, report_ready, run_to_end};
use crate::objects::{deployment, linked_pod};
use crate::plane::plane;
use crate::process::{FIXATIVE, repository, wait};
use crate::room::room;
use crate::service::{PORT, Service};
use crate::streams::run;

pub const LINKS: &str = "/spec/template/spec/enableServiceLinks";
pub const PATIENCE: Duration = Duration::from_secs(40);
pub const CONFIGURATIONS: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Waits until a bad Deployment comes out of a dry run like this.
#[track_caller]
pub fn until(room: &Api, links: bool) {
    wait(PATIENCE, "the new policies", || {
        let answer = room.dry_run(&deployment("probe", linked_pod()));
        (answer.body.pointer(LINKS) == Some(&json!(links))).then_some(())
    });
}

/// A release of the chart.
pub struct Release {
    /// The Helm that installs it.
    pub helm: Helm,
    /// What it is called.
    pub name: String,
    /// Its namespace.
    pub api: Api,
    /// The only namespace that it judges.
    pub photos: Api,
}

impl Release {
    /// Prepares one in `fixative-NAME` that judges what is in `photos-NAME`.
    pub fn new(program: &'static str, name: &str) -> Self {
        let photos = room(&format!("photos-{name}"));
        let name = format!("fixative-{name}");
        let api = room(&name);
        let helm = Helm::new(program, &api);
        copy(&repository("charts/fixative"), &helm.path("chart"));
        // Below 1024 only root may listen where the Service is: in the copy that is another port, in both places.
        let mut changed = 0;
        for file in ["service.yaml", "_webhook.tpl"] {
            let path = helm.path("chart/templates").join(file);
            let text = fs::read_to_string(&path).unwrap();
            changed += text.matches("port: 443").count();
            fs::write(path, text.replace("port: 443", &format!("port: {PORT}"))).unwrap();
        }
        assert_eq!(changed, 2, "the ports of the Service and of the webhooks");
        Self {
            helm,
            name,
            api,
            photos,
        }
    }

    fn chart(&self) -> String {
        self.helm.path("chart").display().to_string()
    }

    /// A file of values: only this test's namespace is judged.
    fn values(&self, more: &Value) -> String {
        let selector = json!({"matchLabels": {"kubernetes.io/metadata.name": self.photos.namespace}});
        let mut values = json!({
            "webhook": {"namespaceSelector": selector}, "test": {"namespace": self.photos.namespace},
        });
        merge(&mut values, more);
        self.helm.values(&values)
    }

    /// Installs or upgrades with these values.
    #[track_caller]
    pub fn apply(&self, verb: &str, values: &Value) {
        let arguments = [verb, &self.name, &self.chart(), "--values", &self.values(values)];
        self.helm.run(&arguments);
    }

    /// `helm test`, whose Pods a kubelet runs meanwhile.
    #[track_caller]
    pub fn test(&self) {
        std::thread::scope(|scope| {
            let test = scope.spawn(|| self.helm.run(&["test", &self.name, "--timeout", "60s"]));
            for name in ["test", "test-webhook"] {
                let name = format!("{}-{name}", self.name);
                let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}});
                let pod = self
                    .api
                    .wait_for(&pod, "the Pod of helm test", |pod| Some(pod.clone()));
                run_to_end(&self.api, &pod);
            }
            let said = test.join().expect("helm test");
            // With what the second one needs.
            let suites = |text: &str| said.lines().filter(|line| line.starts_with(text)).count();
            assert_eq!(suites("TEST SUITE:"), 5, "{said}");
            assert!(
                said.lines()
                    .filter(|line| line.starts_with("Phase:"))
                    .all(|line| line.ends_with("Succeeded")),
                "{said}"
            );
        });
    }

    /// One of its two configurations, by name.
    pub fn configuration(&self, kind: &str) -> Value {
        json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": self.name}})
    }

    /// The digests of the policies on both configurations.
    #[track_caller]
    pub fn digests(&self) -> [String; 2] {
        CONFIGURATIONS.map(|kind| {
            let configuration = self.configuration(kind);
            self.api.wait_for(&configuration, "the digest", |found| {
                let digest = &found["metadata"]["annotations"]["fixative.dev/policies"];
                digest.as_str().map(str::to_owned)
            })
        })
    }

    /// The configurations of this release of which `check --cluster` says that they name other policies than those
    /// that are shipped. There are webhooks of other tests in the cluster, so its status tells nothing.
    pub fn drifts(&self) -> Vec<&'static str> {
        let mut command = Command::new(FIXATIVE);
        command
            .current_dir(self.helm.path("."))
            .env_clear()
            .args(["check", "--cluster", "--kubeconfig"])
            .arg(plane().kubeconfig());
        let (_, _, said) = run(
            &mut command,
            b"{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}\n",
        );
        assert!(said.contains("policies "), "{said}");
        let differs = |kind: &&str| {
            said.contains(&format!(
                "the webhook of {kind} {} judges by the policies",
                self.name
            ))
        };
        CONFIGURATIONS.into_iter().filter(differs).collect()
    }

    /// Its Pods that are to stay.
    pub fn pods(&self) -> Vec<Value> {
        let mut pods = self.api.list("v1", "Pod");
        pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        pods
    }

    /// Runs the Pods that the controllers made, until the API server reaches them.
    #[track_caller]
    pub fn run(&self) -> (Service, Vec<RunningPod>) {
        let pods = wait(PATIENCE, "two Pods", || {
            Some(self.pods()).filter(|pods| pods.len() == 2)
        });
        let running: Vec<RunningPod> = pods.iter().map(|pod| RunningPod::start(&self.api, pod)).collect();
        let service = Service::serve(&self.api, &self.name);
        for (pod, running) in pods.iter().zip(&running) {
            service.add(running.replica);
            let start = Instant::now();
            wait(PATIENCE * 2, "a ready Pod", || {
                assert!(start.elapsed() < PATIENCE, "it is not ready:\n{}", running.said());
                service.is_ready(running.replica).then_some(())
            });
            report_ready(&self.api, pod);
        }
        until(&self.photos, false);
        (service, running)
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}
