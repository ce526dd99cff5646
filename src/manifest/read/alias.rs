//! What anchors stand for, and how often they may be used.

use std::collections::HashMap;

use super::builder::Complete;
use crate::json::Value;
use crate::manifest::layout::NodeId;

/// An anchored node that is complete.
#[derive(Debug)]
pub(super) struct Anchored {
    /// Its node.
    pub node: NodeId,
    /// Its value.
    pub value: Value,
    /// The key that it would be, if it is a scalar: Go makes keys of the scalar, not of its JSON.
    pub key: Option<String>,
    /// Levels of nesting in it, none for a scalar.
    pub height: usize,
    /// How many values it holds, aliases counted as what they stand for.
    size: usize,
}

/// The anchors of a document and Go's measure against alias bombs.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    all: HashMap<usize, Anchored>,
    values: usize,
    through_aliases: usize,
}

impl Anchors {
    /// A value was read.
    pub fn count(&mut self) {
        self.values += 1;
    }

    /// How many values were read so far.
    pub fn values(&self) -> usize {
        self.values
    }

    /// An anchored node is complete; it began when `before` values were read.
    pub fn define(&mut self, id: usize, complete: &Complete, before: usize) {
        let anchored = Anchored {
            node: complete.node,
            value: complete.value.clone(),
            key: complete.key.clone(),
            height: complete.height,
            size: self.values - before,
        };
        self.all.insert(id, anchored);
    }

    /// What an anchor stands for; `None` while it is not complete (it contains itself).
    pub fn get(&mut self, id: usize) -> Option<&Anchored> {
        let found = self.all.get(&id)?;
        self.values += found.size;
        self.through_aliases += found.size;
        Some(found)
    }

    /// A copy of the value that an anchor stands for.
    pub fn value(&self, id: usize) -> Value {
        self.all.get(&id).map_or(Value::Null, |found| found.value.clone())
    }

    /// Whether aliases blow the document up. Source: `allowedAliasRatio` of goyaml's `decode.go`.
    pub fn is_excessive(&self) -> bool {
        const LOW: f64 = 400_000.0;
        const HIGH: f64 = 4_000_000.0;
        let values = self.values as f64;
        let allowed = if values <= LOW {
            0.99
        } else if values >= HIGH {
            0.10
        } else {
            0.99 - 0.89 * (values - LOW) / (HIGH - LOW)
        };
        self.through_aliases > 100 && self.values > 1000 && self.through_aliases as f64 / values > allowed
    }
}
