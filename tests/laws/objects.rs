//! Objects as charts and people write them, at random: Immich's, somebody else's, half of each.

use fixative::json;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A workload, a CloudNativePG cluster, or a Service.
pub fn object() -> impl Strategy<Value = json::Value> {
    plain().prop_map(json::Value::from)
}

fn plain() -> impl Strategy<Value = Value> {
    prop_oneof![17 => workload(), 2 => cluster(), 1 => service()]
}

/// The same, and what is judged where text is written and not at admission.
pub fn manifest() -> impl Strategy<Value = json::Value> {
    prop_oneof![8 => plain(), 1 => library(), 1 => route()].prop_map(json::Value::from)
}

/// Claims, volumes and classes that the generated volumes name, each there or not.
pub fn facts() -> impl Strategy<Value = Vec<json::Value>> {
    let claim = (
        prop::sample::select(vec!["library", "database", "cache"]),
        prop::sample::select(vec!["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"]),
        prop::sample::select(vec!["nfs-client", "local-nvme", "longhorn"]),
        prop::sample::select(vec!["", "pv-nfs", "pv-local", "pv-host"]),
    );
    let claims = prop::collection::vec(claim, 0..3).prop_map(|claims| {
        claims
            .into_iter()
            .map(|(name, mode, class, volume)| {
                json!({
                    "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                    "metadata": {"name": name, "namespace": "photos"},
                    "spec": {"accessModes": [mode], "storageClassName": class, "volumeName": volume},
                })
            })
            .collect::<Vec<Value>>()
    });
    let which = any::<[[bool; 3]; 3]>();
    (claims, which).prop_map(|(mut all, [volumes, classes, others])| {
        all.extend(keep(volumes, persistent_volumes()));
        all.extend(keep(classes, storage_classes()));
        all.extend(keep(others, peers()));
        all.into_iter().map(json::Value::from).collect()
    })
}

/// Objects of the same release: a server, a database on the library's claim, and who creates extensions.
fn peers() -> [Value; 3] {
    let pod = |container: Value| {
        json!({"template": {"spec": {"containers": [container],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "library"}}]}}})
    };
    let deployment = |name: &str, container: Value| json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "photos"}, "spec": pod(container)});
    [
        deployment("server", json!({"name": "main", "image": "immich-server:v2.4.0"})),
        deployment(
            "database",
            json!({"name": "main", "image": "immich-app/postgres:16-vectorchord0.4.3",
                "volumeMounts": [{"name": "data", "mountPath": "/var/lib/postgresql/data"}]}),
        ),
        json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Database", "metadata": {"name": "immich", "namespace": "photos"},
            "spec": {"cluster": {"name": "photos-db"}, "extensions": [{"name": "vchord"}]}}),
    ]
}

fn keep(which: [bool; 3], of: [Value; 3]) -> impl Iterator<Item = Value> {
    which
        .into_iter()
        .zip(of)
        .filter(|(keep, _)| *keep)
        .map(|(_, value)| value)
}

fn persistent_volumes() -> [Value; 3] {
    let volume = |name: &str, source: Value| {
        let mut spec = source;
        spec["accessModes"] = json!(["ReadWriteMany"]);
        json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec})
    };
    [
        volume("pv-nfs", json!({"nfs": {"server": "nas", "path": "/photos"}})),
        volume("pv-local", json!({"local": {"path": "/mnt/nvme"}})),
        volume("pv-host", json!({"hostPath": {"path": "/srv/photos"}})),
    ]
}

fn storage_classes() -> [Value; 3] {
    let class = |name: &str, provisioner: &str| json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}, "provisioner": provisioner});
    [
        class("nfs-client", "k8s-sigs.io/nfs-subdir-external-provisioner"),
        class("local-nvme", "rancher.io/local-path"),
        class("longhorn", "driver.longhorn.io"),
    ]
}

fn workload() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(vec!["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Pod"]);
    (kind, labels(), pod_spec(), strategy(), any::<bool>()).prop_map(
        |(kind, labels, pod, strategy, empty_key)| {
            let metadata = json!({"name": "photos", "namespace": "photos", "labels": labels});
            let template = json!({"metadata": {"labels": labels}, "spec": pod});
            match kind {
                "Pod" => json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": pod}),
                "CronJob" => json!({"apiVersion": "batch/v1", "kind": kind, "metadata": metadata,
                "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template}}}}),
                kind => {
                    let mut spec = json!({"selector": {"matchLabels": labels}, "template": template});
                    if kind == "Deployment" {
                        merge(&mut spec, strategy);
                    }
                    if empty_key {
                        spec["minReadySeconds"] = Value::Null;
                    }
                    json!({"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": spec})
                }
            }
        },
    )
}

fn cluster() -> impl Strategy<Value = Value> {
    let storage = prop::sample::select(vec![
        json!({}),
        json!({"storage": {"size": "1Gi", "storageClass": "nfs-client"}}),
        json!({"storage": {"pvcTemplate": {"volumeName": "pv-nfs"}}, "walStorage": {"storageClass": "longhorn"}}),
        json!({"bootstrap": {"initdb": {"postInitSQL": ["CREATE EXTENSION vchord"]}}}),
        json!({"bootstrap": {"initdb": {}}, "postgresql": {"shared_preload_libraries": ["pg_stat_statements"]}}),
    ]);
    (labels(), node_affinity(), any::<bool>(), storage).prop_map(|(labels, affinity, image, storage)| {
        let mut spec = json!({"instances": 1});
        merge(&mut spec, json!({"affinity": affinity}));
        merge(&mut spec, storage);
        if image {
            spec["imageName"] = json!("ghcr.io/tensorchord/cloudnative-vectorchord:17-0.4.3");
        }
        json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster",
            "metadata": {"name": "photos-db", "namespace": "photos", "labels": labels}, "spec": spec})
    })
}

fn service() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({"ports": [{"port": 2283}]}),
        json!({"ports": [{"port": 2283}], "sessionAffinity": "None"}),
        json!({"ports": [{"port": 2283}], "sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}}),
        json!({"type": "ExternalName", "externalName": "photos.example.org"}),
    ])
    .prop_map(|spec| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "immich-server", "namespace": "photos"}, "spec": spec}))
}

/// A claim of the release.
fn library() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec!["immich-library", "immich-cache", "blog-data"]);
    let annotations = prop::sample::select(vec![
        json!(null),
        json!({"a": "b"}),
        json!({"helm.sh/resource-policy": "keep"}),
    ]);
    (name, annotations).prop_map(|(name, annotations)| {
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": "photos", "annotations": annotations},
            "spec": {"accessModes": ["ReadWriteOnce"]}})
    })
}

fn route() -> impl Strategy<Value = Value> {
    let reference = prop::sample::select(vec![
        json!({"name": "immich-server", "port": 2283}),
        json!({"name": "immich", "port": 80}),
    ]);
    reference.prop_map(|reference| {
        json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"name": "immich", "namespace": "photos"}, "spec": {"rules": [{"backendRefs": [reference]}]}})
    })
}

fn labels() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => Just(json!({"app.kubernetes.io/instance": "immich", "app.kubernetes.io/name": "server"})),
        1 => Just(json!({"app.kubernetes.io/instance": "blog"})),
        1 => Just(json!({"app": "immich-db"})),
    ]
}

fn strategy() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({})),
        Just(json!({"strategy": null})),
        Just(json!({"strategy": {"type": "Recreate"}})),
        Just(json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}, "replicas": 2})),
        Just(json!({"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}, "replicas": 1})),
    ]
}

fn pod_spec() -> impl Strategy<Value = Value> {
    let containers = prop::collection::vec(container(), 1..3);
    let init = prop::option::of(container());
    let volumes = prop::collection::vec(volume(), 0..3);
    let links = prop::sample::select(vec![
        json!({}),
        json!({"enableServiceLinks": true}),
        json!({"enableServiceLinks": false}),
        json!({"enableServiceLinks": null}),
    ]);
    let runtime = prop::sample::select(vec![
        json!({}),
        json!({"runtimeClassName": "nvidia"}),
        json!({"tolerations": [{"key": "gpu", "operator": "Exists"}]}),
    ]);
    let affinity = prop_oneof![2 => Just(json!(null)), 3 => node_affinity()];
    (containers, init, volumes, links, runtime, affinity).prop_map(
        |(containers, init, volumes, links, runtime, affinity)| {
            let mut spec = json!({"containers": numbered(containers, "main")});
            if let Some(mut sidecar) = init {
                sidecar["name"] = json!("sidecar");
                sidecar["restartPolicy"] = json!("Always");
                spec["initContainers"] = json!([sidecar]);
            }
            if !volumes.is_empty() {
                let names = ["data", "cache", "more"];
                let named = names.iter().zip(volumes).map(|(name, mut volume)| {
                    volume["name"] = json!(name);
                    volume
                });
                spec["volumes"] = named.collect();
            }
            if !affinity.is_null() {
                spec["affinity"] = affinity;
            }
            merge(&mut spec, links);
            merge(&mut spec, runtime);
            spec
        },
    )
}

fn numbered(containers: Vec<Value>, base: &str) -> Value {
    let named = containers.into_iter().enumerate().map(|(index, mut container)| {
        container["name"] = json!(format!(
            "{base}{}",
            if index == 0 {
                String::new()
            } else {
                index.to_string()
            }
        ));
        container
    });
    named.collect()
}

fn container() -> impl Strategy<Value = Value> {
    let image = prop::sample::select(vec![
        "ghcr.io/immich-app/immich-server:v2.3.1",
        "ghcr.io/immich-app/immich-server:v1.130.2",
        "ghcr.io/immich-app/immich-server:release",
        "mirror.example.com/immich-app/immich-server@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "ghcr.io/immich-app/immich-machine-learning:v2.3.1",
        "ghcr.io/immich-app/immich-machine-learning:v2.3.1-cuda",
        "ghcr.io/immich-app/immich-machine-learning:v2.3.1-openvino",
        "ghcr.io/immich-app/postgres:16-vectorchord0.4.3",
        "docker.io/library/postgres:17",
        "docker.io/valkey/valkey:9-alpine",
        "nginx:1.29",
    ]);
    let mounts = prop::collection::vec(mount(), 0..3);
    let env = prop::sample::select(vec![
        json!(null),
        json!([{"name": "IMMICH_MEDIA_LOCATION", "value": "/data"}]),
        json!([{"name": "IMMICH_MEDIA_LOCATION", "value": "/photos"}, {"name": "TZ", "value": "Etc/UTC"}]),
        json!([{"name": "IMMICH_MEDIA_LOCATION", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "media"}}}]),
        json!([{"name": "TZ"}]),
        json!([{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "PGDATA", "value": "/data"}]),
    ]);
    let resources = prop::sample::select(vec![
        json!(null),
        json!({}),
        json!({"limits": {"nvidia.com/gpu": 1}}),
        json!({"limits": {"nvidia.com/gpu": "2", "memory": "4Gi"}, "requests": {"cpu": "100m"}}),
        json!({"claims": [{"name": "gpu"}]}),
    ]);
    let probe = prop::sample::select(vec![
        json!(null),
        json!({"httpGet": {"path": "/api/server-info/ping", "port": 3001}}),
        json!({"httpGet": {"path": "/api/server/ping", "port": "http"}}),
        json!({"httpGet": {"path": "/ping", "port": 3003}}),
    ]);
    (image, mounts, env, resources, probe).prop_map(|(image, mounts, env, resources, probe)| {
        let mut container = json!({"name": "main", "image": image});
        for (key, value) in [("env", env), ("resources", resources), ("livenessProbe", probe)] {
            if !value.is_null() {
                container[key] = value;
            }
        }
        if !mounts.is_empty() {
            container["volumeMounts"] = json!(mounts);
        }
        container
    })
}

fn mount() -> impl Strategy<Value = Value> {
    let path = prop::sample::select(vec![
        "/data",
        "/data/thumbs",
        "/usr/src/app/upload",
        "/photos",
        "/cache",
        "/var/lib/postgresql/data",
    ]);
    let name = prop::sample::select(vec!["data", "cache", "more"]);
    (path, name, prop::option::of(Just("sub"))).prop_map(|(path, name, sub_path)| {
        let mut mount = json!({"mountPath": path, "name": name});
        if let Some(sub_path) = sub_path {
            mount["subPath"] = json!(sub_path);
        }
        mount
    })
}

fn volume() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({"emptyDir": {}}),
        json!({"persistentVolumeClaim": {"claimName": "library"}}),
        json!({"persistentVolumeClaim": {"claimName": "database"}}),
        json!({"persistentVolumeClaim": {"claimName": "elsewhere"}}),
        json!({"hostPath": {"path": "/srv/photos"}}),
        json!({"nfs": {"server": "nas", "path": "/photos"}}),
    ])
}

fn node_affinity() -> impl Strategy<Value = Value> {
    let expression = prop::sample::select(vec![
        json!({"key": "storage.example.com/nvme", "operator": "In", "values": ["true"]}),
        json!({"key": "kubernetes.io/hostname", "operator": "In", "values": ["node1"]}),
        json!({"key": "gpu", "operator": "Exists"}),
    ]);
    let term = prop::collection::vec(expression, 0..3).prop_map(|all| json!({"matchExpressions": all}));
    (prop::collection::vec(term.clone(), 0..3), prop::option::of(term)).prop_map(|(required, preferred)| {
        let mut node = Map::new();
        if !required.is_empty() {
            node.insert(
                "requiredDuringSchedulingIgnoredDuringExecution".into(),
                json!({"nodeSelectorTerms": required}),
            );
        }
        if let Some(preference) = preferred {
            let preferred = json!([{"weight": 50, "preference": preference}]);
            node.insert(
                "preferredDuringSchedulingIgnoredDuringExecution".into(),
                preferred,
            );
        }
        json!({"nodeAffinity": node})
    })
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}
