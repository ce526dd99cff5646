//! What a kubelet does with the Pods of a Deployment whose container is `fixative`: it mounts ConfigMaps, gives the
//! ServiceAccount's token, runs the program and tells that it is ready.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::api::Api;
use crate::mounted::Mounted;
use crate::plane::plane;
use crate::process::{FIXATIVE, Process};
use crate::service::Replica;

/// A Pod that runs.
pub struct RunningPod {
    /// Where it serves.
    pub replica: Replica,
    process: Process,
    mounts: Mounts,
}

/// By the path in the container: the name of a ConfigMap, and where it is mounted.
type Mounts = BTreeMap<String, (String, Mounted)>;

impl RunningPod {
    /// Runs the first container of a Pod, with the rights of the Pod's own ServiceAccount.
    pub fn start(api: &Api, pod: &Value) -> Self {
        let name = pod["metadata"]["name"].as_str().unwrap();
        let folder = plane().folder(&format!("pod-{name}"));
        let container = &pod["spec"]["containers"][0];
        let mut mounts = mounts(pod, &folder);
        let address = plane().pod_address();
        let port = |name: &str| {
            let mut ports = container["ports"].as_array().unwrap().iter();
            let port = ports.find(|port| port["name"] == name).unwrap();
            u16::try_from(port["containerPort"].as_u64().unwrap()).unwrap()
        };
        let replica = Replica {
            address: SocketAddr::from((address, port("https"))),
            health: Some(SocketAddr::from((address, port("health")))),
        };
        sync(api, &mut mounts);
        let account = pod["spec"]["serviceAccountName"].as_str().unwrap();
        let mut command = Command::new(FIXATIVE);
        command
            .env_clear()
            .env("KUBECONFIG", plane().kubeconfig_of(api, account))
            .env("POD_NAME", name)
            .env("POD_NAMESPACE", &api.namespace)
            .env("FIXATIVE_LOG", "info")
            .args(arguments(container, address, &mounts));
        let process = Process::start(&mut command, folder.join("log"));
        Self {
            replica,
            process,
            mounts,
        }
    }

    /// The ConfigMaps are mounted as they are now.
    pub fn sync(&mut self, api: &Api) {
        sync(api, &mut self.mounts);
    }

    /// What it said.
    pub fn said(&self) -> String {
        self.process.said()
    }
}

/// Runs the first container of a Pod to its good end, and tells that.
pub fn run_to_end(api: &Api, pod: &Value) {
    let name = pod["metadata"]["name"].as_str().unwrap();
    let mut mounts = mounts(pod, &plane().folder(&format!("pod-{name}")));
    sync(api, &mut mounts);
    let container = &pod["spec"]["containers"][0];
    let mut command = Command::new(FIXATIVE);
    command
        .env_clear()
        .args(arguments(container, Ipv4Addr::LOCALHOST, &mounts));
    if pod["spec"]["automountServiceAccountToken"] != false {
        let account = pod["spec"]["serviceAccountName"].as_str().unwrap();
        command.env("KUBECONFIG", plane().kubeconfig_of(api, account));
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {said}");
    api.patch_status(pod, &json!({"phase": "Succeeded"})).accepts();
}

/// The ConfigMaps that the first container mounts.
fn mounts(pod: &Value, folder: &Path) -> Mounts {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let volumes = list(&pod["spec"]["volumes"]);
    let mounts = list(&pod["spec"]["containers"][0]["volumeMounts"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    mounts
        .iter()
        .filter_map(|mount| {
            let volume = volumes.iter().find(|volume| volume["name"] == mount["name"])?;
            let map = volume["configMap"]["name"].as_str()?;
            let mounted = Mounted::new(folder.join(text(&mount["name"])));
            Some((text(&mount["mountPath"]), (map.to_owned(), mounted)))
        })
        .collect()
}

/// The Pod is ready, as its probe says.
pub fn report_ready(api: &Api, pod: &Value) {
    let ready = json!({"type": "Ready", "status": "True"});
    let status = json!({"phase": "Running", "conditions": [ready]});
    api.patch_status(pod, &status).accepts();
}

fn sync(api: &Api, mounts: &mut Mounts) {
    for (map, mounted) in mounts.values_mut() {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": map}});
        let found = api.get(&map);
        let data = found.accepts().body["data"].as_object().unwrap();
        let files: Vec<(&str, &str)> = data
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str().unwrap()))
            .collect();
        mounted.write(&files);
    }
}

/// The container's arguments with the Pod's own address, and the folders where they are on this machine.
fn arguments(container: &Value, address: Ipv4Addr, mounts: &Mounts) -> Vec<String> {
    let arguments = container["args"].as_array().unwrap().iter();
    arguments
        .map(|argument| {
            let mut argument = argument
                .as_str()
                .unwrap()
                .replace("0.0.0.0", &address.to_string());
            for (at, (_, mounted)) in mounts {
                argument = argument.replace(at, mounted.folder().to_str().unwrap());
            }
            argument
        })
        .collect()
}
