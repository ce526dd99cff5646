//! What could not be seen, why, and what would tell (law 5: nothing is silently unknown).

use std::fmt;

/// A fact, or the reason why it is not known.
pub type Fact<T> = Result<T, Unknown>;

/// Something that could not be seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unknown {
    /// What is missing, as a noun phrase: `PersistentVolumeClaim photos/library`.
    pub what: String,
    /// Why it is missing.
    pub why: Why,
}

/// Why something could not be seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// The input does not hold it and there is no cluster to ask.
    NotInInput,
    /// The text does not say it (a namespace, say) and Helm tells a post-renderer nothing.
    NotGiven,
    /// There is a cluster, but this kind is not watched.
    NotWatched,
    /// The watch has not delivered its first list.
    NotSynced,
    /// It was not among what was read of the cluster.
    NotRead,
    /// One namespace of the cluster was read, and it is in another one.
    OtherNamespace,
    /// Only a request of the API server tells it.
    OnlyAtAdmission,
    /// The cluster refused to show it.
    Forbidden,
    /// It stands in a Secret, whose values are never read.
    Secret,
    /// A policy said so: `unknown('…')`.
    Policy,
}

impl Unknown {
    /// `what` is missing because of `why`.
    pub fn new(what: impl Into<String>, why: Why) -> Self {
        Self {
            what: what.into(),
            why,
        }
    }

    /// What would tell, as an instruction.
    pub fn remedy(&self) -> &'static str {
        match self.why {
            Why::NotInInput => "give it with --facts FILE, or ask the cluster with `fixative audit`",
            Why::NotGiven => "say it with an option (--namespace, --kube-version)",
            Why::NotWatched => "switch this fact on for the webhook",
            Why::NotSynced => "wait until the watch has synced",
            Why::NotRead => "write the kind into the policy as text, so that it is read",
            Why::OtherNamespace => "audit all namespaces, without --namespace",
            Why::OnlyAtAdmission => "see what the webhook says when the object is changed",
            Why::Forbidden => "grant the permission that `fixative policies rbac` prints",
            Why::Secret => "write the value into the pod or a ConfigMap if it is no secret",
            Why::Policy => "see the policy's documentation",
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.why {
            Why::NotInInput => "is not in the input",
            Why::NotGiven => "is not given",
            Why::NotWatched => "is not watched",
            Why::NotSynced => "has not been read from the cluster yet",
            Why::NotRead => "was not read from the cluster",
            Why::OtherNamespace => "is outside of the namespace that was read",
            Why::OnlyAtAdmission => "is known at admission only",
            Why::Forbidden => "may not be read",
            Why::Secret => "stands in a Secret, which is not read",
            Why::Policy => return write!(f, "{}", self.what),
        };
        write!(f, "{} {why}", self.what)
    }
}

impl std::error::Error for Unknown {}
