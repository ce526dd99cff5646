//! The only table of where a pod is described.

use super::Gvk;
use crate::json::Value;

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

/// The pod that an object of this kind describes, if it does.
pub fn pod<'v>(gvk: &Gvk, object: &'v Value) -> Option<&'v Value> {
    pod_keys(gvk)?
        .iter()
        .try_fold(object, |value, key| value.get(key))
}

/// The keys that lead to where an object of this kind describes a pod (a map with `metadata` and `spec`): none for a bare
/// Pod, those of the template for a workload; `None` for any other kind.
/// Source: the types of k8s.io/api apps, batch and core.
pub fn pod_keys(gvk: &Gvk) -> Option<&'static [&'static str]> {
    Some(match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => &[],
        ("", "PodTemplate") => &["template"],
        ("", "ReplicationController")
        | ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch", "Job") => &["spec", "template"],
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template"],
        _ => return None,
    })
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

/// Where a container stands in a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContainerPlace {
    list: &'static str,
    index: usize,
}

impl ContainerPlace {
    /// The list that it is in: `containers` or `initContainers`.
    pub fn list(self) -> &'static str {
        self.list
    }

    /// Its position in it.
    pub fn index(self) -> usize {
        self.index
    }
}

/// The containers that run as long as the pod: containers, then native sidecars; each with its place in
/// the pod. Never ephemeral ones.
pub fn containers(pod: &Value) -> impl Iterator<Item = (ContainerPlace, &Value)> {
    let spec = pod.get("spec");
    let all = move |list: &'static str| {
        let items = spec.and_then(|spec| spec.get(list)).and_then(Value::as_array);
        let items = items.into_iter().flatten().enumerate();
        items.map(move |(index, container)| (ContainerPlace { list, index }, container))
    };
    let sidecars = all("initContainers").filter(|(_, container)| is_sidecar(container));
    all("containers")
        .chain(sidecars)
        .filter(|(_, container)| container.is_object())
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
            assert!(pod_keys(&gvk).is_some(), "{kind}");
        }
        assert_eq!(pod_keys(&Gvk::new("v1", "Service")), None);
        assert_eq!(pod_keys(&Gvk::new("example.com/v1", "Deployment")), None);
    }

    #[test]
    fn only_sidecars_of_the_init_containers_count() {
        let pod = crate::json::json!({"spec": {
            "initContainers": [{"name": "setup"}, {"name": "redis", "restartPolicy": "Always"}],
            "containers": [{"name": "main"}],
            "ephemeralContainers": [{"name": "debug"}],
        }});
        let found: Vec<_> = containers(&pod).map(|(at, _)| (at.list(), at.index())).collect();
        assert_eq!(found, [("containers", 0), ("initContainers", 1)]);
    }

    #[test]
    fn workloads_are_told_from_other_controllers() {
        let owner = |api_version: &str, kind: &str, controller: bool| {
            crate::json::json!({"metadata": {"ownerReferences": [
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
            (crate::json::json!({}), false),
        ];
        for (object, expected) in cases {
            assert_eq!(is_made_by_workload(&object), expected, "{object}");
        }
    }
}
