//! A small blocking client: one namespace, one method a verb, and the answer with its warnings.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use kube::client::Body;
use kube::core::GroupVersionKind;
use kube::discovery::{Scope, pinned_kind};
use serde_json::{Value, json};

use crate::plane::Plane;
use crate::process::wait;

/// What the API server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The texts of the `Warning` headers, unquoted.
    pub warnings: Vec<String>,
    /// The object, or the `Status` of a refusal.
    pub body: Value,
}

/// A client that speaks of one namespace.
#[derive(Clone)]
pub struct Api {
    plane: &'static Plane,
    /// The namespace.
    pub namespace: String,
}

/// The media types of patches.
#[derive(Clone, Copy, Debug)]
pub enum Patch {
    /// RFC 7396.
    Merge,
    /// Kubernetes' own; what `kubectl` sends.
    Strategic,
}

impl Api {
    /// A client for a namespace that may not be there yet.
    pub fn new(plane: &'static Plane, namespace: &str) -> Self {
        Self {
            plane,
            namespace: namespace.to_owned(),
        }
    }

    /// Creates an object.
    pub fn create(&self, object: &Value) -> Answer {
        self.send("POST", &self.collection(object), JSON, object)
    }

    /// Creates an object without storing it.
    pub fn dry_run(&self, object: &Value) -> Answer {
        let path = self.collection(object) + "?dryRun=All";
        self.send("POST", &path, JSON, object)
    }

    /// Creates an object without storing it, and refuses fields that its kind has not.
    pub fn strict(&self, object: &Value) -> Answer {
        let path = self.collection(object) + "?dryRun=All&fieldValidation=Strict";
        self.send("POST", &path, JSON, object)
    }

    /// Applies an object on the server's side.
    pub fn apply(&self, object: &Value) -> Answer {
        let path = self.path(object) + "?fieldManager=tests&force=true";
        self.send("PATCH", &path, "application/apply-patch+yaml", object)
    }

    /// Replaces an object.
    pub fn replace(&self, object: &Value) -> Answer {
        self.send("PUT", &self.path(object), JSON, object)
    }

    /// Patches an object.
    pub fn patch(&self, object: &Value, how: Patch, patch: &Value) -> Answer {
        let media = match how {
            Patch::Merge => "application/merge-patch+json",
            Patch::Strategic => "application/strategic-merge-patch+json",
        };
        self.send("PATCH", &self.path(object), media, patch)
    }

    /// Patches the status of an object, as its controller or a kubelet would.
    pub fn patch_status(&self, object: &Value, status: &Value) -> Answer {
        let path = self.path(object) + "/status";
        self.send(
            "PATCH",
            &path,
            "application/merge-patch+json",
            &json!({"status": status}),
        )
    }

    /// Sets the number of replicas through the subresource `scale`.
    pub fn scale(&self, object: &Value, replicas: u32) -> Answer {
        let path = self.path(object) + "/scale";
        let patch = json!({"spec": {"replicas": replicas}});
        self.send("PATCH", &path, "application/merge-patch+json", &patch)
    }

    /// What `kubectl rollout restart` does.
    pub fn restart(&self, object: &Value) -> Answer {
        let annotation = json!({"kubectl.kubernetes.io/restartedAt": "2026-11-21T10:00:00Z"});
        let patch = json!({"spec": {"template": {"metadata": {"annotations": annotation}}}});
        self.patch(object, Patch::Strategic, &patch)
    }

    /// What `kubectl drain` does to each Pod.
    pub fn evict(&self, pod: &Value) -> Answer {
        let name = &pod["metadata"]["name"];
        let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}});
        self.send("POST", &(self.path(pod) + "/eviction"), JSON, &eviction)
    }

    /// A token of a ServiceAccount, as the kubelet asks for one.
    #[track_caller]
    pub fn token(&self, account: &str) -> String {
        let object = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}});
        let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
        let answer = self.send("POST", &(self.path(&object) + "/token"), JSON, &request);
        answer.accepts();
        answer.body["status"]["token"].as_str().unwrap().to_owned()
    }

    /// Deletes an object.
    pub fn delete(&self, object: &Value) -> Answer {
        self.send("DELETE", &self.path(object), JSON, &json!({}))
    }

    /// Reads an object.
    pub fn get(&self, object: &Value) -> Answer {
        self.send("GET", &self.path(object), JSON, &Value::Null)
    }

    /// All objects of a kind in the namespace.
    #[track_caller]
    pub fn list(&self, api_version: &str, kind: &str) -> Vec<Value> {
        let path = self.collection(&json!({"apiVersion": api_version, "kind": kind}));
        let answer = self.send("GET", &path, JSON, &Value::Null);
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut items = answer.body["items"].as_array().cloned().unwrap_or_default();
        for item in &mut items {
            // A list says its items' kind once.
            item["apiVersion"] = api_version.into();
            item["kind"] = kind.into();
        }
        items
    }

    /// Reads an object until something can be said of it.
    #[track_caller]
    pub fn wait_for<T>(&self, object: &Value, what: &str, mut ask: impl FnMut(&Value) -> Option<T>) -> T {
        wait(Duration::from_secs(30), what, || {
            let answer = self.get(object);
            (answer.status == 200).then(|| ask(&answer.body)).flatten()
        })
    }

    /// Waits until an object is there no more.
    #[track_caller]
    pub fn wait_until_gone(&self, object: &Value) {
        wait(Duration::from_secs(30), "the end of an object", || {
            (self.get(object).status == 404).then_some(())
        });
    }

    /// Reads what is no object: metrics, for one.
    pub fn text(&self, path: &str) -> String {
        let request = http::Request::get(path).body(Vec::new()).unwrap();
        let client = self.plane.client.clone();
        self.plane.runtime.block_on(client.request_text(request)).unwrap()
    }

    fn path(&self, object: &Value) -> String {
        let name = object["metadata"]["name"].as_str().expect("a name");
        format!("{}/{name}", self.collection(object))
    }

    fn collection(&self, object: &Value) -> String {
        let text = |key: &str| {
            object[key]
                .as_str()
                .unwrap_or_else(|| panic!("no {key} in {object}"))
        };
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let (plural, namespaced) = self.resource(api_version, kind);
        let root = if api_version.contains('/') {
            "/apis/"
        } else {
            "/api/"
        };
        let namespace = object["metadata"]["namespace"]
            .as_str()
            .unwrap_or(&self.namespace);
        match namespaced {
            true => format!("{root}{api_version}/namespaces/{namespace}/{plural}"),
            false => format!("{root}{api_version}/{plural}"),
        }
    }

    /// The plural of a kind, and whether its objects are in namespaces.
    fn resource(&self, api_version: &str, kind: &str) -> (String, bool) {
        static KNOWN: LazyLock<Mutex<HashMap<String, (String, bool)>>> = LazyLock::new(Mutex::default);
        let key = format!("{api_version} {kind}");
        if let Some(found) = KNOWN.lock().unwrap().get(&key) {
            return found.clone();
        }
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let gvk = GroupVersionKind::gvk(group, version, kind);
        // A kind that was defined a moment ago takes a moment to be served.
        let found = wait(Duration::from_secs(15), &format!("the kind {key}"), || {
            let found = pinned_kind(&self.plane.client, &gvk);
            let (resource, capabilities) = self.plane.runtime.block_on(found).ok()?;
            Some((resource.plural, capabilities.scope == Scope::Namespaced))
        });
        KNOWN.lock().unwrap().insert(key, found.clone());
        found
    }

    fn send(&self, method: &str, path: &str, media: &str, body: &Value) -> Answer {
        self.plane.runtime.block_on(self.call(method, path, media, body))
    }

    /// One call, for those that make many at once.
    pub async fn call(&self, method: &str, path: &str, media: &str, body: &Value) -> Answer {
        let bytes = match body {
            Value::Null => Vec::new(),
            body => serde_json::to_vec(body).unwrap(),
        };
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("Content-Type", media)
            .body(Body::from(bytes))
            .unwrap();
        let response = self.plane.client.send(request).await.unwrap();
        let status = response.status().as_u16();
        let warnings = response
            .headers()
            .get_all("Warning")
            .iter()
            .map(warning)
            .collect();
        let bytes = response.into_body().collect_bytes().await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
        Answer {
            status,
            warnings,
            body,
        }
    }

    /// The path for a dry-run create, for those that call many times.
    pub fn dry_run_path(&self, object: &Value) -> String {
        self.collection(object) + "?dryRun=All"
    }
}

/// The media type of an object.
pub const JSON: &str = "application/json";

/// `299 - "text"` without what is around the text.
fn warning(header: &http::HeaderValue) -> String {
    let header = String::from_utf8_lossy(header.as_bytes());
    let text = header
        .strip_prefix("299 - \"")
        .and_then(|rest| rest.strip_suffix('"'));
    text.unwrap_or(&header)
        .replace("\\\"", "\"")
        .replace("\\\\", "\\")
}
