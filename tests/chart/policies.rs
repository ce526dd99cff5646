//! The configuration and the packs, as the pod finds them.

use serde_json::{Value, json};

use crate::chart::{EVERYTHING, object, objects, read};
use crate::program::Folder;

fn config(values: &str) -> Value {
    let objects = objects(values);
    let text = object(&objects, "ConfigMap", "fixative-config")["data"]["fixative.yaml"].clone();
    read(text.as_str().unwrap()).remove(0)
}

#[test]
fn packs_of_ones_own_come_beside_immichs() {
    let plain = json!({"apiVersion": "fixative.dev/v1alpha1", "kind": "Config"});
    assert_eq!(config(""), plain);
    let packs = json!([{"name": "immich"}, {"path": "/etc/fixative/policies/mine"}]);
    assert_eq!(config(EVERYTHING)["packs"], packs);
    let chosen = format!("{EVERYTHING}\n").replace(
        "config: {",
        "config: {packs: [{path: /etc/fixative/policies/mine}], ",
    );
    assert_eq!(
        config(&chosen)["packs"],
        json!([{"path": "/etc/fixative/policies/mine"}])
    );
}

/// What the ConfigMaps hold, laid out as the pod's mounts lay it out, is what the program reads.
#[test]
fn what_is_mounted_loads() {
    for (values, expected) in [("", "service-links"), (EVERYTHING, "links")] {
        let objects = objects(values);
        for pod in [
            &object(&objects, "Deployment", "fixative")["spec"]["template"]["spec"],
            &object(&objects, "Pod", "fixative-test")["spec"],
        ] {
            let folder = mount(&objects, pod);
            // Paths in the configuration are absolute; here the root is another folder.
            let config = folder.path("etc/fixative/config/fixative.yaml");
            let text = std::fs::read_to_string(&config).unwrap();
            let root = folder.path("etc").display().to_string();
            std::fs::write(
                &config,
                text.replace("/etc/fixative", &format!("{root}/fixative")),
            )
            .unwrap();
            let list = folder.fixative(
                &[
                    "policies",
                    "list",
                    "--config",
                    "etc/fixative/config/fixative.yaml",
                ],
                b"",
            );
            let list = list.good();
            for name in ["media-location", expected] {
                assert!(
                    list.lines().any(|line| line.starts_with(&format!("{name} "))),
                    "{list}"
                );
            }
        }
    }
}

/// The ConfigMaps that a pod mounts, below a folder.
fn mount(objects: &[Value], pod: &Value) -> Folder {
    let mut folder = Folder::new();
    for mount in pod["containers"][0]["volumeMounts"].as_array().unwrap() {
        assert!(
            mount["subPath"].is_null(),
            "the kubelet never changes a subPath: {mount}"
        );
        let volumes = pod["volumes"].as_array().unwrap();
        let volume = volumes
            .iter()
            .find(|volume| volume["name"] == mount["name"])
            .unwrap();
        let Some(name) = volume["configMap"]["name"].as_str() else {
            continue;
        };
        let path = mount["mountPath"].as_str().unwrap().trim_start_matches('/');
        for (file, text) in object(objects, "ConfigMap", name)["data"].as_object().unwrap() {
            folder = folder.with(&format!("{path}/{file}"), text.as_str().unwrap());
        }
    }
    folder
}

#[test]
fn a_change_of_policies_restarts_nothing() {
    let changed = EVERYTHING
        .replace("path: /photos", "path: /library")
        .replace("severity: high", "severity: low");
    assert_ne!(changed, EVERYTHING);
    let [before, after] = [EVERYTHING, &changed].map(objects);
    let differ: Vec<&Value> = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| before != after)
        .map(|(before, _)| &before["metadata"]["name"])
        .collect();
    assert_eq!(differ, ["fixative-config", "fixative-policies-mine"]);
}
