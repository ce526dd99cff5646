use super::*;
use crate::cluster::testing::{Server, object};
use crate::cluster::{Within, snapshot};
use crate::json::{Value, json};
use crate::kube::GroupKind;
use crate::output::{Style, human, json as written};
use crate::policy::{self, LoadOptions, PackSource};
use crate::source::Source;

const PACK: &str = "\
apiVersion: fixative.dev/v1alpha1
kind: Pack
metadata: {name: mine}
spec:
  components:
    app: {images: [photos]}
";

/// Repairs, asks for a fact, keeps a value to itself, and asks what only an admission tells.
const POLICIES: [&str; 5] = [
    "\
metadata: {name: peers}
spec:
  title: All run one version
  severity: low
  action: Warn
  match: {components: [app]}
  rules:
    - name: same
      assert: peers('app').all(p, p.container.image == containers[0].image)
",
    "\
metadata: {name: links}
spec:
  title: Pods get no service-link variables
  severity: high
  action: Deny
  match: {components: [app]}
  rules:
    - name: disable
      merge: {spec: {enableServiceLinks: false}}
",
    "\
metadata: {name: claims}
spec:
  title: The library is on a claim that exists
  severity: high
  action: Warn
  unknown: Warn
  match: {components: [app]}
  rules:
    - name: class
      at: containers[app].volumeMounts[*]
      assert: volumes[item.name].class == 'fast'
      message: $(item.name) is on the class $(volumes[item.name].class)
",
    "\
metadata: {name: secret}
spec:
  title: No password in a manifest
  severity: medium
  action: Warn
  sensitive: true
  match: {components: [app]}
  rules:
    - name: literal
      at: containers[app].env[*]
      where: item.name == 'PASSWORD'
      remove: true
",
    "\
metadata: {name: moved}
spec:
  title: The image stays
  severity: low
  action: Deny
  match: {components: [app], namespaceSelector: {matchLabels: {watched: 'yes'}}}
  rules:
    - name: same
      assert: oldPod.spec == pod.spec
",
];

fn set() -> PolicySet {
    let policies = POLICIES.iter().enumerate().map(|(number, policy)| {
        let text = format!("apiVersion: fixative.dev/v1alpha1\nkind: Policy\n{policy}");
        Source::new(format!("{number}.yaml"), text)
    });
    let pack = PackSource {
        origin: "mine".into(),
        files: std::iter::once(Source::new("pack.yaml", PACK))
            .chain(policies)
            .collect(),
        tests: Vec::new(),
    };
    let options = LoadOptions {
        packs: Some(vec![pack]),
        ..LoadOptions::default()
    };
    policy::load(&options).unwrap()
}

fn pod_spec() -> Value {
    json!({
        "containers": [{
            "name": "main", "image": "example.com/photos:v1",
            "env": [{"name": "PASSWORD", "value": "hunter2"}],
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        }],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "library"}}],
    })
}

fn server() -> Server {
    let mut kinds: Vec<String> = crate::kube::workload::WORKLOADS
        .iter()
        .map(|(kind, group)| GroupKind::new(kind, group).to_string())
        .collect();
    kinds.extend(
        [
            "PersistentVolumeClaim",
            "PersistentVolume",
            "StorageClass.storage.k8s.io",
            "Namespace",
            "ConfigMap",
        ]
        .map(str::to_owned),
    );
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let server = Server::new(&kinds);
    let deployment = json!({"metadata": {"managedFields": [{}]}, "spec": {"template": {"spec": pod_spec()}}});
    server.create("deployments", object("photos", "immich", deployment.clone()));
    server.create("deployments", object("quiet", "immich", deployment));
    server.create(
        "namespaces",
        object("", "photos", json!({"metadata": {"labels": {"watched": "yes"}}})),
    );
    server.create("namespaces", object("", "quiet", json!({})));
    let claim = json!({"spec": {"storageClassName": "slow"}});
    server.create("persistentvolumeclaims", object("photos", "library", claim));
    let claim = json!({"spec": {"storageClassName": "fast"}});
    server.create("persistentvolumeclaims", object("quiet", "library", claim));
    // Three that nobody is asked about here.
    let owner =
        json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "immich-1", "controller": true}]);
    let mut owned = json!({"metadata": {"ownerReferences": owner}, "spec": pod_spec()});
    owned["spec"]["containers"][0]["image"] = json!("example.com/photos:v0");
    server.create("pods", object("photos", "immich-1-x", owned));
    let going = json!({"metadata": {"deletionTimestamp": "2026-11-21T00:00:00Z"}, "spec": pod_spec()});
    server.create("pods", object("photos", "going", going));
    let mirror =
        json!({"metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}, "spec": pod_spec()});
    server.create("pods", object("photos", "mirror", mirror));
    server
}

async fn read(server: &Server, within: Within) -> (PolicySet, Inventory, Report) {
    let set = set();
    let judged = set.judged(Door::Audit).unwrap();
    let mut kinds = set.asks(Door::Audit).kinds;
    kinds.extend(judged.0.keys().cloned());
    let inventory = Inventory::read(&server.client(), &kinds, within, &mut |_, _| {})
        .await
        .unwrap();
    let audit = audit(&set, &judged, &inventory);
    (set, inventory, audit)
}

fn text(audit: &Report) -> String {
    let wanted = human::Wanted {
        quiet: false,
        verbose: true,
    };
    human::findings(audit, wanted, Style::default()) + &human::summary(audit)
}

#[tokio::test]
async fn every_object_that_nobody_owns_is_judged() {
    let (_, _, audit) = read(&server(), Within::Cluster).await;
    insta::assert_snapshot!(text(&audit));
}

#[tokio::test]
async fn one_namespace_can_be_judged_alone() {
    let (_, _, audit) = read(&server(), Within::Namespace("quiet".into())).await;
    insta::assert_snapshot!(text(&audit));
}

#[tokio::test]
async fn what_is_forbidden_is_unknown_and_said() {
    let server = server();
    server.refuse("persistentvolumeclaims", 403);
    server.refuse("pods", 403);
    let (_, _, audit) = read(&server, Within::Namespace("photos".into())).await;
    let said = human::forbidden(&audit, Style::default()) + &text(&audit);
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn programs_read_json() {
    let (_, _, audit) = read(&server(), Within::Namespace("photos".into())).await;
    let text = written::document(&audit, "0123456789ab");
    assert!(!text.contains("hunter2"));
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn a_snapshot_is_read_as_facts() {
    let (_, inventory, _) = read(&server(), Within::Cluster).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cluster.yaml");
    snapshot::write(&inventory, &path).unwrap();
    let written = Source::new("cluster.yaml", std::fs::read_to_string(&path).unwrap());
    assert!(!written.text().contains("managedFields"));
    let facts = crate::stream::facts(&[written]).unwrap();
    assert_eq!(facts, inventory.all().cloned().collect::<Vec<_>>());
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["cluster.yaml"]);
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_written_leaves_nothing() {
    let (_, inventory, _) = read(&server(), Within::Cluster).await;
    let folder = tempfile::tempdir().unwrap();
    // A folder cannot be replaced by a file.
    let taken = folder.path().join("taken");
    std::fs::create_dir_all(taken.join("x")).unwrap();
    assert!(snapshot::write(&inventory, &taken).is_err());
    assert!(snapshot::write(&inventory, &folder.path().join("no/such")).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_claim_without_a_class_is_of_the_default_one() {
    let server = server();
    let marked = |made: &str| {
        json!({"metadata": {"creationTimestamp": made,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}})
    };
    let (old, new) = (marked("2026-01-01T00:00:00Z"), marked("2026-02-01T00:00:00Z"));
    server.create("storageclasses", object("", "old", old));
    server.create("storageclasses", object("", "new", new));
    let deployment = json!({"spec": {"template": {"spec": pod_spec()}}});
    server.create("deployments", object("plain", "immich", deployment));
    server.create("namespaces", object("", "plain", json!({})));
    server.create(
        "persistentvolumeclaims",
        object("plain", "library", json!({"spec": {}})),
    );
    let (_, _, audit) = read(&server, Within::Namespace("plain".into())).await;
    let text = text(&audit);
    assert!(text.contains("data is on the class new"), "{text}");
}
