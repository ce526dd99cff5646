//! The names and host functions that a policy's expressions see, on one state of one object.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::memo::{Memo, Slot, Variables};
use super::select::Selected;
use super::subject::View;
use crate::attributes::Attributes;
use crate::cel::{Allowance, Binding, Fault, Given, Lazy, Scope};
use crate::json::Value;
use crate::kube::{GroupKind, env, workload};
use crate::policy::{Policy, Subject};
use crate::unknown::Fact;
use crate::world::{Key, Query, World, release_of};

mod volumes;

/// One state of the object, for all expressions of one policy.
#[derive(Debug)]
pub struct SubjectScope<'a> {
    pub(super) view: View<'a>,
    pub(super) policy: &'a Policy,
    pub(super) subject: Subject,
    pub(super) attrs: &'a Attributes<'a>,
    pub(super) world: &'a dyn World,
    /// One evaluation per subject.
    memo: &'a Memo,
    variables: OnceLock<Variables>,
    /// Whether the world was asked for anything.
    asked: AtomicBool,
    /// What the world gave, once it was asked: expressions borrow from it.
    kept: OnceLock<boxcar::Vec<Arc<Value>>>,
}

/// A place on that state.
#[derive(Clone, Copy, Debug)]
pub struct ItemScope<'a> {
    pub(super) subject: &'a SubjectScope<'a>,
    pub(super) item: Option<&'a Value>,
    pub(super) outer: Option<&'a Value>,
    pub(super) key: Option<&'a str>,
}

impl<'a> SubjectScope<'a> {
    pub(super) fn new(
        view: View<'a>,
        policy: &'a Policy,
        subject: Subject,
        attrs: &'a Attributes<'a>,
        world: &'a dyn World,
        memo: &'a Memo,
    ) -> Self {
        Self {
            memo,
            variables: OnceLock::new(),
            asked: AtomicBool::new(false),
            kept: OnceLock::new(),
            view,
            policy,
            subject,
            attrs,
            world,
        }
    }

    /// What expressions see at one of the rule's places.
    pub(super) fn at<'s>(&'s self, place: &'s Selected<'_>) -> ItemScope<'s> {
        ItemScope {
            subject: self,
            item: place.item,
            outer: place.outer,
            key: place.key,
        }
    }

    fn borrowed<'s>(&'s self, value: &'s Value) -> Binding<'s> {
        Binding::Borrowed {
            value,
            hide_null: self.view.hide_null,
        }
    }

    fn pod(&self) -> Result<&Value, Fault> {
        let kind = &self.view.gvk.kind;
        self.view
            .pod()
            .ok_or_else(|| Fault::Failed(format!("a {kind} describes no pod")))
    }

    fn old_pod(&self) -> Result<Binding<'_>, Fault> {
        let Some(old) = self.attrs.old.clone()? else {
            return Ok(Binding::Owned(Value::Null));
        };
        let pod = workload::pod(self.view.gvk, old);
        Ok(pod.map_or(Binding::Owned(Value::Null), |pod| self.borrowed(pod)))
    }

    /// Evaluates a variable once; a variable that needs itself is a failure.
    fn variable(&self, name: &str) -> Result<Option<Value>, Fault> {
        let mut all = self.policy.variables.iter().enumerate();
        let Some((position, variable)) = all.find(|(_, variable)| variable.name == name) else {
            return Ok(None);
        };
        let set = |slot: Slot| {
            let variables = self
                .variables
                .get_or_init(|| self.memo.variables(self.policy, self.subject));
            let mut slots = variables
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            slots.insert(position, slot)
        };
        match set(Slot::Running) {
            None => {}
            Some(Slot::Running) => return Err(Fault::Failed(format!("the variable {name} needs itself"))),
            Some(Slot::Done(result, asked)) => {
                set(Slot::Done(result.clone(), asked));
                self.asked.fetch_or(asked, Ordering::Relaxed);
                return result.map(Some);
            }
        }
        let here = ItemScope {
            subject: self,
            item: None,
            outer: None,
            key: None,
        };
        let asked_before = self.asked.swap(false, Ordering::Relaxed);
        let result = variable.program.evaluate(&here);
        set(Slot::Done(result.clone(), self.has_asked()));
        self.asked.fetch_or(asked_before, Ordering::Relaxed);
        result.map(Some)
    }

    /// Every variable, in the order in which the policy names them.
    pub(super) fn variables(&self) -> Vec<(String, Result<Value, Fault>)> {
        let all = self.policy.variables.iter().map(|variable| {
            let value = self.variable(&variable.name);
            (variable.name.clone(), value.map(Option::unwrap_or_default))
        });
        all.collect()
    }

    /// The world; that it was asked is remembered.
    fn ask(&self) -> &'a dyn World {
        self.asked.store(true, Ordering::Relaxed);
        self.world
    }

    /// From here on nothing was asked.
    pub(super) fn begin(&self) {
        self.asked.store(false, Ordering::Relaxed);
    }

    /// Whether an evaluation asked the world: what it gave depends on other objects then (R5).
    pub(super) fn has_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    fn namespace(&self) -> Option<&str> {
        self.attrs.namespace.as_ref().ok().copied()
    }

    /// Keeps an object of the world for as long as expressions may look at it.
    fn keep(&self, object: Arc<Value>) -> &Value {
        let kept = self.kept.get_or_init(boxcar::Vec::new);
        let position = kept.push(object);
        kept.get(position).map_or(&Value::Null, |kept| kept)
    }

    fn get(&self, kind: &str, group: &str, namespace: Option<&str>, name: &str) -> Fact<Option<Arc<Value>>> {
        self.ask().get(&Key::new(kind, group, namespace, name))
    }

    /// The pods of the same release or namespace that run a component, each as `{object, pod, container}`.
    fn peers(&self, component: &str) -> Binding<'_> {
        let mut items = Vec::new();
        let mut missing = None;
        for (kind, group) in workload::WORKLOADS {
            let kind = GroupKind {
                kind: kind.into(),
                group: group.into(),
            };
            let query = Query {
                kind,
                namespace: self.namespace().map(str::to_owned),
            };
            // Two objects that both name their Helm release are peers only within one.
            let listing = match release_of(self.view.object) {
                Some(release) => self.ask().list_of_release(&query, release),
                None => self.ask().list(&query),
            };
            missing = missing.or(listing.missing);
            for object in listing.items {
                self.add_peers(object, component, &mut items);
            }
        }
        Binding::Listing { items, missing }
    }

    fn add_peers<'s>(&'s self, object: Arc<Value>, component: &str, items: &mut Vec<Given<'s>>) {
        // An old ReplicaSet still describes the pod of a release that is gone.
        if workload::is_made_by_workload(&object) {
            return;
        }
        let Some(gvk) = crate::kube::Gvk::of(&object) else {
            return;
        };
        let object = self.keep(object);
        let view = View::new(
            self.view.pack,
            &gvk,
            object,
            self.view.hide_null,
            self.view.allowance,
        );
        let Some(pod) = workload::pod(&gvk, object) else {
            return;
        };
        for (_, container) in workload::containers(pod) {
            if view.component(container).ok().flatten() == Some(component) {
                items.push(Given::Record(vec![
                    ("object", object),
                    ("pod", pod),
                    ("container", container),
                ]));
            }
        }
    }
}

impl Scope for ItemScope<'_> {
    fn name<'s>(&'s self, name: &str) -> Result<Binding<'s>, Fault> {
        let subject = self.subject;
        let or_null =
            |value: Option<&'s Value>| value.map_or(Binding::Owned(Value::Null), |v| subject.borrowed(v));
        Ok(match name {
            "object" => subject.borrowed(subject.view.object),
            "item" => or_null(self.item),
            "outer" => or_null(self.outer),
            "key" => Binding::Owned(self.key.map_or(Value::Null, Value::from)),
            "params" => Binding::Borrowed {
                value: &subject.policy.params,
                hide_null: true,
            },
            "variables" => Binding::Lazy(Box::new(NamedVariables(subject))),
            "labels" => {
                let mut labels = subject.view.labels(subject.subject).cloned().unwrap_or_default();
                if labels.values().any(Value::is_null) {
                    labels.retain(|_, value| !value.is_null());
                }
                Binding::Owned(Value::Object(labels))
            }
            "ns" => Binding::Owned(Value::from(subject.attrs.namespace.clone()?)),
            "oldObject" => or_null(subject.attrs.old.clone()?),
            "oldPod" => subject.old_pod()?,
            "request" => subject.borrowed(subject.attrs.request.clone()?),
            "namespaceObject" => subject.borrowed(subject.attrs.namespace_object.clone()?),
            "pod" => subject.borrowed(subject.pod()?),
            "containers" => Binding::Items {
                items: workload::containers(subject.pod()?)
                    .map(|(_, container)| container)
                    .collect(),
                hide_null: subject.view.hide_null,
            },
            "volumes" => Binding::Lazy(Box::new(volumes::Volumes::new(subject, subject.pod()?))),
            other => return Err(Fault::Failed(format!("there is no name {other} here"))),
        })
    }

    fn call<'s>(&'s self, function: &str, args: &[Cow<'_, Value>]) -> Result<Binding<'s>, Fault> {
        let text = |index: usize| args.get(index).and_then(|arg| arg.as_str()).unwrap_or_default();
        let subject = self.subject;
        match function {
            "env" => {
                let container = args.first().map_or(&Value::Null, AsRef::as_ref);
                let value = env::value(container, text(1), &EnvSources(subject))?;
                Ok(Binding::Optional(value.map(|value| Value::from(value).into())))
            }
            "component" => {
                let component = subject
                    .view
                    .component(args.first().map_or(&Value::Null, AsRef::as_ref))?;
                Ok(Binding::Owned(Value::from(component.unwrap_or_default())))
            }
            "peers" => Ok(subject.peers(text(0))),
            "backing" => {
                let spec = args.first().map_or(&Value::Null, AsRef::as_ref);
                Ok(Binding::Lazy(Box::new(volumes::Backing::claimed(subject, spec))))
            }
            "storageClass" => {
                let class = subject.get("StorageClass", "storage.k8s.io", None, text(0))?;
                Ok(Binding::Optional(
                    class.map(|class| Given::Kept(subject.keep(class))),
                ))
            }
            "world.get" => {
                let gvk = crate::kube::Gvk::new(text(0), text(1));
                let namespace = Some(text(2)).filter(|namespace| !namespace.is_empty());
                let found = subject.get(&gvk.kind, &gvk.group, namespace, text(3))?;
                Ok(Binding::Optional(
                    found.map(|object| Given::Kept(subject.keep(object))),
                ))
            }
            "world.list" => {
                let kind = crate::kube::Gvk::new(text(0), text(1)).group_kind();
                let namespace = Some(text(2).to_owned()).filter(|namespace| !namespace.is_empty());
                let listing = subject.ask().list(&Query { kind, namespace });
                let items = listing.items.into_iter();
                Ok(Binding::Listing {
                    items: items.map(|object| Given::Kept(subject.keep(object))).collect(),
                    missing: listing.missing,
                })
            }
            other => Err(Fault::Failed(format!("there is no function {other} here"))),
        }
    }

    fn allowance(&self) -> Option<&Allowance> {
        self.subject.attrs.allowance
    }
}

/// `variables.NAME`.
#[derive(Debug)]
struct NamedVariables<'a>(&'a SubjectScope<'a>);

impl Lazy for NamedVariables<'_> {
    fn keys(&self) -> Vec<String> {
        self.0
            .policy
            .variables
            .iter()
            .map(|variable| variable.name.clone())
            .collect()
    }

    fn get<'s>(&'s self, key: &str) -> Result<Option<Binding<'s>>, Fault> {
        Ok(self.0.variable(key)?.map(Binding::Owned))
    }
}

/// ConfigMaps and Secrets of the pod's namespace.
struct EnvSources<'a>(&'a SubjectScope<'a>);

impl env::Sources for EnvSources<'_> {
    fn config_map(&self, name: &str) -> Fact<Option<Value>> {
        let map = self.0.get("ConfigMap", "", self.0.namespace(), name)?;
        Ok(map.map(|map| map.get("data").cloned().unwrap_or(Value::Null)))
    }

    fn secret_keys(&self, name: &str) -> Fact<Option<Vec<String>>> {
        let secret = self.0.get("Secret", "", self.0.namespace(), name)?;
        let keys = |secret: &Value, part: &str| -> Vec<String> {
            secret
                .get(part)
                .and_then(Value::as_object)
                .map(|map| map.keys().map(ToString::to_string).collect())
                .unwrap_or_default()
        };
        Ok(secret.map(|secret| [keys(&secret, "data"), keys(&secret, "stringData")].concat()))
    }
}
