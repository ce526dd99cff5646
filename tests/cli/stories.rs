//! Whole deployments of Immich as their owners had them: what the pack finds in each and what it repairs, so that
//! the story would have ended well; and that nothing else is found.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::program::Folder;
use crate::story::{Story, changes, findings, sorted};

/// The thumbnails and videos must move along with the library, or Immich looks for them on the NAS; the archive must
/// not, since Immich knows it by its path. A claim that one node may hold makes a rolling update hang. The cache of
/// machine learning on NFS is no database.
fn app_template_nfs() -> Story {
    const SERVER: &str = "Deployment/immich-server";
    Story {
        name: "app-template-nfs",
        finds: &[
            "Deny media-location/move-mounts Deployment/immich-server /spec/template/spec/containers/0/volumeMounts/1/mountPath",
            "Deny media-location/move-mounts Deployment/immich-server /spec/template/spec/containers/0/volumeMounts/2/mountPath",
            "Deny media-location/move-mounts Deployment/immich-server /spec/template/spec/containers/0/volumeMounts/3/mountPath",
            "Deny media-location/move-variable Deployment/immich-server /spec/template/spec/containers/0/env/3",
            // The null takes away what the API server would default beside Recreate.
            "Deny rollout-strategy/recreate Deployment/immich-server /spec/strategy/rollingUpdate",
            "Deny rollout-strategy/recreate Deployment/immich-server /spec/strategy/type",
        ],
        repairs: vec![
            (
                SERVER,
                "/spec/template/spec/containers/0/volumeMounts/1/mountPath",
                json!("/photos"),
            ),
            (
                SERVER,
                "/spec/template/spec/containers/0/volumeMounts/2/mountPath",
                json!("/photos/thumbs"),
            ),
            (
                SERVER,
                "/spec/template/spec/containers/0/volumeMounts/3/mountPath",
                json!("/photos/encoded-video"),
            ),
            // Without it Immich 2.6.3 would write to /data, where nothing is mounted.
            (
                SERVER,
                "/spec/template/spec/containers/0/env/3",
                json!({"name": "IMMICH_MEDIA_LOCATION", "value": "/photos"}),
            ),
            (SERVER, "/spec/strategy/rollingUpdate", json!(null)),
            (SERVER, "/spec/strategy/type", json!("Recreate")),
        ],
        remedy: &[],
    }
}

#[test]
fn a_library_on_nfs_with_thumbnails_on_fast_disks_under_app_template() {
    app_template_nfs().is_told();
}

/// The same owner without the configuration, who mounted everything below /photos and told Immich nothing of it:
/// new photos would be in the container's own disk.
#[test]
fn a_library_that_immich_was_not_told_of() {
    let story = app_template_nfs();
    let forgotten = story.manifests().replace("/usr/src/app/upload", "/photos");
    let unset = Folder::new().run(
        &["check", "--format", "json", "--namespace", "photos"],
        forgotten.as_str(),
    );
    let expected = [
        "Deny media-location/mounted Deployment/immich-server /spec/template/spec/containers/0",
        // The null takes away what the API server would default beside Recreate.
        "Deny rollout-strategy/recreate Deployment/immich-server /spec/strategy/rollingUpdate",
        "Deny rollout-strategy/recreate Deployment/immich-server /spec/strategy/type",
    ];
    assert_eq!(findings(&unset), expected.map(String::from).into());
    // With it only the variable is missing.
    let repaired = story.run(&["render"], &forgotten);
    assert_eq!(repaired.status, 0, "{}", repaired.stderr);
    let variable = json!({"name": "IMMICH_MEDIA_LOCATION", "value": "/photos"});
    let expected = [
        (
            "Deployment/immich-server",
            "/spec/template/spec/containers/0/env/3",
            variable,
        ),
        (
            "Deployment/immich-server",
            "/spec/strategy/rollingUpdate",
            json!(null),
        ),
        (
            "Deployment/immich-server",
            "/spec/strategy/type",
            json!("Recreate"),
        ),
    ];
    assert_eq!(changes(&forgotten, &repaired.stdout), sorted(&expected));
}

fn nvme() -> Value {
    let term =
        json!({"matchExpressions": [{"key": "example.org/nvme", "operator": "In", "values": ["true"]}]});
    json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}})
}

/// The chart drops `machine-learning.runtimeClassName` and `image.tag` of its 0.9 values without a word, so machine
/// learning ran on the CPU. The library is ReadWriteMany, so the server's rolling update may stay.
fn official_gpu_oidc() -> Story {
    const ML: &str = "Deployment/immich-machine-learning";
    let tolerations = json!([{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]);
    Story {
        name: "official-gpu-oidc",
        finds: &[
            "Deny gpu-runtime/device Deployment/immich-machine-learning /spec/template/spec/containers/0/resources",
            "Deny gpu-runtime/image Deployment/immich-machine-learning /spec/template/spec/containers/0/image",
            "Deny gpu-runtime/runtime-class Deployment/immich-machine-learning /spec/template/spec/runtimeClassName",
            "Deny gpu-runtime/tolerate Deployment/immich-machine-learning /spec/template/spec/tolerations",
            "Warn cnpg-extensions/database Cluster/immich-db /spec/bootstrap/initdb/postInitSQL",
            "Warn cnpg-extensions/preload Cluster/immich-db /spec/postgresql/shared_preload_libraries",
            "Warn inline-secrets/oauth ConfigMap/immich-immich-config /data/immich-config.yaml",
            "Warn nvme-affinity/cnpg-require Cluster/immich-db /spec/affinity/nodeAffinity",
            "Warn nvme-affinity/require Deployment/immich-valkey /spec/template/spec/affinity",
        ],
        repairs: vec![
            (ML, "/spec/template/spec/runtimeClassName", json!("nvidia")),
            (ML, "/spec/template/spec/tolerations", tolerations),
            (
                ML,
                "/spec/template/spec/containers/0/resources",
                json!({"limits": {"nvidia.com/gpu": 1}}),
            ),
            (
                ML,
                "/spec/template/spec/containers/0/image",
                json!("ghcr.io/immich-app/immich-machine-learning:v2.0.0-cuda"),
            ),
            (
                "Deployment/immich-valkey",
                "/spec/template/spec/affinity",
                json!({"nodeAffinity": nvme()}),
            ),
            ("Cluster/immich-db", "/spec/affinity/nodeAffinity", nvme()),
            (
                "Cluster/immich-db",
                "/spec/postgresql/shared_preload_libraries",
                json!(["vchord.so"]),
            ),
        ],
        // The chart with immich.configurationKind: Secret, and the statements where Immich's database is.
        remedy: &[
            ("kind: ConfigMap\n", "kind: Secret\n"),
            ("\ndata:\n", "\nstringData:\n"),
            (
                "- configMap:\n            name: immich-immich-config\n",
                "- secret:\n            secretName: immich-immich-config\n",
            ),
            ("postInitSQL:", "postInitApplicationSQL:"),
        ],
    }
}

#[test]
fn the_official_chart_with_cloudnative_pg_a_gpu_and_oidc() {
    official_gpu_oidc().is_told();
}

#[test]
fn the_client_secret_of_oidc_is_never_shown() {
    let story = official_gpu_oidc();
    for format in ["human", "json", "sarif", "junit", "github", "openreports"] {
        let run = story.run(&["check", "-v", "--format", format], &story.manifests());
        assert!(
            run.stdout.contains("clientSecret") || run.stdout.contains("client secret"),
            "{format}"
        );
        for said in [&run.stdout, &run.stderr] {
            assert!(!said.contains("not-a-real-secret-000"), "{format}: {said}");
        }
    }
    let render = story.run(&["render", "-v"], &story.manifests());
    assert!(
        !render.stderr.contains("not-a-real-secret-000"),
        "{}",
        render.stderr
    );
}

/// An owner who found the new key for the image but not the one for the GPU, and chose nothing: the build for CUDA
/// has no device.
#[test]
fn an_image_for_cuda_without_a_gpu() {
    let plain = "immich-machine-learning:v2.0.0";
    let manifests = official_gpu_oidc()
        .manifests()
        .replace(plain, "immich-machine-learning:v2.0.0-cuda");
    let run = Folder::new().run(&["check", "--format", "json", "--namespace", "photos"], manifests);
    let denied: Vec<String> = findings(&run)
        .into_iter()
        .filter(|said| said.starts_with("Deny"))
        .collect();
    let agree = "Deny gpu-runtime/agree Deployment/immich-machine-learning /spec/template/spec/containers/0";
    assert_eq!(denied, [agree]);
}

/// The label of disks says what a node has, not which node it is: with a second NVMe disk Postgres would start empty
/// there one day. Redis may start empty, and both keep their node rather than get another requirement. Services named
/// `immich`, `redis` and `db` break the settings of all pods that get service links, which plain manifests do.
#[test]
fn postgres_and_redis_on_host_paths_of_one_raspberry_pi() {
    let links = |deployment| (deployment, "/spec/template/spec/enableServiceLinks", json!(false));
    let term =
        json!({"matchExpressions": [{"key": "example.org/disk", "operator": "In", "values": ["nvme"]}]});
    let fast = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}});
    let story = Story {
        name: "raspberry-hostpath",
        finds: &[
            "Deny hostpath-pinned/pinned Deployment/immich-postgres /spec/template/spec/containers/0/volumeMounts/1",
            "Deny rollout-strategy/recreate-database Deployment/immich-postgres /spec/strategy",
            "Deny service-links/disable Deployment/immich /spec/template/spec/enableServiceLinks",
            "Deny service-links/disable Deployment/immich-machine-learning /spec/template/spec/enableServiceLinks",
            "Deny service-links/disable Deployment/immich-postgres /spec/template/spec/enableServiceLinks",
            "Deny service-links/disable Deployment/immich-redis /spec/template/spec/enableServiceLinks",
            "Warn inline-secrets/variable Deployment/immich /spec/template/spec/containers/0/env/1",
            "Warn inline-secrets/variable Deployment/immich-postgres /spec/template/spec/containers/0/env/1",
            "Warn nvme-affinity/require Deployment/immich-machine-learning /spec/template/spec/affinity",
            "Warn version-skew/same-release Deployment/immich-machine-learning /spec/template/spec/containers/0",
        ],
        repairs: vec![
            links("Deployment/immich"),
            links("Deployment/immich-machine-learning"),
            links("Deployment/immich-postgres"),
            links("Deployment/immich-redis"),
            (
                "Deployment/immich-machine-learning",
                "/spec/template/spec/affinity",
                fast,
            ),
            // A rolling update would start a second Postgres on the same folder.
            (
                "Deployment/immich-postgres",
                "/spec/strategy",
                json!({"type": "Recreate", "rollingUpdate": null}),
            ),
            // Helm alone reads it, so only what is rendered is asked for it.
            (
                "PersistentVolumeClaim/immich-library",
                "/metadata/annotations",
                json!({"helm.sh/resource-policy": "keep"}),
            ),
        ],
        remedy: &[
            (
                "{example.org/disk: nvme}   # of the database",
                "{kubernetes.io/hostname: pi-4}",
            ),
            (
                "PASSWORD, value: raspberry}",
                "PASSWORD, valueFrom: {secretKeyRef: {name: immich, key: password}}}",
            ),
            ("machine-learning:v2.5.0", "machine-learning:v2.6.3"),
        ],
    };
    story.is_told();
}

/// Where the data is: the class that denies once as a share and once as not encrypted, and the claim it moved to.
/// The backups may stay on the NAS.
fn postgres_off_nfs() -> Story {
    Story {
        name: "postgres-off-nfs",
        finds: &[
            "Deny database-storage-class/volume StatefulSet/immich-postgres /spec/template/spec/containers/0/volumeMounts/0",
            "Deny no-database-on-nfs/volume StatefulSet/immich-postgres /spec/template/spec/containers/0/volumeMounts/0",
            // The move deletes the StatefulSet, and this would delete the data with it.
            "Warn keep-data/retention StatefulSet/immich-postgres ",
        ],
        // Data cannot be moved by a repair.
        repairs: Vec::new(),
        remedy: &[
            (
                "storageClassName: nfs-client",
                "storageClassName: longhorn-encrypted",
            ),
            ("whenDeleted: Delete", "whenDeleted: Retain"),
        ],
    }
}

#[test]
fn postgres_that_moved_off_nfs_to_an_encrypted_class() {
    let story = postgres_off_nfs();
    story.is_told();
    let told = story.run(&["check"], &story.manifests()).stdout;
    assert!(
        told.contains("--cascade=orphan"),
        "how a template's claims move: {told}"
    );
    // Half way: off the share, onto a disk that is not encrypted.
    let half = story
        .manifests()
        .replace("storageClassName: nfs-client", "storageClassName: longhorn");
    let denied: Vec<String> = story
        .finds_in(&half)
        .into_iter()
        .filter(|said| said.starts_with("Deny"))
        .collect();
    let class = "Deny database-storage-class/volume StatefulSet/immich-postgres /spec/template/spec/containers/0/volumeMounts/0";
    assert_eq!(denied, [class]);
}

/// Two servers on a claim of one node, and probes that Immich dropped in 1.118: the paths have successors and are
/// repaired, the port 3001 is reported, and two replicas are the owner's to give up.
fn official_two_replicas() -> Story {
    const SERVER: &str = "Deployment/immich-server";
    let ping = |pointer| (SERVER, pointer, json!("/api/server/ping"));
    Story {
        name: "official-two-replicas",
        finds: &[
            // The null takes away what the API server would default beside Recreate.
            "Deny rollout-strategy/recreate Deployment/immich-server /spec/strategy/rollingUpdate",
            "Deny rollout-strategy/recreate Deployment/immich-server /spec/strategy/type",
            "Deny rollout-strategy/single Deployment/immich-server ",
            "Warn probes/liveness Deployment/immich-server /spec/template/spec/containers/0/livenessProbe/httpGet/path",
            "Warn probes/port Deployment/immich-server /spec/template/spec/containers/0",
            "Warn probes/readiness Deployment/immich-server /spec/template/spec/containers/0/readinessProbe/httpGet/path",
            "Warn probes/startup Deployment/immich-server /spec/template/spec/containers/0/startupProbe/httpGet/path",
        ],
        repairs: vec![
            ping("/spec/template/spec/containers/0/livenessProbe/httpGet/path"),
            ping("/spec/template/spec/containers/0/readinessProbe/httpGet/path"),
            ping("/spec/template/spec/containers/0/startupProbe/httpGet/path"),
            (SERVER, "/spec/strategy/rollingUpdate", json!(null)),
            (SERVER, "/spec/strategy/type", json!("Recreate")),
        ],
        remedy: &[("replicas: 2", "replicas: 1"), ("port: 3001", "port: http")],
    }
}

#[test]
fn two_replicas_on_a_claim_of_one_node_and_old_probes() {
    official_two_replicas().is_told();
}

/// The claim is made by hand, and without `--facts` nobody knows that one node holds it: that is said, and denies
/// nothing.
#[test]
fn two_replicas_on_a_claim_that_nothing_shows() {
    let story = official_two_replicas();
    let run = Folder::new().run(
        &["check", "--format", "json", "--namespace", "photos"],
        story.manifests(),
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let unknown = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["kind"] == "unknown");
    let rules: BTreeSet<&str> = unknown
        .filter(|finding| {
            finding["policy"] == "rollout-strategy" && finding["object"]["name"] == "immich-server"
        })
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["recreate", "single"].into());
}
