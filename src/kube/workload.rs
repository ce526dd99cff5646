//! The only table of where a pod is described.

use serde_json::Value;

use super::Gvk;
use crate::pointer::{Pointer, Token};

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
