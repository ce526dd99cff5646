//! What a pod's volume is, as far as its own text says.
//! Source: k8s.io/api/core/v1 `VolumeSource`, `PersistentVolumeSource`; network file shares
//! by driver are in [`super::shares`].

use super::shares;
use crate::json::Value;

/// The source of a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Volume {
    /// Lives and dies with the pod: `emptyDir`, a generic ephemeral volume, an unknown empty entry.
    Ephemeral {
        /// The source's name, for people: `emptyDir`.
        source: &'static str,
    },
    /// Files that Kubernetes writes: ConfigMap, Secret, projected, downwardAPI, image.
    Projected {
        /// The source's name.
        source: &'static str,
    },
    /// A folder of one node.
    HostPath {
        /// The folder.
        path: String,
    },
    /// A claim.
    Claim {
        /// Name of the PersistentVolumeClaim.
        name: String,
    },
    /// A claim that a StatefulSet makes for each pod.
    Template {
        /// Name of the template.
        name: String,
    },
    /// A network file share that the pod mounts itself.
    Share {
        /// For people: `NFS nas:/volume1/photos`.
        describe: String,
    },
    /// A block device or other storage that the pod mounts itself.
    Disk {
        /// The source's name.
        source: String,
    },
}

/// Volume sources that are files of the cluster itself.
const PROJECTED: [&str; 5] = ["configMap", "secret", "projected", "downwardAPI", "image"];

/// In-tree sources that are network file shares.
const SHARES: [&str; 5] = ["nfs", "cephfs", "glusterfs", "azureFile", "quobyte"];

/// What volume `volume` of a pod is.
pub fn classify(volume: &Value) -> Volume {
    let source = |name: &str| volume.get(name).filter(|source| !source.is_null());
    let text = |source: &Value, key: &str| {
        source
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    if let Some(claim) = source("persistentVolumeClaim") {
        return Volume::Claim {
            name: text(claim, "claimName"),
        };
    }
    if let Some(path) = source("hostPath") {
        return Volume::HostPath {
            path: text(path, "path"),
        };
    }
    if let Some(name) = PROJECTED.into_iter().find(|name| source(name).is_some()) {
        return Volume::Projected { source: name };
    }
    if source("ephemeral").is_some() {
        return Volume::Ephemeral {
            source: "a generic ephemeral volume",
        };
    }
    match share(volume) {
        Some(describe) => Volume::Share { describe },
        None => other(volume),
    }
}

fn other(volume: &Value) -> Volume {
    let kind = volume.as_object().and_then(|map| {
        map.iter()
            .find(|(key, source)| *key != "name" && *key != "emptyDir" && !source.is_null())
    });
    match kind {
        Some((kind, source)) => match source.get("driver").and_then(Value::as_str) {
            Some(driver) => Volume::Disk {
                source: format!("{kind} driver {driver}"),
            },
            None => Volume::Disk {
                source: kind.to_string(),
            },
        },
        None => Volume::Ephemeral { source: "emptyDir" },
    }
}

/// Whether a volume or a PersistentVolume's spec names a network file share itself, and which.
pub fn share(spec: &Value) -> Option<String> {
    let source = |name: &str| spec.get(name).filter(|source| !source.is_null());
    if let Some(nfs) = source("nfs") {
        let part = |key: &str| nfs.get(key).and_then(Value::as_str).unwrap_or_default();
        return Some(format!("NFS {}:{}", part("server"), part("path")));
    }
    if let Some(name) = SHARES.into_iter().find(|name| source(name).is_some()) {
        return Some(format!("the network share {name}"));
    }
    let driver = driver(spec);
    shares::is_driver(driver).then(|| format!("the network share of {driver}"))
}

/// The driver that a volume or a PersistentVolume's spec names; empty where Kubernetes mounts it itself.
pub fn driver(spec: &Value) -> &str {
    let named = ["csi", "flexVolume"]
        .into_iter()
        .find_map(|kind| spec.get(kind)?.get("driver")?.as_str());
    named.unwrap_or_default()
}

/// The class that a claim gets which names none: of those that are marked as default the newest one, of two of
/// one age the first by name; `None` where there is none.
/// Source: k8s.io/kubernetes pkg/volume/util/storageclass.go `GetDefaultClass`.
pub fn default_class<'c>(classes: impl Iterator<Item = &'c Value>) -> Option<&'c str> {
    const MARKS: [&str; 2] = [
        "storageclass.kubernetes.io/is-default-class",
        "storageclass.beta.kubernetes.io/is-default-class",
    ];
    let is_default = |class: &&Value| {
        let annotations = class.pointer("/metadata/annotations");
        let mark = |name: &&str| annotations.and_then(|all| all.get(*name)?.as_str()) == Some("true");
        MARKS.iter().any(mark)
    };
    let text = |class: &'c Value, pointer: &str| class.pointer(pointer).and_then(Value::as_str);
    let newest = classes.filter(is_default).max_by_key(|class| {
        let made = text(class, "/metadata/creationTimestamp").unwrap_or_default();
        (made, std::cmp::Reverse(text(class, "/metadata/name")))
    });
    text(newest?, "/metadata/name")
}

/// Whether a claim or volume with these access modes can be mounted by the pods of one node only.
pub fn is_exclusive(access_modes: &[Value]) -> bool {
    let shared = |mode: &Value| matches!(mode.as_str(), Some("ReadWriteMany" | "ReadOnlyMany"));
    !access_modes.is_empty() && !access_modes.iter().any(shared)
}

/// Whether a PersistentVolume's spec says itself on which nodes the volume is: the scheduler keeps to that.
pub fn is_pinned(spec: &Value) -> bool {
    let terms = spec.pointer("/nodeAffinity/required/nodeSelectorTerms");
    terms
        .and_then(Value::as_array)
        .is_some_and(|terms| !terms.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn sources_are_told_apart() {
        let cases = [
            (
                json!({"name": "a", "emptyDir": {}}),
                Volume::Ephemeral { source: "emptyDir" },
            ),
            (json!({"name": "a"}), Volume::Ephemeral { source: "emptyDir" }),
            (
                json!({"name": "a", "hostPath": {"path": "/x"}}),
                Volume::HostPath { path: "/x".into() },
            ),
            (
                json!({"name": "a", "persistentVolumeClaim": {"claimName": "c"}}),
                Volume::Claim { name: "c".into() },
            ),
            (
                json!({"name": "a", "nfs": {"server": "n", "path": "/p"}}),
                Volume::Share {
                    describe: "NFS n:/p".into(),
                },
            ),
            (
                json!({"name": "a", "csi": {"driver": "smb.csi.k8s.io"}}),
                Volume::Share {
                    describe: "the network share of smb.csi.k8s.io".into(),
                },
            ),
            (
                json!({"name": "a", "csi": {"driver": "x.io"}}),
                Volume::Disk {
                    source: "csi driver x.io".into(),
                },
            ),
            (
                json!({"name": "a", "secret": {}}),
                Volume::Projected { source: "secret" },
            ),
            (
                json!({"name": "a", "iscsi": {"lun": 0}}),
                Volume::Disk {
                    source: "iscsi".into(),
                },
            ),
        ];
        for (volume, expected) in cases {
            assert_eq!(classify(&volume), expected, "{volume}");
        }
    }

    #[test]
    fn volumes_with_a_node_affinity_are_pinned() {
        let cases = [
            (json!({"hostPath": {"path": "/x"}}), false),
            (json!({"local": {"path": "/x"}, "nodeAffinity": {}}), false),
            (
                json!({"nodeAffinity": {"required": {"nodeSelectorTerms": []}}}),
                false,
            ),
            (
                json!({"hostPath": {"path": "/x"}, "nodeAffinity": {"required": {"nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["a"]}]}
                ]}}}),
                true,
            ),
        ];
        for (spec, expected) in cases {
            assert_eq!(is_pinned(&spec), expected, "{spec}");
        }
    }

    #[test]
    fn the_newest_default_class_is_taken() {
        let class = |name: &str, mark: &str, made: &str| json!({"metadata": {"name": name, "creationTimestamp": made, "annotations": {mark: "true"}}});
        let mark = "storageclass.kubernetes.io/is-default-class";
        let old = class("old", mark, "2026-01-01T00:00:00Z");
        let beta = class(
            "beta",
            "storageclass.beta.kubernetes.io/is-default-class",
            "2026-02-01T00:00:00Z",
        );
        let same = class("alpha", mark, "2026-02-01T00:00:00Z");
        let other = class("other", "a", "2026-03-01T00:00:00Z");
        let off = json!({"metadata": {"name": "off", "annotations": {mark: "false"}}});
        let cases = [
            (vec![&old, &beta, &other, &off], Some("beta")),
            (vec![&beta, &same], Some("alpha")),
            (vec![&other, &off], None),
            (vec![], None),
        ];
        for (classes, expected) in cases {
            assert_eq!(default_class(classes.into_iter()), expected);
        }
    }

    #[test]
    fn drivers_are_named_where_there_is_one() {
        let cases = [
            (json!({"csi": {"driver": "a.io"}}), "a.io"),
            (json!({"flexVolume": {"driver": "b.io/c"}}), "b.io/c"),
            (json!({"csi": null, "nfs": {"server": "n", "path": "/p"}}), ""),
            (json!({}), ""),
        ];
        for (spec, expected) in cases {
            assert_eq!(driver(&spec), expected, "{spec}");
        }
    }

    #[test]
    fn only_claims_of_one_node_are_exclusive() {
        assert!(is_exclusive(&[json!("ReadWriteOnce")]));
        assert!(is_exclusive(&[json!("ReadWriteOncePod")]));
        assert!(!is_exclusive(&[json!("ReadWriteOnce"), json!("ReadWriteMany")]));
        assert!(!is_exclusive(&[]));
    }
}
