//! `volumes[name]` of an expression: what really backs a volume, through claim, volume and class.

use std::borrow::Cow;
use std::sync::Arc;

use super::SubjectScope;
use crate::cel::{Binding, Fault, Lazy};
use crate::json::{List, Value, json};
use crate::kube::GroupKind;
use crate::kube::shares;
use crate::kube::volume::{self, Volume};
use crate::unknown::{Fact, Unknown, Why};
use crate::world::Query;

/// The volumes of a pod, by name; those that a StatefulSet makes for it count.
#[derive(Debug)]
pub struct Volumes<'a> {
    scope: &'a SubjectScope<'a>,
    pod: &'a Value,
}

impl<'a> Volumes<'a> {
    pub(super) fn new(scope: &'a SubjectScope<'a>, pod: &'a Value) -> Self {
        Self { scope, pod }
    }

    fn own(&self) -> &'a [Value] {
        let volumes = self.pod.get("spec").and_then(|spec| spec.get("volumes"));
        volumes.and_then(Value::as_array).map_or(&[], List::as_slice)
    }

    fn templates(&self) -> &'a [Value] {
        let templates = self.scope.view.object.pointer("/spec/volumeClaimTemplates");
        let is_set = self.scope.view.gvk.is("StatefulSet", "apps");
        templates
            .filter(|_| is_set)
            .and_then(Value::as_array)
            .map_or(&[], List::as_slice)
    }
}

impl Lazy for Volumes<'_> {
    fn keys(&self) -> Vec<String> {
        let own = self.own().iter().filter_map(|volume| volume.get("name"));
        let templates = self
            .templates()
            .iter()
            .filter_map(|template| template.pointer("/metadata/name"));
        own.chain(templates)
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    /// A volume that the pod only names (a bad mount) is Unknown: the API server refuses such a pod.
    fn get<'s>(&'s self, key: &str) -> Result<Option<Binding<'s>>, Fault> {
        let template = self
            .templates()
            .iter()
            .find(|one| one.pointer("/metadata/name").and_then(Value::as_str) == Some(key));
        let own = || {
            self.own()
                .iter()
                .rev()
                .find(|volume| volume.text("name") == Some(key))
        };
        let backing = match (template, own()) {
            (Some(template), _) => Backing::template(self.scope, key, template),
            (None, Some(volume)) => Backing::own(self.scope, volume),
            (None, None) => {
                return Err(Unknown::new(
                    format!("the volume {key}, which the pod does not define,"),
                    Why::NotInInput,
                )
                .into());
            }
        };
        Ok(Some(Binding::Lazy(Box::new(backing))))
    }
}

/// What backs one volume; each field is a fact of its own.
#[derive(Debug)]
pub(super) struct Backing<'a> {
    scope: &'a SubjectScope<'a>,
    volume: Volume,
    /// The volume of the pod, or the claim template.
    source: Cow<'a, Value>,
}

const FIELDS: [&str; 13] = [
    "persistent",
    "network",
    "exclusive",
    "hostPath",
    "local",
    "pinned",
    "class",
    "provisioner",
    "driver",
    "claim",
    "template",
    "describe",
    "source",
];

impl<'a> Backing<'a> {
    fn own(scope: &'a SubjectScope<'a>, source: &'a Value) -> Self {
        Self {
            scope,
            volume: volume::classify(source),
            source: Cow::Borrowed(source),
        }
    }

    /// What a claim with this spec gets: an operator makes it from an object of its own.
    pub(super) fn claimed(scope: &'a SubjectScope<'a>, spec: &Value) -> Self {
        Self {
            scope,
            volume: Volume::Template { name: String::new() },
            source: Cow::Owned(json!({ "spec": spec })),
        }
    }

    fn template(scope: &'a SubjectScope<'a>, name: &str, source: &'a Value) -> Self {
        Self {
            scope,
            volume: Volume::Template { name: name.into() },
            source: Cow::Borrowed(source),
        }
    }

    /// The PersistentVolumeClaim's spec; `None` for a volume without a claim.
    fn claim(&self) -> Fact<Option<Value>> {
        match &self.volume {
            Volume::Template { .. } => Ok(self.source.get("spec").cloned()),
            Volume::Claim { name } => {
                let claim = self
                    .scope
                    .get("PersistentVolumeClaim", "", self.scope.namespace(), name)?;
                Ok(claim.and_then(|claim| claim.get("spec").cloned()))
            }
            _ => Ok(None),
        }
    }

    /// The PersistentVolume's spec that the claim names; `Ok(None)` where none is named yet.
    fn bound(&self) -> Fact<Option<Value>> {
        let claim = self.claim()?;
        let name = claim
            .as_ref()
            .and_then(|claim| claim.get("volumeName"))
            .and_then(Value::as_str);
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return Ok(None);
        };
        let volume = self.scope.get("PersistentVolume", "", None, name)?;
        Ok(volume.and_then(|volume| volume.get("spec").cloned()))
    }

    /// The name of the storage class; where the cluster's default decides, it takes all classes to tell.
    fn class(&self) -> Fact<String> {
        let claim = self.claim()?;
        let given = claim
            .as_ref()
            .and_then(|claim| claim.get("storageClassName"))
            .and_then(Value::as_str);
        match (claim.is_some(), given) {
            (false, _) => Ok(String::new()),
            (true, Some(class)) => Ok(class.to_owned()),
            (true, None) => self.default_class(),
        }
    }

    fn default_class(&self) -> Fact<String> {
        let all = self.scope.ask().list(&Query {
            kind: GroupKind::new("StorageClass", "storage.k8s.io"),
            namespace: None,
        });
        match all.missing {
            Some(missing) => Err(Unknown::new("the cluster's default storage class", missing.why)),
            None => {
                let class = volume::default_class(all.items.iter().map(Arc::as_ref));
                Ok(class.unwrap_or_default().to_owned())
            }
        }
    }

    fn storage_class(&self) -> Fact<Option<Arc<Value>>> {
        let class = self.class()?;
        if class.is_empty() {
            return Ok(None);
        }
        self.scope.get("StorageClass", "storage.k8s.io", None, &class)
    }

    fn provisioner(&self) -> Fact<String> {
        let class = self.storage_class()?;
        let provisioner = class
            .as_ref()
            .and_then(|class| class.get("provisioner"))
            .and_then(Value::as_str);
        Ok(provisioner.unwrap_or_default().to_owned())
    }

    /// Whether it is a network file share: by itself, by the bound volume, else by the class's provisioner.
    fn network(&self) -> Fact<Option<String>> {
        match &self.volume {
            Volume::Share { describe } => Ok(Some(describe.clone())),
            Volume::Claim { .. } | Volume::Template { .. } => {
                let claim = self.named();
                if let Some(bound) = self.bound()? {
                    return Ok(volume::share(&bound).map(|share| format!("{claim} on {share}")));
                }
                let provisioner = self.provisioner()?;
                let describe = || format!("{claim} of a class of {provisioner}");
                Ok(shares::is_driver(&provisioner).then(describe))
            }
            _ => Ok(None),
        }
    }

    /// The driver that mounts it: its own, the bound volume's, else the class's provisioner; empty where
    /// Kubernetes mounts it itself.
    fn driver(&self) -> Fact<String> {
        match &self.volume {
            Volume::Claim { .. } | Volume::Template { .. } => match self.bound()? {
                Some(bound) => Ok(volume::driver(&bound).to_owned()),
                None => self.provisioner(),
            },
            _ => Ok(volume::driver(&self.source).to_owned()),
        }
    }

    /// A claim, for people.
    fn named(&self) -> String {
        match &self.volume {
            Volume::Claim { name } => format!("the claim {name}"),
            Volume::Template { name } if !name.is_empty() => format!("a claim of the template {name}"),
            _ => "a claim".into(),
        }
    }

    fn exclusive(&self) -> Fact<bool> {
        // Each pod of a StatefulSet has a claim of its own, which no other pod waits for.
        if matches!(self.volume, Volume::Template { .. }) {
            return Ok(false);
        }
        let modes = self.claim()?.and_then(|claim| claim.get("accessModes").cloned());
        Ok(volume::is_exclusive(
            modes
                .as_ref()
                .and_then(Value::as_array)
                .map_or(&[], List::as_slice),
        ))
    }

    /// The folder of one node that is behind it: directly, or through a volume of type hostPath.
    fn host_path(&self) -> Fact<String> {
        if let Volume::HostPath { path } = &self.volume {
            return Ok(path.clone());
        }
        let bound = self.bound()?;
        let path = bound
            .as_ref()
            .and_then(|bound| bound.pointer("/hostPath/path"))
            .and_then(Value::as_str);
        Ok(path.unwrap_or_default().to_owned())
    }

    fn local(&self) -> Fact<bool> {
        Ok(self
            .bound()?
            .is_some_and(|bound| bound.get("local").is_some_and(|local| !local.is_null())))
    }

    /// Whether the bound volume ties pods to its nodes by itself.
    fn pinned(&self) -> Fact<bool> {
        Ok(self.bound()?.as_ref().is_some_and(volume::is_pinned))
    }

    fn describe(&self) -> String {
        match &self.volume {
            Volume::Ephemeral { source: "emptyDir" } => "an emptyDir, which is deleted with the pod".into(),
            Volume::Ephemeral { source } => format!("{source}, which is deleted with the pod"),
            Volume::Projected { source } => format!("files of a {source}"),
            Volume::HostPath { path } => format!("the folder {path} of one node"),
            Volume::Share { describe } => describe.clone(),
            Volume::Disk { source } => format!("a volume of type {source}"),
            Volume::Claim { .. } | Volume::Template { .. } => match (self.network(), self.host_path()) {
                (Ok(Some(share)), _) => share,
                (_, Ok(path)) if !path.is_empty() => {
                    format!("{} on the folder {path} of one node", self.named())
                }
                _ => self.named(),
            },
        }
    }
}

impl Lazy for Backing<'_> {
    fn keys(&self) -> Vec<String> {
        FIELDS.iter().map(|field| (*field).to_owned()).collect()
    }

    fn get<'s>(&'s self, key: &str) -> Result<Option<Binding<'s>>, Fault> {
        let value = match key {
            "persistent" => Value::from(!matches!(
                self.volume,
                Volume::Ephemeral { .. } | Volume::Projected { .. }
            )),
            "network" => Value::from(self.network()?.is_some()),
            "exclusive" => Value::from(self.exclusive()?),
            "hostPath" => Value::from(self.host_path()?),
            "local" => Value::from(self.local()?),
            "pinned" => Value::from(self.pinned()?),
            "class" => Value::from(self.class()?),
            "provisioner" => Value::from(self.provisioner()?),
            "describe" => Value::from(self.describe()),
            "driver" => Value::from(self.driver()?),
            "template" => Value::from(matches!(self.volume, Volume::Template { .. })),
            "source" => {
                return Ok(Some(Binding::Borrowed {
                    value: &self.source,
                    hide_null: self.scope.view.hide_null,
                }));
            }
            "claim" => Value::from(match &self.volume {
                Volume::Claim { name } | Volume::Template { name } => name.as_str(),
                _ => "",
            }),
            _ => return Ok(None),
        };
        Ok(Some(Binding::Owned(value)))
    }
}
