//! What a cluster calls a kind: version, name in URLs, whether it stands in namespaces.

use std::collections::HashMap;
use std::sync::Arc;

use ::kube::core::ApiResource;
use ::kube::discovery::{self, ApiCapabilities, Scope};
use ::kube::error::DiscoveryError;
use ::kube::{Client, Error};
use tokio::sync::Mutex;

use super::code;
use crate::kube::GroupKind;

/// A kind as this cluster serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// Group, preferred version, kind and plural.
    pub resource: ApiResource,
    /// Whether its objects stand in namespaces.
    pub namespaced: bool,
}

/// The kinds of a group in every version, the preferred one first.
type Group = Arc<Vec<(ApiResource, ApiCapabilities)>>;

/// The kinds of a cluster; a group is asked for once.
pub struct Kinds {
    client: Client,
    groups: Mutex<HashMap<String, Group>>,
}

impl std::fmt::Debug for Kinds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kinds").finish_non_exhaustive()
    }
}

impl Kinds {
    /// Nothing is known yet.
    pub fn new(client: Client) -> Self {
        let groups = Mutex::default();
        Self { client, groups }
    }

    /// The kind as it is served; `None` where its definition is not installed.
    pub async fn served(&self, kind: &GroupKind) -> Result<Option<Served>, Error> {
        let mut groups = self.groups.lock().await;
        let group = match groups.get(&kind.group) {
            Some(group) => Arc::clone(group),
            None => {
                let group = Arc::new(self.ask(&kind.group).await?);
                groups.insert(kind.group.clone(), Arc::clone(&group));
                group
            }
        };
        drop(groups);
        let found = group.iter().find(|(resource, _)| resource.kind == kind.kind);
        Ok(found.map(|(resource, capabilities)| Served {
            resource: resource.clone(),
            namespaced: capabilities.scope == Scope::Namespaced,
        }))
    }

    /// The same, asked anew: definitions come and go.
    pub async fn served_now(&self, kind: &GroupKind) -> Result<Option<Served>, Error> {
        self.groups.lock().await.remove(&kind.group);
        self.served(kind).await
    }

    async fn ask(&self, group: &str) -> Result<Vec<(ApiResource, ApiCapabilities)>, Error> {
        match discovery::group(&self.client, group).await {
            Ok(group) => {
                let mut kinds = group.recommended_resources();
                kinds.extend(group.resources_by_stability());
                Ok(kinds)
            }
            Err(Error::Discovery(DiscoveryError::MissingApiGroup(_) | DiscoveryError::EmptyApiGroup(_))) => {
                Ok(Vec::new())
            }
            Err(error) if code(&error) == Some(404) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
