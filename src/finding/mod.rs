//! One model of what is said about an object; every sink prints this.

mod report;

pub use report::{Judged, Report, Said, Stale};

use std::fmt;

use crate::pointer::Place;
use crate::policy::{Disposition, Severity};
use crate::resource::ResourceId;
use crate::source::{Source, Span};
use crate::unknown::Unknown;

/// Policy and rule by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleRef {
    /// Policy.
    pub policy: String,
    /// Rule.
    pub rule: String,
}

/// Something a policy has to say about one place of one object.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Who says it.
    pub by: RuleRef,
    /// How bad.
    pub severity: Severity,
    /// What it does.
    pub action: Disposition,
    /// About which object.
    pub object: ResourceId,
    /// Where in it (from the object's root, not the pod's).
    pub place: Place,
    /// One sentence.
    pub message: String,
    /// What would fix it, where a repair exists that was not made.
    pub fix: Option<String>,
    /// What kind of statement this is.
    pub kind: Kind,
    /// No sink prints a value under it.
    pub sensitive: bool,
    /// Said of a change (reads the old object), not of a state.
    pub transition: bool,
    /// Where in the input; `None` where the object did not come from a text.
    pub location: Option<Location>,
    /// What would mend it in that text, where a repair exists and somebody asked for it.
    pub replacement: Option<Replacement>,
}

/// A repair in the user's own text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// These bytes go.
    pub span: Span,
    /// And this comes in their place.
    pub text: String,
}

/// A place in the user's own file, and the chart template that rendered it.
#[derive(Clone, Debug)]
pub struct Location {
    /// The input.
    pub source: Source,
    /// The deepest node that is there; for a missing field the map that should hold it.
    pub span: Span,
    /// From `# Source:` (Helm 3) or the filename annotation (Helm 4).
    pub template: Option<String>,
}

/// What kind of statement a finding is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An assertion does not hold.
    Violation,
    /// A repair is due and was not made here.
    Unrepaired,
    /// It cannot be told.
    Unknown(Unknown),
    /// Two rules fight over a place.
    Conflict {
        /// The other rule.
        with: RuleRef,
    },
    /// The policy itself failed on this object.
    Failed,
}

/// Policy, rule, object and keyed path: the same from run to run and under insertions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub String);

impl Finding {
    /// What tells this finding from others, from run to run.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(format!("{} {} {}", self.by, self.object, self.place.keyed))
    }
}

impl fmt::Display for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.policy, self.rule)
    }
}
