//! What the API server calls a kind in a URL and in RBAC, and whether its objects stand in a namespace. A
//! running server tells both (discovery); this is for what is printed without one.

use super::GroupKind;

/// Where the objects of a kind stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Each in a namespace.
    Namespaced,
    /// In none.
    Cluster,
    /// The kind is no built-in one, and its own server would have to tell.
    Unknown,
}

/// Groups that are in every API server; kinds of other groups come with their own definition.
/// Source: k8s.io/kubernetes api/discovery, v1.36.
const BUILT_IN: [&str; 23] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// Kinds of those groups whose objects stand in no namespace; all others do.
const CLUSTER: [(&str, &str); 39] = [
    ("ComponentStatus", ""),
    ("Namespace", ""),
    ("Node", ""),
    ("PersistentVolume", ""),
    ("MutatingAdmissionPolicy", "admissionregistration.k8s.io"),
    ("MutatingAdmissionPolicyBinding", "admissionregistration.k8s.io"),
    ("MutatingWebhookConfiguration", "admissionregistration.k8s.io"),
    ("ValidatingAdmissionPolicy", "admissionregistration.k8s.io"),
    ("ValidatingAdmissionPolicyBinding", "admissionregistration.k8s.io"),
    ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io"),
    ("CustomResourceDefinition", "apiextensions.k8s.io"),
    ("APIService", "apiregistration.k8s.io"),
    ("SelfSubjectReview", "authentication.k8s.io"),
    ("TokenReview", "authentication.k8s.io"),
    ("SelfSubjectAccessReview", "authorization.k8s.io"),
    ("SelfSubjectRulesReview", "authorization.k8s.io"),
    ("SubjectAccessReview", "authorization.k8s.io"),
    ("CertificateSigningRequest", "certificates.k8s.io"),
    ("ClusterTrustBundle", "certificates.k8s.io"),
    ("FlowSchema", "flowcontrol.apiserver.k8s.io"),
    ("PriorityLevelConfiguration", "flowcontrol.apiserver.k8s.io"),
    ("StorageVersion", "internal.apiserver.k8s.io"),
    ("IPAddress", "networking.k8s.io"),
    ("IngressClass", "networking.k8s.io"),
    ("ServiceCIDR", "networking.k8s.io"),
    ("RuntimeClass", "node.k8s.io"),
    ("ClusterRole", "rbac.authorization.k8s.io"),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io"),
    ("DeviceClass", "resource.k8s.io"),
    ("DeviceTaintRule", "resource.k8s.io"),
    ("ResourcePoolStatusRequest", "resource.k8s.io"),
    ("ResourceSlice", "resource.k8s.io"),
    ("PriorityClass", "scheduling.k8s.io"),
    ("CSIDriver", "storage.k8s.io"),
    ("CSINode", "storage.k8s.io"),
    ("StorageClass", "storage.k8s.io"),
    ("VolumeAttachment", "storage.k8s.io"),
    ("VolumeAttributesClass", "storage.k8s.io"),
    ("StorageVersionMigration", "storagemigration.k8s.io"),
];

impl GroupKind {
    /// Where its objects stand.
    pub fn scope(&self) -> Scope {
        if !BUILT_IN.contains(&self.group.as_str()) {
            Scope::Unknown
        } else if CLUSTER.contains(&(self.kind.as_str(), self.group.as_str())) {
            Scope::Cluster
        } else {
            Scope::Namespaced
        }
    }

    /// Its name in URLs, RBAC and webhook rules: `deployments`. Right for every built-in kind; a custom one
    /// may be called otherwise, but hardly any is.
    /// Source: k8s.io/apimachinery pkg/api/meta/restmapper.go `UnsafeGuessKindToResource` for built-in kinds;
    /// x, z, ch, sh and a vowel before y as controller-gen does for custom ones (Gateway: gateways).
    pub fn resource(&self) -> String {
        let word = self.kind.to_lowercase();
        if word.ends_with("endpoints") {
            return word;
        }
        if ["s", "x", "z", "ch", "sh"].iter().any(|end| word.ends_with(end)) {
            return word + "es";
        }
        match word.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
            _ => word + "s",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_a_resource_and_a_scope() {
        let (namespaced, cluster, unknown) = (Scope::Namespaced, Scope::Cluster, Scope::Unknown);
        let cases = [
            ("Pod", "pods", namespaced),
            ("Deployment.apps", "deployments", namespaced),
            ("Endpoints", "endpoints", namespaced),
            ("NetworkPolicy.networking.k8s.io", "networkpolicies", namespaced),
            ("Ingress.networking.k8s.io", "ingresses", namespaced),
            ("IngressClass.networking.k8s.io", "ingressclasses", cluster),
            ("StorageClass.storage.k8s.io", "storageclasses", cluster),
            ("PersistentVolume", "persistentvolumes", cluster),
            ("PersistentVolumeClaim", "persistentvolumeclaims", namespaced),
            ("Namespace", "namespaces", cluster),
            ("PriorityClass.scheduling.k8s.io", "priorityclasses", cluster),
            (
                "CSIStorageCapacity.storage.k8s.io",
                "csistoragecapacities",
                namespaced,
            ),
            ("Cluster.postgresql.cnpg.io", "clusters", unknown),
            ("Gateway.gateway.networking.k8s.io", "gateways", unknown),
            ("HTTPRoute.gateway.networking.k8s.io", "httproutes", unknown),
            ("Box.example.com", "boxes", unknown),
            ("Watch.example.com", "watches", unknown),
        ];
        for (kind, resource, scope) in cases {
            let kind = GroupKind::parse(kind);
            assert_eq!(
                (kind.resource().as_str(), kind.scope()),
                (resource, scope),
                "{kind}"
            );
        }
    }

    #[test]
    fn the_tables_agree() {
        assert!(CLUSTER.iter().all(|(_, group)| BUILT_IN.contains(group)));
    }
}
