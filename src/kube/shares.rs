//! CSI drivers and provisioners of network file shares: NFS, SMB, CephFS and the clouds' own.

/// CSI drivers and provisioners of network file shares, and where each is documented under that name. A driver
/// that makes shares or disks as its class says (Trident, Synology's) is not among them. `*` stands for
/// what an installation puts in front: a release's name, the operator's namespace.
const DRIVERS: [(&str, &str); 31] = [
    ("nfs.csi.k8s.io", "github.com/kubernetes-csi/csi-driver-nfs"),
    ("smb.csi.k8s.io", "github.com/kubernetes-csi/csi-driver-smb"),
    (
        "cluster.local/*nfs-subdir-external-provisioner",
        "github.com/kubernetes-sigs/nfs-subdir-external-provisioner, charts/",
    ),
    (
        "k8s-sigs.io/nfs-subdir-external-provisioner",
        "github.com/kubernetes-sigs/nfs-subdir-external-provisioner, deploy/",
    ),
    ("fuseim.pri/ifs", "the same, its older deploy/class.yaml"),
    (
        "cluster.local/*nfs-client-provisioner",
        "github.com/helm/charts, stable/nfs-client-provisioner",
    ),
    (
        "cluster.local/*nfs-server-provisioner",
        "github.com/kubernetes-sigs/nfs-ganesha-server-and-external-provisioner, charts/",
    ),
    (
        "example.com/nfs",
        "github.com/kubernetes-sigs/nfs-ganesha-server-and-external-provisioner, deploy/",
    ),
    (
        "nfs.openebs.io",
        "github.com/openebs-archive/dynamic-nfs-provisioner",
    ),
    ("openebs.io/nfsrwx", "the same, its StorageClass openebs-rwx"),
    ("cephfs.csi.ceph.com", "github.com/ceph/ceph-csi"),
    ("nfs.csi.ceph.com", "the same, over NFS"),
    ("*.cephfs.csi.ceph.com", "rook.io/docs, Filesystem Storage"),
    ("*.nfs.csi.ceph.com", "rook.io/docs, NFS Storage"),
    (
        "ceph.com/cephfs",
        "github.com/kubernetes-retired/external-storage, ceph/cephfs",
    ),
    ("efs.csi.aws.com", "github.com/kubernetes-sigs/aws-efs-csi-driver"),
    ("fsx.csi.aws.com", "github.com/kubernetes-sigs/aws-fsx-csi-driver"),
    (
        "fsx.openzfs.csi.aws.com",
        "github.com/kubernetes-sigs/aws-fsx-openzfs-csi-driver",
    ),
    (
        "file.csi.azure.com",
        "github.com/kubernetes-sigs/azurefile-csi-driver",
    ),
    ("kubernetes.io/azure-file", "kubernetes.io/docs, Storage Classes"),
    (
        "filestore.csi.storage.gke.io",
        "github.com/kubernetes-sigs/gcp-filestore-csi-driver",
    ),
    (
        "org.democratic-csi.nfs",
        "github.com/democratic-csi/charts, examples",
    ),
    (
        "org.democratic-csi.nfs-client",
        "github.com/democratic-csi/charts, examples",
    ),
    (
        "org.democratic-csi.freenas-nfs",
        "github.com/democratic-csi/charts, examples",
    ),
    (
        "org.democratic-csi.smb",
        "github.com/democratic-csi/charts, examples",
    ),
    (
        "org.democratic-csi.smb-client",
        "github.com/democratic-csi/charts, examples",
    ),
    ("kubernetes.io/glusterfs", "kubernetes.io/docs, Storage Classes"),
    ("csi.juicefs.com", "github.com/juicedata/juicefs-csi-driver"),
    (
        "seaweedfs-csi-driver",
        "github.com/seaweedfs/seaweedfs-csi-driver",
    ),
    ("ch.ctrox.csi.s3-driver", "github.com/ctrox/csi-s3"),
    ("ru.yandex.s3.csi", "github.com/yandex-cloud/k8s-csi-s3"),
];

/// Whether a CSI driver or provisioner makes network file shares.
pub fn is_driver(driver: &str) -> bool {
    let is_it = |name: &str| match name.split_once('*') {
        Some((head, tail)) => driver.strip_prefix(head).is_some_and(|rest| rest.ends_with(tail)),
        None => driver == name,
    };
    DRIVERS.iter().any(|(name, _)| is_it(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_driver_is_there_once_and_has_a_source() {
        let names: std::collections::BTreeSet<&str> = DRIVERS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), DRIVERS.len());
        assert!(DRIVERS.iter().all(|(_, source)| !source.is_empty()));
        let cases = [
            ("smb.csi.k8s.io", true),
            ("cluster.local/nfs-subdir-external-provisioner", true),
            ("cluster.local/nas-nfs-subdir-external-provisioner", true),
            ("rook-ceph.cephfs.csi.ceph.com", true),
            ("cephfs.csi.ceph.com", true),
            ("rook-ceph.rbd.csi.ceph.com", false),
            ("cluster.local/local-path-provisioner", false),
            ("csi.k8s.io", false),
            ("", false),
        ];
        for (driver, expected) in cases {
            assert_eq!(is_driver(driver), expected, "{driver}");
        }
    }
}
