//! Which facts and kinds a set asks a cluster for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::*;
use crate::attributes::Attributes;
use crate::json::{Value, json};
use crate::plan;
use crate::resource::{Origin, Resource};
use crate::testing::spec;
use crate::unknown::{Fact, Unknown, Why};
use crate::world::{Key, Listing, Query, World};

fn asks(spec: &str, door: Door) -> Asks {
    loaded(&[&policy(spec)]).asks(door)
}

fn names(kinds: &BTreeSet<GroupKind>) -> String {
    kinds
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" ")
}

const VOLUMES: &str = "PersistentVolume PersistentVolumeClaim StorageClass.storage.k8s.io";
const WORKLOADS: &str = "CronJob.batch DaemonSet.apps Deployment.apps Job.batch Pod PodTemplate ReplicaSet.apps ReplicationController StatefulSet.apps";

#[test]
fn expressions_tell_what_is_asked_for() {
    let head = "variables:\n  - {name: exclusive, expression: 'volumes.exists(v, volumes[v].exclusive)'}\n  - {name: indirect, expression: variables.exclusive}\nfunctions:\n  - {name: lasts, args: [name], expression: 'volumes[name].persistent'}\n  - {name: chosen, args: [c], expression: \"env(c, 'A').orValue('')\"}\n  - {name: quota, args: [], expression: \"world.list('v1', 'ResourceQuota', ns).size()\"}\n";
    let cases = [
        ("assert: object.kind == 'Pod' && params != null", ""),
        ("assert: oldPod == null || request != null", ""),
        ("assert: variables.indirect", VOLUMES),
        (
            "at: containers[*].volumeMounts[*]\n    assert: lasts(item.name)",
            VOLUMES,
        ),
        (
            "at: containers[*].volumeMounts[*]\n    assert: 'true'\n    message: $(volumes[item.name].describe)",
            VOLUMES,
        ),
        (
            "merge: {metadata: {labels: {$(string(volumes.size())): a}}}",
            VOLUMES,
        ),
        ("assert: \"!backing({'volumeName': 'v'}).network\"", VOLUMES),
        (
            "assert: \"storageClass('a').hasValue()\"",
            "StorageClass.storage.k8s.io",
        ),
        ("at: containers[*]\n    assert: chosen(item) == ''", "ConfigMap"),
        ("assert: \"peers('server').all(p, true)\"", WORKLOADS),
        ("assert: namespaceObject == null", "Namespace"),
        (
            "match: {namespaceSelector: {matchLabels: {a: b}}}\n    assert: 'true'",
            "Namespace",
        ),
        ("match: {labels: {matchLabels: {a: b}}}\n    assert: 'true'", ""),
        ("assert: quota() == 0", "ResourceQuota"),
        (
            "assert: world.get('postgresql.cnpg.io/v1', 'Cluster', ns, 'db').hasValue()",
            "Cluster.postgresql.cnpg.io",
        ),
        ("doors: [render, audit]\n    assert: variables.indirect", ""),
    ];
    for (body, expected) in cases {
        let asks = asks(
            &format!("{head}rules:\n  - name: only\n    {body}"),
            Door::Admission,
        );
        assert_eq!(names(&asks.kinds), expected, "{body}");
        assert!(asks.computed.is_empty() && asks.secrets.is_empty(), "{body}");
    }
}

#[test]
fn what_cannot_be_told_or_is_never_read_is_named() {
    let rules = "rules:\n  - name: computed\n    assert: world.list(object.apiVersion, object.kind, ns).size() == 1\n  - name: secret\n    assert: world.get('v1', 'Secret', ns, 'a').hasValue()\n  - name: known\n    assert: world.get('v1', 'Service', ns, 'a').hasValue()";
    let asks = asks(rules, Door::Audit);
    assert_eq!(names(&asks.kinds), "Service");
    let by = |rules: &BTreeSet<crate::finding::RuleRef>| -> Vec<String> {
        rules.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        (by(&asks.computed), by(&asks.secrets)),
        (vec!["demo/computed".into()], vec!["demo/secret".into()])
    );
    let text = crate::output::rbac::rules(&asks.kinds, &asks, crate::output::rbac::Reading::Once);
    insta::assert_snapshot!(text, @r#"
# demo/computed computes the kind that it asks for: add here what it needs
# demo/secret asks for Secrets, which are never read
rules:
- apiGroups:
  - ""
  resources:
  - services
  verbs:
  - get
  - list
"#);
}

#[test]
fn exemptions_by_namespace_ask_for_namespaces() {
    let rule = rule("assert: 'true'");
    let off = rule.replace("demo", "other");
    let asks = |exempted: &str| {
        let text = format!(
            "policies: {{other: {{enabled: false}}}}\nexemptions:\n  - {{policies: [{exempted}], match: {{namespaceSelector: {{matchLabels: {{a: b}}}}}}, reason: a test}}\n"
        );
        let config = Some(Source::new("fixative.yaml", text));
        let options = LoadOptions {
            config,
            ..options(&[&rule, &off])
        };
        names(&loaded_with(options).asks(Door::Audit).kinds)
    };
    assert_eq!((asks("d*").as_str(), asks("other").as_str()), ("Namespace", ""));
}

#[test]
fn inactive_policies_ask_for_nothing_and_match_nothing() {
    let spec = "params:\n  type: object\n  required: [label]\n  properties:\n    label: {type: string}\nrules:\n  - name: only\n    subject: Object\n    assert: volumes.size() == 0";
    let set = loaded(&[&policy(spec)]);
    assert!(set.policies[0].inactive.is_some());
    assert_eq!(set.asks(Door::Admission), Asks::default());
    assert_eq!(set.judged(Door::Admission), Ok(Judged::default()));
}

#[test]
fn matchers_tell_which_kinds_are_judged() {
    let cluster = format!("Cluster.postgresql.cnpg.io {WORKLOADS}");
    let cases = [
        ("assert: 'true'", Ok(WORKLOADS)),
        ("match: {components: ['*']}\n    assert: 'true'", Ok(WORKLOADS)),
        (
            "match: {kinds: [Deployment.apps, Service]}\n    assert: 'true'",
            Ok("Deployment.apps"),
        ),
        (
            "subject: Object\n    match: {kinds: [Deployment.apps, Service]}\n    assert: 'true'",
            Ok("Deployment.apps Service"),
        ),
        (
            "subject: Object\n    match: {components: [server]}\n    assert: 'true'",
            Ok(WORKLOADS),
        ),
        (
            "subject: Object\n    match: {components: [database]}\n    assert: 'true'",
            Ok(cluster.as_str()),
        ),
        (
            "subject: Object\n    match: {components: ['*']}\n    assert: 'true'",
            Ok(cluster.as_str()),
        ),
        (
            "subject: Object\n    match: {components: [database], kinds: [Cluster.postgresql.cnpg.io, Service]}\n    assert: 'true'",
            Ok("Cluster.postgresql.cnpg.io"),
        ),
        ("match: {operations: [DELETE]}\n    assert: 'true'", Ok("")),
        ("doors: [render]\n    subject: Object\n    assert: 'true'", Ok("")),
        (
            "subject: Object\n    match: {names: [a]}\n    assert: 'true'",
            Err("the rule demo/only can match objects of any kind; say which with match.kinds"),
        ),
        (
            "subject: Object\n    match: {kinds: [Pod, Namespace]}\n    assert: 'true'",
            Err(
                "the rule demo/only matches Namespace, and a webhook that is called for those can stop the cluster; take the kind out of match.kinds, keep the rule to other doors with `doors`, or name the kind in the configuration's admission.kinds",
            ),
        ),
        (
            "subject: Object\n    match: {kinds: [ClusterRole.rbac.authorization.k8s.io]}\n    assert: 'true'",
            Err(
                "the rule demo/only matches ClusterRole.rbac.authorization.k8s.io, and a webhook that is called for those can stop the cluster; take the kind out of match.kinds, keep the rule to other doors with `doors`, or name the kind in the configuration's admission.kinds",
            ),
        ),
        (
            "subject: Object\n    match: {kinds: [Secret]}\n    assert: 'true'",
            Ok("Secret"),
        ),
    ];
    for (body, expected) in cases {
        let judged = loaded(&[&rule(&body.replace("\n    ", "\n"))]).judged(Door::Admission);
        let found = judged.map(|judged| names(&judged.0.into_keys().collect()));
        let found = found.as_deref().map_err(ToString::to_string);
        assert_eq!(found, expected.map_err(str::to_owned), "{body}");
    }
}

#[test]
fn an_audit_judges_vital_kinds_and_no_secrets() {
    let audited = |kind: &str| {
        let body = format!("subject: Object\nmatch: {{kinds: [{kind}]}}\nassert: 'true'");
        loaded(&[&rule(&body)]).judged(Door::Audit)
    };
    assert_eq!(
        names(&audited("Namespace").unwrap().0.into_keys().collect()),
        "Namespace"
    );
    let secret = audited("Secret").unwrap_err().to_string();
    assert!(
        secret.starts_with("the rule demo/only matches Secrets"),
        "{secret}"
    );
}

#[test]
fn rules_of_one_kind_share_their_operations() {
    let spec = "rules:\n  - {name: a, subject: Object, match: {kinds: [Service, PersistentVolume], operations: [CREATE]}, assert: 'true'}\n  - {name: b, subject: Object, match: {kinds: [Service], operations: [UPDATE, DELETE]}, assert: 'true'}\n  - {name: c, subject: Object, match: {kinds: [ConfigMap, Box.example.com]}, assert: 'true'}";
    let judged = loaded(&[&policy(spec)]).judged(Door::Admission).unwrap();
    insta::assert_snapshot!(crate::output::webhook_rules::list(&judged));
}

fn immich(config: &str) -> PolicySet {
    let config = Some(Source::new("fixative.yaml", config));
    loaded_with(LoadOptions {
        config,
        ..LoadOptions::default()
    })
}

/// All policies and nearly all rules are active.
const EVERYTHING: &str = "policies:
  nvme-affinity: {params: {label: example.com/nvme}}
  resources: {params: {defaults: {server: {requests: {cpu: 1}}}}}
  database-storage-class: {params: {classes: [encrypted]}}
  session-affinity: {params: {services: [immich-server], timeoutSeconds: 600}}
  colocate: {params: {near: {app: db}}}
  media-location: {params: {path: /library}}
  gpu-runtime: {params: {vendor: nvidia, runtimeClass: nvidia, resource: nvidia.com/gpu, tolerations: [{operator: Exists}]}}
";
/// The other ones are.
const EVERYTHING_ELSE: &str = "policies:
  nvme-affinity: {params: {label: example.com/nvme, mode: prefer}}
  colocate: {params: {near: {app: db}, mode: require}}
";

#[test]
fn the_immich_pack_asks_for_little() {
    let (set, other) = (immich(EVERYTHING), immich(EVERYTHING_ELSE));
    for (policy, other) in set.policies.iter().zip(&other.policies) {
        for (rule, other) in policy.rules.iter().zip(&other.rules) {
            assert!(
                !rule.is_off || !other.is_off,
                "{}/{} is in neither",
                policy.name,
                rule.name
            );
        }
    }
    let asks = set.asks(Door::Admission);
    assert!(other.asks(Door::Admission).kinds.is_subset(&asks.kinds));
    let kinds =
        |set: &PolicySet| -> BTreeSet<_> { set.judged(Door::Admission).unwrap().0.into_keys().collect() };
    assert!(kinds(&other).is_subset(&kinds(&set)));
    let rbac = crate::output::rbac::rules(&asks.kinds, &asks, crate::output::rbac::Reading::Watching);
    let rules = crate::output::webhook_rules::list(&set.judged(Door::Admission).unwrap());
    insta::assert_snapshot!(format!(
        "# policies rbac\n{rbac}# policies webhook-rules\n{rules}"
    ));
}

/// A cluster in which every question leads to the next one, and which remembers them all.
#[derive(Debug, Default)]
struct Curious(Mutex<BTreeSet<GroupKind>>);

impl World for Curious {
    fn get(&self, key: &Key) -> Fact<Option<Arc<Value>>> {
        self.0.lock().unwrap().insert(key.kind.clone());
        Ok(match key.kind.to_string().as_str() {
            "PersistentVolumeClaim" => Some(json!({"spec": {"volumeName": "v", "storageClassName": "c", "accessModes": ["ReadWriteOnce"]}})),
            // Nothing is bound to the claims behind a template, so the class is asked.
            "PersistentVolume" => Some(json!({"spec": {"hostPath": {"path": "/data"}}})),
            "StorageClass.storage.k8s.io" => Some(json!({"provisioner": "nfs.csi.k8s.io"})),
            _ => None,
        }
        .map(Arc::new))
    }

    fn list(&self, query: &Query) -> Listing {
        self.0.lock().unwrap().insert(query.kind.clone());
        Listing::default()
    }
}

/// The objects of every test of the shipped packs and of the recorded streams, by configuration.
fn objects() -> BTreeMap<String, Vec<Arc<Value>>> {
    let mut all: BTreeMap<String, Vec<Arc<Value>>> = BTreeMap::new();
    for file in embedded().iter().flat_map(|pack| &pack.tests) {
        for case in spec::read(file).unwrap().0.cases {
            let stream = case.stream.as_deref().map(|text| Source::new("stream", text));
            let objects = all.entry(
                case.config
                    .map_or(EVERYTHING.to_owned(), |config| config.to_string()),
            );
            let objects = objects.or_default();
            objects.extend(case.object.map(Arc::new));
            objects.extend(crate::stream::facts(stream.as_slice()).unwrap());
        }
    }
    let streams = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/streams");
    for entry in std::fs::read_dir(streams).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let stream = Source::new("stream", std::fs::read_to_string(&path).unwrap());
            let objects = crate::stream::facts(&[stream]).unwrap();
            all.entry(EVERYTHING.into()).or_default().extend(objects);
        }
    }
    all
}

/// Plans an object at a door where much is known.
fn plan_in(world: &Curious, set: &PolicySet, object: &Arc<Value>, door: Door) -> Vec<plan::Outcome> {
    let Some(resource) = Resource::new(Arc::clone(object), Origin::Api) else {
        return Vec::new();
    };
    let namespace = json!({"metadata": {"name": "photos"}});
    let attrs = Attributes {
        door,
        operation: Ok(Operation::Create),
        resource: &resource,
        old: Ok(None),
        namespace: Ok("photos"),
        namespace_object: Ok(&namespace),
        request: Err(Unknown::new("the request", Why::NotInInput)),
        allowance: None,
    };
    let planned = plan::plan(set, world, &attrs);
    planned.verdicts.iter().map(|verdict| verdict.outcome).collect()
}

/// Tells of the set with only one of its policies, for each.
fn one_by_one(config: &str, mut tell: impl FnMut(&PolicySet)) {
    let mut set = immich(config);
    for policy in std::mem::take(&mut set.policies) {
        set.policies = vec![policy];
        tell(&set);
    }
}

/// Planning never asks for more than was foretold, policy by policy.
#[test]
fn every_question_was_foretold() {
    let objects = objects();
    assert!(objects.values().map(Vec::len).sum::<usize>() > 100);
    let mut asked = BTreeSet::new();
    for (config, objects) in &objects {
        one_by_one(config, |set| {
            for door in [Door::Admission, Door::Audit] {
                let world = Curious::default();
                for object in objects {
                    plan_in(&world, set, object, door);
                }
                let found = world.0.into_inner().unwrap();
                let mut foretold = set.asks(door).kinds;
                // What stands in a Secret is asked about, and never told.
                foretold.insert(GroupKind::new("Secret", ""));
                let name = &set.policies[0].name;
                assert!(
                    found.is_subset(&foretold),
                    "{name} at {door:?}: {found:?}, foretold {foretold:?}"
                );
                asked.extend(found);
            }
        });
    }
    for kind in ["PersistentVolumeClaim", "PersistentVolume", "ConfigMap"] {
        assert!(asked.contains(&GroupKind::parse(kind)), "nobody asked for {kind}");
    }
}

/// Whatever a policy can be about comes to the webhook: an object of another kind is never matched.
#[test]
fn every_match_was_foretold() {
    for (config, objects) in &objects() {
        one_by_one(config, |set| {
            let judged = set.judged(Door::Admission).unwrap();
            for object in objects {
                let Some(gvk) = crate::kube::Gvk::of(object) else {
                    continue;
                };
                let outcomes = plan_in(&Curious::default(), set, object, Door::Admission);
                let is_matched = outcomes
                    .iter()
                    .any(|outcome| !matches!(outcome, plan::Outcome::Inactive | plan::Outcome::NoMatch));
                let name = &set.policies[0].name;
                assert!(
                    !is_matched || judged.0.contains_key(&gvk.group_kind()),
                    "{name}: {object}"
                );
            }
        });
    }
}

#[test]
fn a_rule_that_params_alone_switch_off_asks_for_nothing_and_matches_nothing() {
    // Its match has no value then.
    let text = policy(
        "params:\n  type: object\n  properties:\n    kinds: {type: array, items: {type: string}}\nrules:\n  - {name: a, where: \"has(params.kinds) && world.list('v1', 'Pod', '').size() == 0\", subject: Object, match: {kinds: $(params.kinds)}, assert: 'true'}\n  - {name: b, subject: Object, match: {kinds: [Secret]}, assert: 'true'}",
    );
    let service = Arc::new(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}));
    let active = |config: &str| {
        let config = Some(Source::new("fixative.yaml", config.to_owned()));
        let set = loaded_with(LoadOptions {
            config,
            ..options(&[&text])
        });
        assert_eq!(set.policies[0].inactive, None);
        let names: Vec<&str> = set.policies[0]
            .active_rules()
            .map(|rule| rule.name.as_str())
            .collect();
        let judged = set.judged(Door::Render).unwrap();
        let kinds: Vec<String> = judged.0.keys().map(ToString::to_string).collect();
        let needles: Vec<String> = set
            .needles()
            .unwrap()
            .into_iter()
            .map(|needle| needle.text)
            .collect();
        let asks = set.asks(Door::Render) != Asks::default();
        let mut outcomes = plan_in(&Curious::default(), &set, &service, Door::Render);
        outcomes.sort();
        (
            names.join(" "),
            kinds.join(" "),
            needles.join(" "),
            asks,
            outcomes,
        )
    };
    let of = |names: &str, kinds: &str, asks: bool, outcomes: [plan::Outcome; 2]| {
        (
            names.to_owned(),
            kinds.to_owned(),
            kinds.to_owned(),
            asks,
            outcomes.to_vec(),
        )
    };
    assert_eq!(
        active("kind: Config\n"),
        of(
            "b",
            "Secret",
            false,
            [plan::Outcome::Inactive, plan::Outcome::NoMatch]
        )
    );
    assert_eq!(
        active("policies: {demo: {params: {kinds: [Service]}}}\n"),
        of(
            "a b",
            "Secret Service",
            true,
            [plan::Outcome::NoMatch, plan::Outcome::Satisfied]
        )
    );
}
