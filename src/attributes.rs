//! What is known of one admission, whatever the door.

use crate::cel::Allowance;
use crate::json::Value;
use crate::policy::{Door, Operation};
use crate::resource::Resource;
use crate::unknown::Fact;

/// One object at one door.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    /// The door.
    pub door: Door,
    /// CREATE or UPDATE; unknown where text is rendered for whatever is in the cluster.
    pub operation: Fact<Operation>,
    /// The object.
    pub resource: &'a Resource,
    /// The object before; `Ok(None)` where there is none.
    pub old: Fact<Option<&'a Value>>,
    /// The namespace in which the object is, or will be.
    pub namespace: Fact<&'a str>,
    /// The Namespace object.
    pub namespace_object: Fact<&'a Value>,
    /// The admission request.
    pub request: Fact<&'a Value>,
    /// How much work all policies together may do for it; `None`: as much as each expression may.
    pub allowance: Option<&'a Allowance>,
}
