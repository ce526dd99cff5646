//! `charts/fixative` in a cluster: installed, upgraded, rolled back and uninstalled by both Helms. Its Pods are run
//! as a kubelet would, with the rights that the chart gives them and with certificates of their own making.

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

const LINKS: &str = "/spec/template/spec/enableServiceLinks";
const PATIENCE: Duration = Duration::from_secs(40);
const CONFIGURATIONS: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

#[test]
fn helm_3_installs_upgrades_rolls_back_and_uninstalls() {
    life("helm3");
}

#[test]
fn helm_4_installs_upgrades_rolls_back_and_uninstalls() {
    life("helm4");
}

fn life(program: &'static str) {
    let release = Release::new(program);
    let photos = room(&format!("photos-{program}"));
    let named = |name: &str| deployment(name, linked_pod());

    release.apply("install", &json!({}));
    let (service, mut running) = release.run();
    photos.create(&named("installed")).has(LINKS, &json!(false));

    let installed = release.digests();
    assert_eq!(
        release.drifts(),
        [] as [&str; 0],
        "the chart has the shipped policies"
    );
    release.test();

    // New values are mounted into the running Pods; nothing restarts.
    let off = json!({"config": {"policies": {"service-links": {"enabled": false}}}});
    release.apply("upgrade", &off);
    running.iter_mut().for_each(|pod| pod.sync(&release.api));
    until(&photos, true);
    // Other policies, another digest: that is how a drift between doors is seen.
    wait(PATIENCE * 2, "another digest", || {
        (release.digests() != installed).then_some(())
    });
    assert_eq!(release.drifts(), CONFIGURATIONS);
    assert_eq!(release.pods().len(), 2);
    assert_eq!(release.api.list("apps/v1", "ReplicaSet").len(), 1);

    release.helm.run(&["rollback", &release.name, "1"]);
    running.iter_mut().for_each(|pod| pod.sync(&release.api));
    until(&photos, false);

    // The worst case for a removal: a webhook without which nothing goes.
    let fail =
        json!({"webhook": {"mutate": {"failurePolicy": "Fail"}, "validate": {"failurePolicy": "Fail"}}});
    release.apply("upgrade", &fail);
    running.iter_mut().for_each(|pod| pod.sync(&release.api));
    photos.create(&named("failing-closed")).has(LINKS, &json!(false));
    for pod in &running {
        assert!(
            !pod.said().contains("orbidden"),
            "a right is missing:\n{}",
            pod.said()
        );
    }
    release.helm.run(&["uninstall", &release.name]);
    drop((service, running));
    for kind in CONFIGURATIONS {
        assert_eq!(
            release.api.get(&release.configuration(kind)).status,
            404,
            "{kind} is left"
        );
    }
    until(&photos, true);
    photos.create(&named("uninstalled")).has(LINKS, &json!(true));
    let secrets = release.api.list("v1", "Secret");
    let left: Vec<&Value> = secrets.iter().map(|secret| &secret["metadata"]["name"]).collect();
    assert!(left.is_empty(), "Secrets are left: {left:?}");
}

/// Waits until a bad Deployment comes out of a dry run like this.
#[track_caller]
fn until(room: &Api, links: bool) {
    wait(PATIENCE, "the new policies", || {
        let answer = room.dry_run(&deployment("probe", linked_pod()));
        (answer.body.pointer(LINKS) == Some(&json!(links))).then_some(())
    });
}

/// A release of the chart in a namespace of its own.
struct Release {
    program: &'static str,
    helm: Helm,
    name: String,
    api: Api,
}

impl Release {
    fn new(program: &'static str) -> Self {
        let name = format!("fixative-{program}");
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
            program,
            helm,
            name,
            api,
        }
    }

    fn chart(&self) -> String {
        self.helm.path("chart").display().to_string()
    }

    /// A file of values: only this test's namespace is judged.
    fn values(&self, more: &Value) -> String {
        let name = format!("photos-{}", self.program);
        let selector = json!({"matchLabels": {"kubernetes.io/metadata.name": name}});
        let mut values = json!({"webhook": {"namespaceSelector": selector}});
        merge(&mut values, more);
        self.helm.values(&values)
    }

    /// Installs or upgrades with these values.
    #[track_caller]
    fn apply(&self, verb: &str, values: &Value) {
        let arguments = [verb, &self.name, &self.chart(), "--values", &self.values(values)];
        self.helm.run(&arguments);
    }

    /// `helm test`, whose Pod a kubelet runs meanwhile.
    #[track_caller]
    fn test(&self) {
        let pod =
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("{}-test", self.name)}});
        std::thread::scope(|scope| {
            let test = scope.spawn(|| self.helm.run(&["test", &self.name, "--timeout", "60s"]));
            let pod = self
                .api
                .wait_for(&pod, "the Pod of helm test", |pod| Some(pod.clone()));
            run_to_end(&self.api, &pod);
            let said = test.join().expect("helm test");
            assert!(said.contains("Succeeded"), "{said}");
        });
    }

    fn configuration(&self, kind: &str) -> Value {
        json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": self.name}})
    }

    /// The digests of the policies on both configurations.
    #[track_caller]
    fn digests(&self) -> [String; 2] {
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
    fn drifts(&self) -> Vec<&'static str> {
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

    fn pods(&self) -> Vec<Value> {
        let mut pods = self.api.list("v1", "Pod");
        pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        pods
    }

    /// Runs the Pods that the controllers made, until the API server reaches them.
    #[track_caller]
    fn run(&self) -> (Service, Vec<RunningPod>) {
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
        until(&plane().api(&format!("photos-{}", self.program)), false);
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
