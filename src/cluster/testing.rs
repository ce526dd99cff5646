//! An API server in the process of the test, behind the real client: discovery, lists in pages, watches, and
//! what goes wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::kube::Client;
use ::kube::client::Body;
use futures::StreamExt as _;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::future;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Bytes, Frame};

use crate::json::{Value, json};
use crate::kube::GroupKind;
use crate::kube::resource::Scope;

/// The server; clones are the same one.
#[derive(Clone, Default)]
pub struct Server(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    kinds: BTreeSet<GroupKind>,
    /// By resource.
    objects: BTreeMap<String, Vec<Value>>,
    /// What a resource answers instead.
    refused: BTreeMap<String, u16>,
    /// What a watch of a resource answers instead, while it may be listed.
    unwatchable: BTreeMap<String, u16>,
    /// How often pages of a resource still expire.
    expiring: BTreeMap<String, usize>,
    watches: BTreeMap<String, Vec<UnboundedSender<Value>>>,
    version: u64,
    /// Objects a page; 0: as many as are asked for.
    page: usize,
    requests: Vec<String>,
}

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

impl Server {
    /// A server that knows these kinds and has no objects.
    pub fn new(kinds: &[&str]) -> Self {
        let server = Self::default();
        kinds.iter().for_each(|kind| server.install(kind));
        server
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let answer = server.answer(&request);
            future::ready(Ok::<_, Infallible>(answer))
        });
        Client::new(service, "default")
    }

    /// Installs a definition.
    pub fn install(&self, kind: &str) {
        self.state(|state| state.kinds.insert(GroupKind::parse(kind)));
    }

    /// Creates an object and tells those who watch.
    pub fn create(&self, resource: &str, mut object: Value) {
        self.state(|state| {
            state.version += 1;
            object["metadata"]["resourceVersion"] = json!(state.version.to_string());
            state.tell(resource, "ADDED", &object);
            state.objects.entry(resource.into()).or_default().push(object);
        });
    }

    /// Deletes the object of that name.
    pub fn delete(&self, resource: &str, name: &str) {
        self.state(|state| {
            state.version += 1;
            let version = state.version.to_string();
            let objects = state.objects.get_mut(resource).unwrap();
            let at = objects
                .iter()
                .position(|object| object["metadata"]["name"] == name);
            let mut gone = objects.remove(at.unwrap());
            gone["metadata"]["resourceVersion"] = json!(version);
            state.tell(resource, "DELETED", &gone);
        });
    }

    /// Deletes the object of that name if there is one, without a word to those who watch.
    pub fn delete_if_there(&self, resource: &str, name: &str) {
        self.state(|state| {
            let objects = state.objects.entry(resource.into()).or_default();
            objects.retain(|object| object["metadata"]["name"] != name);
        });
    }

    /// Answers every list and watch of a resource with this status; 0: no longer.
    pub fn refuse(&self, resource: &str, code: u16) {
        self.state(|state| match code {
            0 => state.refused.remove(resource),
            code => state.refused.insert(resource.into(), code),
        });
    }

    /// Answers every watch of a resource with this status, and no list; 0: no longer.
    pub fn refuse_watches(&self, resource: &str, code: u16) {
        self.state(|state| match code {
            0 => state.unwatchable.remove(resource),
            code => state.unwatchable.insert(resource.into(), code),
        });
    }

    /// Ends every watch of a resource, those who watch come back.
    pub fn cut(&self, resource: &str) {
        self.state(|state| state.watches.remove(resource));
    }

    /// Says that what was watched is too old.
    pub fn expire_watch(&self, resource: &str) {
        self.state(|state| {
            let status = json!({"kind": "Status", "status": "Failure", "code": 410, "reason": "Expired", "message": "too old"});
            state.tell_as_it_is(resource, "ERROR", &status);
        });
    }

    /// Lets the pages behind the first one expire so often.
    pub fn expire_pages(&self, resource: &str, times: usize) {
        self.state(|state| state.expiring.insert(resource.into(), times));
    }

    /// Makes pages smaller than they are asked for.
    pub fn page(&self, page: usize) {
        self.state(|state| state.page = page);
    }

    /// Every request so far, as path and query.
    pub fn requests(&self) -> Vec<String> {
        self.state(|state| state.requests.clone())
    }

    fn state<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.0.lock().unwrap())
    }

    fn answer(&self, request: &Request<Body>) -> Answer {
        let uri = request.uri();
        self.state(|state| {
            let query: BTreeMap<String, String> =
                form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
                    .into_owned()
                    .collect();
            state.requests.push(uri.to_string());
            let path: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
            match path.as_slice() {
                ["api"] => whole(
                    200,
                    &json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
                ),
                ["apis"] => whole(200, &state.groups()),
                ["api", version] => whole(200, &state.resources("", version)),
                ["apis", group, version] => whole(200, &state.resources(group, version)),
                ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] => state.list(rest, &query),
                other => panic!("nobody asks for {other:?}"),
            }
        })
    }
}

impl State {
    fn tell(&mut self, resource: &str, event: &str, object: &Value) {
        let kind = self
            .kinds
            .iter()
            .find(|kind| kind.resource() == resource)
            .unwrap();
        let mut object = object.clone();
        object["kind"] = json!(kind.kind);
        object["apiVersion"] = json!(api_version(&kind.group));
        self.tell_as_it_is(resource, event, &object);
    }

    fn tell_as_it_is(&mut self, resource: &str, event: &str, object: &Value) {
        for watch in self.watches.entry(resource.into()).or_default() {
            // Who went away need not hear of it.
            let _ = watch.unbounded_send(json!({"type": event, "object": object}));
        }
    }

    fn groups(&self) -> Value {
        let groups: BTreeSet<&str> = self.kinds.iter().map(|kind| kind.group.as_str()).collect();
        let named = groups.into_iter().filter(|group| !group.is_empty()).map(|group| {
            let version = json!({"groupVersion": api_version(group), "version": "v1"});
            json!({"name": group, "versions": [version], "preferredVersion": version})
        });
        json!({"kind": "APIGroupList", "groups": named.collect::<Vec<_>>()})
    }

    fn resources(&self, group: &str, version: &str) -> Value {
        assert_eq!(version, "v1");
        let kinds = self.kinds.iter().filter(|kind| kind.group == group);
        let resources = kinds.map(|kind| {
            json!({
                "name": kind.resource(), "singularName": "", "kind": kind.kind,
                "namespaced": kind.scope() != Scope::Cluster, "verbs": ["get", "list", "watch"],
            })
        });
        let resources: Vec<Value> = resources.collect();
        json!({"kind": "APIResourceList", "groupVersion": api_version(group), "resources": resources})
    }

    fn list(&mut self, path: &[&str], query: &BTreeMap<String, String>) -> Answer {
        let (namespace, resource) = match path {
            ["namespaces", namespace, resource] => (Some(*namespace), *resource),
            [resource] => (None, *resource),
            other => panic!("nobody asks for {other:?}"),
        };
        if let Some(code) = self.refused.get(resource) {
            return failure(*code, &format!("{resource}: refused with {code}"));
        }
        if !self.kinds.iter().any(|kind| kind.resource() == resource) {
            return failure(404, "the server could not find the requested resource");
        }
        if query.get("watch").is_some_and(|watch| watch == "true") {
            if let Some(code) = self.unwatchable.get(resource) {
                return failure(*code, "too old resource version");
            }
            let (sender, events) = unbounded();
            self.watches.entry(resource.into()).or_default().push(sender);
            return stream(events);
        }
        let selector = query
            .get("fieldSelector")
            .and_then(|text| text.strip_prefix("metadata.name="));
        let is_wanted = |object: &&Value| {
            let metadata = &object["metadata"];
            namespace.is_none_or(|namespace| metadata["namespace"] == namespace)
                && selector.is_none_or(|name| metadata["name"] == name)
        };
        let all = self.objects.get(resource).map_or(&[][..], Vec::as_slice);
        let all: Vec<&Value> = all.iter().filter(is_wanted).collect();
        let start: usize = query.get("continue").map_or(0, |token| token.parse().unwrap());
        if let Some(times @ 1..) = self.expiring.get_mut(resource).filter(|_| start > 0) {
            *times -= 1;
            return failure(410, "the provided continue parameter is too old");
        }
        let limit: usize = query["limit"].parse().unwrap();
        let page = if self.page == 0 { limit } else { self.page };
        let end = all.len().min(start + page);
        let token = if end < all.len() {
            end.to_string()
        } else {
            String::new()
        };
        let metadata = json!({"resourceVersion": self.version.to_string(), "continue": token});
        whole(
            200,
            &json!({"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": all[start..end]}),
        )
    }
}

fn api_version(group: &str) -> String {
    if group.is_empty() {
        "v1".to_owned()
    } else {
        format!("{group}/v1")
    }
}

fn failure(code: u16, message: &str) -> Answer {
    let reason = match code {
        403 => "Forbidden",
        404 => "NotFound",
        410 => "Expired",
        _ => "InternalError",
    };
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason, "code": code,
    });
    whole(code, &status)
}

fn whole(code: u16, body: &Value) -> Answer {
    let body = Full::new(Bytes::from(body.to_string())).boxed_unsync();
    let response = Response::builder()
        .status(code)
        .header("content-type", "application/json");
    response.body(body).unwrap()
}

fn stream(events: UnboundedReceiver<Value>) -> Answer {
    let frames = events.map(|event| Ok(Frame::data(Bytes::from(format!("{event}\n")))));
    Response::new(StreamBody::new(frames).boxed_unsync())
}

/// Waits for what other tasks do; a test that waits for nothing fails.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came true that {what}");
}

/// An object with a name, in a namespace where one is given.
pub fn object(namespace: &str, name: &str, rest: Value) -> Value {
    let mut object = rest;
    object["metadata"]["name"] = json!(name);
    if !namespace.is_empty() {
        object["metadata"]["namespace"] = json!(namespace);
    }
    object
}

/// Kinds by name.
pub fn kinds(names: &[&str]) -> BTreeSet<GroupKind> {
    names.iter().map(|name| GroupKind::parse(name)).collect()
}
