//! What a rule looks at: the object, the pod that it describes, and which components run in it.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use crate::cel::{Allowance, Binding, Fault, Program, Scope};
use crate::json::{Map, Value};
use crate::kube::{Gvk, Image, workload};
use crate::pointer::{Pointer, Token};
use crate::policy::{Pack, Path, Segment, Subject};
use crate::schema::{self, Type};

/// One state of an object, seen from one pack.
#[derive(Debug)]
pub struct View<'a> {
    /// The pack whose components count.
    pub pack: &'a Pack,
    /// The kind of the object.
    pub gvk: &'a Gvk,
    /// The object in the state that is looked at.
    pub object: &'a Value,
    /// Whether null-valued keys are as good as absent (text).
    pub hide_null: bool,
    /// What `ours` may use of the work that is done for the object.
    pub allowance: Option<&'a Allowance>,
    /// The pod that the object describes; every rule asks for it.
    pod: Option<&'a Value>,
    /// Every matcher asks for them.
    components: OnceLock<Result<Vec<String>, Fault>>,
}

impl<'a> View<'a> {
    /// An object as `pack` sees it.
    pub fn new(
        pack: &'a Pack,
        gvk: &'a Gvk,
        object: &'a Value,
        hide_null: bool,
        allowance: Option<&'a Allowance>,
    ) -> Self {
        let pod = workload::pod(gvk, object);
        Self {
            pack,
            gvk,
            object,
            hide_null,
            allowance,
            pod: pod.filter(|pod| pod.is_object()),
            components: OnceLock::new(),
        }
    }

    /// The pod that the object describes.
    pub fn pod(&self) -> Option<&'a Value> {
        self.pod
    }

    /// The root of a rule's paths: the keys that lead there, its value and its type.
    pub fn root(&self, subject: Subject) -> Option<(&'static [&'static str], &'a Value, Type)> {
        match subject {
            Subject::Object => Some((&[], self.object, schema::of(self.gvk))),
            Subject::Pod => Some((workload::pod_keys(self.gvk)?, self.pod?, schema::pod_template())),
        }
    }

    /// Whether rules with this subject have a root here.
    pub fn has_root(&self, subject: Subject) -> bool {
        match subject {
            Subject::Object => true,
            Subject::Pod => self.pod.is_some(),
        }
    }

    /// The labels of the subject's own metadata.
    pub fn labels(&self, subject: Subject) -> Option<&'a Map> {
        self.metadata(subject)?.get("labels")?.as_object()
    }

    /// The subject's own metadata.
    pub fn metadata(&self, subject: Subject) -> Option<&'a Value> {
        match subject {
            Subject::Object => self.object.get("metadata"),
            Subject::Pod => self.pod()?.get("metadata"),
        }
    }

    /// The component that a container is, by its image; `None` for a container of nobody's.
    pub fn component(&self, container: &Value) -> Result<Option<&'a str>, Fault> {
        match container.get("image").and_then(Value::as_str) {
            Some(image) => self.component_of_image(image),
            None => Ok(None),
        }
    }

    fn component_of_image(&self, reference: &str) -> Result<Option<&'a str>, Fault> {
        let image = Image::parse(reference);
        let any = |suffixes: &[String]| suffixes.iter().any(|suffix| image.ends_with(suffix));
        if let Some(own) = self
            .pack
            .components
            .iter()
            .find(|component| any(&component.images))
        {
            return Ok(Some(&own.name));
        }
        match self
            .pack
            .components
            .iter()
            .find(|component| any(&component.generic))
        {
            Some(generic) if self.is_ours()? => Ok(Some(&generic.name)),
            _ => Ok(None),
        }
    }

    /// The components of the object: its containers', and what the object is itself (a `Cluster`).
    pub fn components(&self) -> Result<&[String], Fault> {
        let find = || Ok(self.find_components()?.into_iter().map(str::to_owned).collect());
        match self.components.get_or_init(find) {
            Ok(found) => Ok(found),
            Err(fault) => Err(fault.clone()),
        }
    }

    fn find_components(&self) -> Result<Vec<&'a str>, Fault> {
        let mut found = Vec::new();
        let mut add = |name: Option<&'a str>| {
            if let Some(name) = name.filter(|name| !found.contains(name)) {
                found.push(name);
            }
        };
        if let Some(pod) = self.pod() {
            for (_, container) in workload::containers(pod) {
                add(self.component(container)?);
            }
        }
        for component in &self.pack.components {
            for object in component
                .objects
                .iter()
                .filter(|object| self.gvk.is(&object.kind.kind, &object.kind.group))
            {
                let is_it = match lookup(&object.image, self.object).and_then(Value::as_str) {
                    Some(image) => self.component_of_image(image)? == Some(component.name.as_str()),
                    None => self.is_ours()?,
                };
                add(is_it.then_some(component.name.as_str()));
            }
        }
        Ok(found)
    }

    /// Whether the pack says that this object is its application's.
    fn is_ours(&self) -> Result<bool, Fault> {
        match &self.pack.ours {
            Some(program) => ours(program, self),
            None => Ok(false),
        }
    }
}

/// A path of plain fields, looked up.
fn lookup<'v>(path: &Path, root: &'v Value) -> Option<&'v Value> {
    path.segments
        .iter()
        .try_fold(root, |value, segment| match segment {
            Segment::Field(name) => value.get(name.as_str()),
            _ => None,
        })
}

fn ours(program: &Program, view: &View<'_>) -> Result<bool, Fault> {
    // A template often lacks the labels that its workload has, and the other way round: both say whose it is.
    let mut labels = view.labels(Subject::Object).cloned().unwrap_or_default();
    labels.extend(view.labels(Subject::Pod).cloned().unwrap_or_default());
    labels.retain(|_, value| value.is_string());
    program.holds(&OursScope {
        object: view.object,
        labels: Value::Object(labels),
        hide_null: view.hide_null,
        allowance: view.allowance,
    })
}

/// The names that a pack's `ours` may use.
#[derive(Debug)]
struct OursScope<'a> {
    object: &'a Value,
    labels: Value,
    hide_null: bool,
    allowance: Option<&'a Allowance>,
}

impl Scope for OursScope<'_> {
    fn name<'s>(&'s self, name: &str) -> Result<Binding<'s>, Fault> {
        match name {
            "object" => Ok(Binding::Borrowed {
                value: self.object,
                hide_null: self.hide_null,
            }),
            "labels" => Ok(Binding::Borrowed {
                value: &self.labels,
                hide_null: true,
            }),
            other => Err(Fault::Failed(format!(
                "`ours` cannot use {other}: it knows object and labels only"
            ))),
        }
    }

    fn call<'s>(&'s self, function: &str, _args: &[Cow<'_, Value>]) -> Result<Binding<'s>, Fault> {
        Err(Fault::Failed(format!(
            "`ours` cannot call {function}: it needs no facts"
        )))
    }

    fn allowance(&self) -> Option<&Allowance> {
        self.allowance
    }
}

/// The type of the value at `pointer` below a value of type `ty`.
pub fn type_at(ty: Type, pointer: &Pointer) -> Type {
    pointer.0.iter().fold(ty, |ty, token| match token {
        Token::Key(key) => ty.field(key),
        Token::Index(_) => ty.items(),
    })
}

/// An object to plan on, shared by every rule of a round.
pub type Shared = Arc<Value>;
