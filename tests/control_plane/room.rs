//! A namespace for each test, so that no test sees another one.

use serde_json::{Value, json};

use crate::api::Api;
use crate::plane::plane;

/// The namespace in which the webhooks' own Services are.
pub const HOME: &str = "fixative";

/// A namespace with its ServiceAccount, as `kubectl create namespace` and a moment of patience give it.
#[track_caller]
pub fn room(name: &str) -> Api {
    let api = plane().api(name);
    let answer = api.create(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
    assert_eq!(answer.status, 201, "{answer:?}");
    // Pods are refused before it is there.
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}});
    api.wait_for(&account, "the ServiceAccount", |_| Some(()));
    api
}

/// The client for the webhooks' own namespace, which is made when it is first asked for.
pub fn home() -> Api {
    let api = plane().api(HOME);
    let answer = api.create(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOME}}));
    assert!(matches!(answer.status, 201 | 409), "{answer:?}");
    api
}

/// What the controllers of a namespace made: the names of all objects of a kind, sorted.
pub fn names(objects: &[Value]) -> Vec<&str> {
    let mut names: Vec<&str> = objects
        .iter()
        .map(|object| object["metadata"]["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    names
}
