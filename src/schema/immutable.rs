//! What the API server refuses to change on an existing object (R9).
//!
//! Source: the update validations of k8s.io/kubernetes, `pkg/apis/*/validation`.

use crate::kube::Gvk;
use crate::pointer::{Pointer, Token};

/// What of an existing object cannot be changed.
enum Fixed {
    /// These fields of its spec.
    Only(&'static [&'static str]),
    /// Its spec but for these fields.
    AllBut(&'static [&'static str]),
    /// Its spec and everything beside metadata.
    Whole,
}

fn fixed(gvk: &Gvk) -> Option<Fixed> {
    Some(match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("apps", "Deployment" | "DaemonSet" | "ReplicaSet") => Fixed::Only(&["selector"]),
        ("apps", "StatefulSet") => Fixed::AllBut(&[
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds",
        ]),
        ("batch", "Job") => Fixed::AllBut(&[
            "parallelism",
            "activeDeadlineSeconds",
            "ttlSecondsAfterFinished",
            "suspend",
            "backoffLimit",
        ]),
        // Images and tolerations may change within limits; nothing that a repair could use.
        ("", "Pod") => Fixed::AllBut(&["activeDeadlineSeconds", "terminationGracePeriodSeconds"]),
        ("", "PersistentVolumeClaim") => Fixed::AllBut(&["resources", "volumeAttributesClassName"]),
        ("", "Service") => Fixed::Only(&["clusterIP", "clusterIPs"]),
        ("", "PersistentVolume") => Fixed::Only(&[
            "nfs",
            "hostPath",
            "local",
            "csi",
            "iscsi",
            "fc",
            "cephfs",
            "rbd",
            "glusterfs",
            "azureFile",
            "nodeAffinity",
        ]),
        ("storage.k8s.io", "StorageClass") => Fixed::Whole,
        _ => return None,
    })
}

/// Whether the API server refuses to change the field at `pointer` of an existing object of `gvk`.
pub fn immutable(gvk: &Gvk, pointer: &Pointer) -> bool {
    let mut steps = pointer.0.iter().map(|token| match token {
        Token::Key(key) => key.as_str(),
        Token::Index(_) => "",
    });
    match (fixed(gvk), steps.next(), steps.next()) {
        (Some(_), None, _) => true,
        (Some(Fixed::Whole), Some(root), _) => !matches!(root, "metadata" | "allowVolumeExpansion"),
        (Some(Fixed::Only(_) | Fixed::AllBut(_)), Some("spec"), None) => true,
        (Some(Fixed::Only(fields)), Some("spec"), Some(field)) => fields.contains(&field),
        (Some(Fixed::AllBut(fields)), Some("spec"), Some(field)) => !fields.contains(&field),
        _ => false,
    }
}
