//! What was evaluated once on one state of an object: a policy's variables, for all of its rules.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::cel::Fault;
use crate::json::Value;
use crate::policy::{Policy, Subject};

/// Results of one state of an object; another state needs another memo.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    by_policy: Mutex<HashMap<(usize, Subject), Variables>>,
}

/// The variables of one policy on one subject, by position.
pub(super) type Variables = Arc<Mutex<BTreeMap<usize, Slot>>>;

/// One variable.
#[derive(Clone, Debug)]
pub(super) enum Slot {
    /// It is being evaluated: who asks for it now needs itself.
    Running,
    /// Its result, and whether the world was asked for it.
    Done(Result<Value, Fault>, bool),
}

impl Memo {
    /// The variables of a policy; policies are told apart by where they are, since a set does not move.
    pub(super) fn variables(&self, policy: &Policy, subject: Subject) -> Variables {
        let key = (std::ptr::from_ref(policy) as usize, subject);
        let mut all = self.by_policy.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(key).or_default())
    }
}
