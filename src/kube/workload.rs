//! The only table of where a pod is described.

use serde_json::Value;

use super::Gvk;
use crate::pointer::{Pointer, Token};

/// Every kind that describes a pod: kind and group.
pub const WORKLOADS: [(&str, &str); 9] = [
    ("Pod", ""),
    ("PodTemplate", ""),
    ("ReplicationController", ""),
    ("Deployment", "apps"),
    ("StatefulSet", "apps"),
    ("DaemonSet", "apps"),
    ("ReplicaSet", "apps"),
    ("Job", "batch"),
    ("CronJob", "batch"),
];

/// Where an object of this kind describes a pod (a map with `metadata` and `spec`): the root for a bare Pod,
/// the template for a workload; `None` for any other kind.
/// Source: the types of k8s.io/api apps, batch and core.
pub fn pod_pointer(gvk: &Gvk) -> Option<Pointer> {
    let keys: &[&str] = match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => &[],
        ("", "PodTemplate") => &["template"],
        ("", "ReplicationController")
        | ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch", "Job") => &["spec", "template"],
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template"],
        _ => return None,
    };
    Some(Pointer(
        keys.iter().map(|key| Token::Key((*key).into())).collect(),
    ))
}

/// Whether an object was made by the controller of a workload, which describes the same pod: a ReplicaSet, its
/// Pods. One that another controller made (a database's operator) is described nowhere else.
pub fn is_made_by_workload(object: &Value) -> bool {
    let owners = object
        .pointer("/metadata/ownerReferences")
        .and_then(Value::as_array);
    let is_workload = |owner: &Value| {
        let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
        let gvk = Gvk::new(text("apiVersion"), text("kind"));
        owner.get("controller") == Some(&Value::Bool(true))
            && WORKLOADS.contains(&(gvk.kind.as_str(), gvk.group.as_str()))
    };
    owners.is_some_and(|owners| owners.iter().any(is_workload))
}

/// Whether an init container is a native sidecar (`restartPolicy: Always`), which runs as long as the pod.
pub fn is_sidecar(init_container: &Value) -> bool {
    init_container.get("restartPolicy").and_then(Value::as_str) == Some("Always")
}

/// The containers that run as long as the pod: containers, then native sidecars; each with its place below
/// the pod. Never ephemeral ones.
pub fn containers(pod: &Value) -> impl Iterator<Item = (Pointer, &Value)> {
    let spec = Pointer::root().key("spec");
    let list = |name: &'static str, pod: &'_ Value| -> Vec<(Pointer, usize)> {
        let at = spec.key(name);
        let len = at.get(pod).and_then(Value::as_array).map_or(0, Vec::len);
        (0..len).map(|index| (at.index(index), index)).collect()
    };
    let mains = list("containers", pod).into_iter().map(|(at, _)| (at, false));
    let inits = list("initContainers", pod).into_iter().map(|(at, _)| (at, true));
    mains
        .chain(inits)
        .collect::<Vec<_>>()
        .into_iter()
        .filter_map(move |(at, init)| {
            let container = at.get(pod)?;
            (container.is_object() && (!init || is_sidecar(container))).then_some((at, container))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workload_has_a_pod() {
        for (kind, group) in WORKLOADS {
            let gvk = Gvk {
                group: group.into(),
                version: "v1".into(),
                kind: kind.into(),
            };
            assert!(pod_pointer(&gvk).is_some(), "{kind}");
        }
        assert_eq!(pod_pointer(&Gvk::new("v1", "Service")), None);
        assert_eq!(pod_pointer(&Gvk::new("example.com/v1", "Deployment")), None);
    }

    #[test]
    fn only_sidecars_of_the_init_containers_count() {
        let pod = serde_json::json!({"spec": {
            "initContainers": [{"name": "setup"}, {"name": "redis", "restartPolicy": "Always"}],
            "containers": [{"name": "main"}],
            "ephemeralContainers": [{"name": "debug"}],
        }});
        let found: Vec<String> = containers(&pod).map(|(at, _)| at.to_string()).collect();
        assert_eq!(found, ["/spec/containers/0", "/spec/initContainers/1"]);
    }

    #[test]
    fn workloads_are_told_from_other_controllers() {
        let owner = |api_version: &str, kind: &str, controller: bool| {
            serde_json::json!({"metadata": {"ownerReferences": [
                {"apiVersion": "v1", "kind": "Node", "name": "n"},
                {"apiVersion": api_version, "kind": kind, "name": "o", "controller": controller},
            ]}})
        };
        let cases = [
            (owner("apps/v1", "ReplicaSet", true), true),
            (owner("batch/v1", "Job", true), true),
            (owner("v1", "ReplicationController", true), true),
            (owner("apps/v1", "ReplicaSet", false), false),
            (owner("postgresql.cnpg.io/v1", "Cluster", true), false),
            (owner("example.com/v1", "ReplicaSet", true), false),
            (serde_json::json!({}), false),
        ];
        for (object, expected) in cases {
            assert_eq!(is_made_by_workload(&object), expected, "{object}");
        }
    }
}
