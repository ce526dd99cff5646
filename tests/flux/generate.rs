//! Random objects and policies, within the policy language.

use fixative::manifest;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::{Map, Value, json};

/// Texts that some reader takes for something else, or that are hard to write.
pub const TRICKY: [&str; 32] = [
    "plain",
    "yes",
    "Off",
    "null",
    "~",
    "",
    "1e3",
    "012",
    "0o17",
    "1_000",
    "2026-01-02",
    "2001-12-14 21:59:43",
    "12:30:45",
    "a: b",
    "# no comment",
    " lead",
    "trail ",
    "two\nlines\n",
    "two\n\nlines",
    "\nlead",
    "tab\tbed",
    "é😀\u{2028}",
    "esc\u{1b}ape",
    "<a> & \"b\" 'c'",
    "{}",
    "[a]",
    "- x",
    "*alias",
    "!tag",
    "%",
    "$(VAR) ${VAR}",
    "back\\slash",
];

fn text() -> impl Strategy<Value = String> {
    select(TRICKY.to_vec()).prop_map(str::to_owned)
}

fn names(count: usize) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(vec!["a", "b", "c", "d"], 0..=count).prop_shuffle()
}

fn env() -> impl Strategy<Value = Value> {
    (names(4), vec(text(), 4)).prop_map(|(names, values)| {
        let variable = |(name, value): (&str, String)| json!({"name": name.to_uppercase(), "value": value});
        Value::Array(names.into_iter().zip(values).map(variable).collect())
    })
}

fn ports() -> impl Strategy<Value = Value> {
    let port = |(number, protocol): (u16, Option<&'static str>)| match protocol {
        Some(protocol) => json!({"containerPort": number, "protocol": protocol}),
        None => json!({"containerPort": number}),
    };
    let one = (80u16..83, option::of(select(vec!["TCP", "UDP"]))).prop_map(port);
    vec(one, 0..3).prop_map(|mut ports| {
        ports.dedup();
        Value::Array(ports)
    })
}

fn container(name: &'static str) -> impl Strategy<Value = Value> {
    let mounts = names(3).prop_map(|names| -> Value {
        names
            .into_iter()
            .map(|name| json!({"name": name, "mountPath": format!("/{name}")}))
            .collect()
    });
    let limits = option::of(select(vec![
        json!({"cpu": 1}),
        json!({"memory": "1Gi", "cpu": 0.5}),
        json!({}),
    ]));
    (env(), ports(), mounts, limits, vec(text(), 0..3), any::<bool>()).prop_map(
        move |(env, ports, mounts, limits, args, is_server)| {
            let image = if is_server {
                "immich-server:v3.0.0"
            } else {
                "postgres:16"
            };
            let mut container =
                json!({"name": name, "image": image, "env": env, "ports": ports, "volumeMounts": mounts});
            if let Some(limits) = limits {
                container["resources"] = json!({"limits": limits});
            }
            if !args.is_empty() {
                container["args"] = args.into();
            }
            if container["env"] == json!([]) {
                container.as_object_mut().unwrap().remove("env");
            }
            container
        },
    )
}

fn pod() -> impl Strategy<Value = Value> {
    let containers = || {
        (container("main"), container("side"), container("last"), 1usize..4)
            .prop_map(|(a, b, c, count)| Value::Array([a, b, c].into_iter().take(count).collect()))
    };
    let extras = (
        option::of(containers()),
        option::of(text()),
        vec(
            select(vec![
                json!({"key": "a", "operator": "Exists"}),
                json!({"key": "b", "value": "x"}),
            ]),
            0..3,
        ),
        option::of(any::<bool>()),
        names(3),
        affinity(),
    );
    (containers(), labels(), labels(), extras).prop_map(|(containers, labels, annotations, extras)| {
        let (init, class, tolerations, links, volumes, affinity) = extras;
        let volumes: Vec<Value> = volumes
            .into_iter()
            .map(|name| json!({"name": name, "emptyDir": {}}))
            .collect();
        let mut spec = json!({"containers": containers, "volumes": volumes, "tolerations": tolerations});
        if let Some(Value::Array(init)) = init {
            let named = init.into_iter().map(|mut one| {
                one["name"] = format!("init-{}", one["name"].as_str().unwrap()).into();
                one
            });
            spec["initContainers"] = named.collect();
        }
        if let Some(class) = class {
            spec["priorityClassName"] = class.into();
        }
        if let Some(links) = links {
            spec["enableServiceLinks"] = links.into();
        }
        if let Some(affinity) = affinity {
            spec["affinity"] = affinity;
        }
        json!({"metadata": {"labels": labels, "annotations": annotations}, "spec": spec})
    })
}

fn affinity() -> impl Strategy<Value = Option<Value>> {
    let term = |key: &'static str| json!({"matchExpressions": [{"key": key, "operator": "In", "values": ["1", "x"]}]});
    let terms = vec(select(vec!["zone", "disk"]).prop_map(term), 0..3);
    option::of(terms.prop_map(|terms| {
        json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}})
    }))
}

fn labels() -> impl Strategy<Value = Value> {
    (names(3), vec(text(), 3)).prop_map(|(names, values)| {
        let entries = names.into_iter().zip(values);
        Value::Object(Map::from_iter(
            entries.map(|(name, value)| (name.to_owned(), value.into())),
        ))
    })
}

fn deployment(name: &'static str) -> impl Strategy<Value = Value> {
    let strategy = option::of(select(vec![
        json!(null),
        json!({}),
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}}),
        json!({"type": "Recreate"}),
    ]));
    (pod(), labels(), strategy, any::<bool>()).prop_map(
        move |(template, annotations, strategy, is_placed)| {
            let mut spec = json!({"replicas": 1, "template": template});
            if let Some(strategy) = strategy {
                spec["strategy"] = strategy;
            }
            let mut metadata = json!({"name": name, "annotations": annotations});
            if is_placed {
                metadata["namespace"] = "photos".into();
            }
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})
        },
    )
}

fn config_map() -> impl Strategy<Value = Value> {
    (labels(), labels()).prop_map(|(data, annotations)| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "data": data,
               "metadata": {"name": "config.photos", "annotations": annotations}})
    })
}

fn cluster() -> impl Strategy<Value = Value> {
    (names(3), vec(text(), 3), 1u64..u64::MAX).prop_map(|(names, values, size)| {
        let parameters: Map<String, Value> = names
            .iter()
            .zip(&values)
            .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
            .collect();
        json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "db", "namespace": "photos"},
               "spec": {"instances": size % 5, "big": size,
                        "postgresql": {"parameters": parameters, "shared_preload_libraries": values}}})
    })
}

/// A stream of a few objects.
pub fn stream() -> impl Strategy<Value = String> {
    (
        deployment("server"),
        deployment("other"),
        config_map(),
        cluster(),
        any::<Index>(),
    )
        .prop_map(|(server, other, config, cluster, count)| {
            let mut objects = vec![server, config, other];
            if count.index(2) == 0 {
                objects.push(cluster);
            }
            objects
                .iter()
                .map(|object| format!("---\n{}", manifest::yaml(object)))
                .collect()
        })
}

/// A rule's text as YAML flow: where, and its verb.
fn rule() -> impl Strategy<Value = Value> {
    let pod = |spec: Value| json!({"merge": {"spec": spec}});
    let object = |kind: &str, more: Value| {
        let mut rule = json!({"subject": "Object", "match": {"kinds": [kind]}});
        rule.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        rule
    };
    // `$(` begins CEL in a policy.
    let value = || text().prop_map(|text| text.replace("$(", "$$("));
    prop_oneof![
        any::<bool>().prop_map(move |links| pod(json!({"enableServiceLinks": links}))),
        value().prop_map(move |name| pod(json!({"priorityClassName": name}))),
        value().prop_map(|value| json!({"merge": {"metadata": {"labels": {"a": value}}}})),
        value().prop_map(|value| json!({"merge": {"metadata": {"annotations": {"new.example.com/x": value}}}})),
        value().prop_map(move |value| pod(json!({"volumes": [{"name": "b", "configMap": {"name": value}}]}))),
        value().prop_map(|value| json!({"at": "containers[*]", "merge": {"env": [{"name": "B", "value": value, "valueFrom": null}]}})),
        value().prop_map(|value| json!({"at": "containers[*].env[name=A].value", "set": value})),
        Just(json!({"at": "containers[*].env[name=C]", "remove": true})),
        Just(json!({"at": "containers[*].resources.limits", "remove": true})),
        Just(json!({"at": "containers[*]", "merge": {"resources": {"limits": {"cpu": "2", "example.com/gpu": 1}}}})),
        Just(json!({"at": "containers[*].volumeMounts[*]", "merge": {"readOnly": true}})),
        Just(json!({"at": "containers[*].volumeMounts[name=a].mountPath", "set": "/new/a"})),
        Just(json!({"at": "containers[*].ports[*]", "merge": {"name": "web"}})),
        value().prop_map(|value| json!({"at": "containers[*].args", "ensure": value})),
        Just(json!({"at": "spec.tolerations", "ensure": {"key": "gpu", "operator": "Exists"}})),
        Just(json!({"at": "spec.priorityClassName", "remove": true})),
        Just(json!({"at": "spec.initContainers[name=init-side].image", "set": "busybox:1"})),
        Just(json!({"requireNodeAffinity": {"key": "disk", "operator": "In", "values": ["nvme"]}})),
        Just(json!({"preferNodeAffinity": {"weight": 5, "term": {"key": "zone", "operator": "Exists"}}})),
        Just(object("Deployment.apps", json!({"merge": {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": "$(null)"}}}}))),
        value().prop_map(move |value| object("ConfigMap", json!({"merge": {"data": {"b": value, "$patch": "x"}}}))),
        value().prop_map(move |value| object("ConfigMap", json!({"at": "data[*]", "set": value}))),
        Just(object("Deployment.apps", json!({"at": "metadata.annotations[\"a\"]", "remove": true}))),
        value().prop_map(move |value| object("Cluster.postgresql.cnpg.io", json!({"at": "spec.postgresql.shared_preload_libraries", "ensure": value}))),
        value().prop_map(move |value| object("Cluster.postgresql.cnpg.io", json!({"merge": {"spec": {"postgresql": {"parameters": {"new": value}}}}}))),
    ]
}

/// A pack's file: one policy with a few rules.
pub fn policy() -> impl Strategy<Value = String> {
    vec(rule(), 1..5).prop_map(|rules| {
        let rules: Vec<Value> = rules
            .into_iter()
            .enumerate()
            .map(|(index, mut rule)| {
                rule["name"] = format!("rule-{index}").into();
                rule
            })
            .collect();
        manifest::yaml(&json!({
            "apiVersion": "fixative.dev/v1alpha1", "kind": "Policy", "metadata": {"name": "random"},
            "spec": {"title": "A random policy", "description": "It does anything.", "severity": "low", "action": "Warn",
                     "rules": rules},
        }))
    })
}
