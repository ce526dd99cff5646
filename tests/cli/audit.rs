//! `audit`: the answer, its status, and what it says where there is none.

use serde_json::{Value, json};

use crate::api_server::{self, Answers};
use crate::pack;
use crate::program::{Folder, Run};

fn deployment(image: &str, links: Option<bool>) -> Value {
    let container =
        json!({"name": "main", "image": image, "env": [{"name": "PASSWORD", "value": "hunter2"}]});
    let mut pod = json!({"containers": [container]});
    if let Some(links) = links {
        pod["enableServiceLinks"] = json!(links);
    }
    json!({
        "metadata": {"name": "photos", "namespace": "home", "managedFields": [{"manager": "kubectl"}]},
        "spec": {"template": {"spec": pod}},
    })
}

/// A cluster with these Deployments and no other workload.
fn cluster(deployments: &[Value]) -> Answers {
    let mut answers = api_server::discovery(&[("pods", "Pod")], &[("deployments", "Deployment")]);
    answers.insert("/api/v1/pods", api_server::list(&[]));
    answers.insert("/apis/apps/v1/deployments", api_server::list(deployments));
    answers.insert("/api/v1/namespaces/home/pods", api_server::list(&[]));
    answers.insert(
        "/apis/apps/v1/namespaces/home/deployments",
        api_server::list(deployments),
    );
    answers.insert("/api/v1/namespaces/other/pods", api_server::list(&[]));
    answers.insert(
        "/apis/apps/v1/namespaces/other/deployments",
        api_server::list(&[]),
    );
    answers
}

fn audit(answers: Answers, more: &[&str]) -> (Folder, Run) {
    let folder = api_server::serve(pack::folder(), answers);
    let mut arguments = vec!["audit", "--policies", "pack", "--kubeconfig", "kubeconfig"];
    arguments.extend(more);
    let run = folder.run(&arguments, "");
    (folder, run)
}

#[test]
fn findings_that_deny_are_status_1() {
    let (_, run) = audit(cluster(&[deployment("example.com/photos:v1", None)]), &[]);
    let expected = "\
error[links/disable]: Pods get no service-link variables (Deployment home/photos, spec.template.spec.enableServiceLinks); add spec.template.spec.enableServiceLinks: false
warning[secret/literal]: PASSWORD stands in the manifest (Deployment home/photos, spec.template.spec.containers[name=main].env[name=PASSWORD])
";
    assert_eq!((run.status, run.stdout.as_str()), (1, expected), "{}", run.stderr);
    assert!(
        run.stderr
            .ends_with("fixative: 1 object: 1 finding denies, 1 warning\n"),
        "{}",
        run.stderr
    );
    let (_, quiet) = audit(cluster(&[deployment("example.com/photos:v1", None)]), &["-q"]);
    assert_eq!((quiet.stdout.lines().count(), quiet.stderr.as_str()), (1, ""));
}

#[test]
fn nothing_that_denies_is_status_0() {
    let (_, run) = audit(cluster(&[deployment("example.com/photos:v1", Some(false))]), &[]);
    assert_eq!((run.status, run.stdout.lines().count()), (0, 1), "{}", run.stderr);
    assert!(
        run.stderr
            .ends_with("fixative: 1 object: nothing denies, 1 warning\n"),
        "{}",
        run.stderr
    );
    let (_, other) = audit(
        cluster(&[deployment("example.com/photos", None)]),
        &["-n", "other"],
    );
    assert_eq!((other.status, other.stdout.as_str()), (0, ""), "{}", other.stderr);
}

#[test]
fn programs_get_json() {
    let (_, run) = audit(
        cluster(&[deployment("example.com/photos:v1", None)]),
        &["--format", "json", "-n", "home"],
    );
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        (run.status, &found["version"], &found["objects"]),
        (1, &json!(1), &json!(1))
    );
    assert_eq!(found["findings"][0]["action"], "Deny");
    assert_eq!(found["findings"][1]["sensitive"], true);
    assert!(!run.stdout.contains("hunter2"));
}

#[test]
fn a_snapshot_serves_as_facts() {
    let (folder, run) = audit(
        cluster(&[deployment("example.com/photos:v1", None)]),
        &["--snapshot", "cluster.yaml"],
    );
    assert_eq!(run.status, 1, "{}", run.stderr);
    let snapshot = std::fs::read_to_string(folder.path("cluster.yaml")).unwrap();
    let expected = "\
apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: photos
    namespace: home
  spec:
    template:
      spec:
        containers:
        - name: main
          image: example.com/photos:v1
          env:
          - name: PASSWORD
            value: hunter2
";
    assert_eq!(snapshot, expected);
    let render = folder.run(
        &["render", "--policies", "pack", "--facts", "cluster.yaml"],
        pack::STREAM,
    );
    assert_eq!(render.status, 0, "{}", render.stderr);
    let (folder, unwritable) = audit(cluster(&[]), &["--snapshot", "no/cluster.yaml"]);
    unwritable.cannot_answer(&["cannot write no/cluster.yaml"]);
    assert!(!folder.path("no").exists());
}

#[test]
fn what_may_not_be_listed_is_said() {
    let mut answers = cluster(&[deployment("example.com/photos:v1", Some(false))]);
    answers.insert("/api/v1/pods", api_server::forbidden());
    let (_, run) = audit(answers, &[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("warning: Pod may not be listed"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.ends_with("1 warning, 1 kind unknown\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn without_a_cluster_there_is_no_answer() {
    let mut closed = api_server::discovery(&[("pods", "Pod")], &[("deployments", "Deployment")]);
    closed.insert("/api/v1/pods", api_server::forbidden());
    closed.insert("/apis/apps/v1/deployments", api_server::forbidden());
    audit(closed, &[]).1.cannot_answer(&[
        "nothing that the policies judge may be listed",
        "policies rbac --door audit",
    ]);
    let mut broken = cluster(&[]);
    broken.insert(
        "/api/v1/pods",
        (
            500,
            json!({"kind": "Status", "code": 500, "message": "etcd is away"}),
        ),
    );
    audit(broken, &[])
        .1
        .cannot_answer(&["cannot list every Pod: etcd is away"]);
    audit(cluster(&[]), &["--context", "gone"])
        .1
        .cannot_answer(&["cannot list every ", "refused"]);
    audit(cluster(&[]), &["--context", "work"])
        .1
        .cannot_answer(&["there is no context work in kubeconfig", "get-contexts"]);
    let folder = pack::folder().with("broken", "clusters: [");
    let run = |more: &[&str]| folder.run(&[&["audit"], more].concat(), "");
    run(&[]).cannot_answer(&["no cluster is given", "--kubeconfig FILE"]);
    run(&["--kubeconfig", "none"]).cannot_answer(&["cannot use none", "No such file"]);
    run(&["--kubeconfig", "broken"]).cannot_answer(&["cannot use broken"]);
    run(&["--context", "work"]).cannot_answer(&["~/.kube/config"]);
}

#[test]
fn rules_about_any_kind_cannot_be_audited() {
    let policy = "\
apiVersion: fixative.dev/v1alpha1
kind: Policy
metadata: {name: wide}
spec:
  title: Everything has a label
  severity: low
  action: Warn
  subject: Object
  rules:
    - name: label
      assert: labels.size() > 0
";
    let folder = Folder::new().with("wide.yaml", policy);
    for arguments in [
        &["audit"][..],
        &["policies", "webhook-rules"],
        &["policies", "rbac", "--door", "audit"],
    ] {
        let run = folder.run(&[arguments, &["--policies", "wide.yaml"]].concat(), "");
        run.cannot_answer(&["the rule wide/label can match objects of any kind", "match.kinds"]);
    }
    let rbac = folder.run(&["policies", "rbac", "--policies", "wide.yaml"], "");
    assert_eq!(
        (rbac.status, rbac.stdout.as_str()),
        (0, "rules: []\n"),
        "{}",
        rbac.stderr
    );
}

#[test]
fn findings_of_a_cluster_come_in_the_forms_of_check() {
    let bad = [deployment("example.com/photos:v1", None)];
    for format in ["sarif", "junit", "github", "openreports"] {
        let (_, run) = audit(cluster(&bad), &["--format", format]);
        assert_eq!(run.status, 1, "{format}: {}", run.stderr);
        assert!(!run.stdout.contains("hunter2"), "{format}: {}", run.stdout);
        assert!(
            run.stdout.contains("links/disable") || run.stdout.contains("rule: disable"),
            "{format}"
        );
        assert!(
            run.stdout.contains("home/photos") || run.stdout.contains("namespace: home"),
            "{format}"
        );
    }
    let (folder, run) = audit(cluster(&bad), &["--fail-on", "never", "--output", "found.txt"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    let written = std::fs::read_to_string(folder.path("found.txt")).unwrap();
    assert!(written.starts_with("error[links/disable]"), "{written}");
}
