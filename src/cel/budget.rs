//! What evaluations may cost. A policy can neither hang nor eat the memory of the process it runs in.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Fault;

/// Steps of one evaluation: a fraction of a second, even in a debug build.
const STEPS: u64 = 2_000_000;
/// Bytes that one evaluation may make, all together; nothing is given back.
const BYTES: usize = 32 << 20;
/// What one element of a computed list or map counts.
const ELEMENT: usize = 64;
/// Evaluation nested deeper than this is refused; the stack of a thread (2 MB) holds it in a debug build.
const DEPTH: u32 = 192;

/// Steps of all evaluations for one object, a few seconds: many expressions at many places hang no more than one.
const ALL_STEPS: u64 = 50 * STEPS;

/// Steps that the evaluations of all policies for one object share.
#[derive(Debug)]
pub struct Allowance(AtomicU64);

impl Default for Allowance {
    /// As much as any object may take.
    fn default() -> Self {
        Self::new(ALL_STEPS)
    }
}

impl Allowance {
    /// So many steps: about 30 ns each.
    pub fn new(steps: u64) -> Self {
        Self(AtomicU64::new(steps))
    }

    /// Whether nothing is left, so that expressions failed which need not have.
    pub fn is_spent(&self) -> bool {
        self.left() == 0
    }

    fn left(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn spend(&self, steps: u64) {
        let less = |left: u64| Some(left.saturating_sub(steps));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

/// What is left of the budget of one evaluation.
#[derive(Debug)]
pub(super) struct Budget {
    /// Steps that it had at first.
    granted: u64,
    steps: u64,
    bytes: usize,
    depth: u32,
    spent: Option<&'static str>,
}

impl Budget {
    /// A full budget, or what is left of an allowance if that is less.
    pub fn within(allowance: Option<&Allowance>) -> Self {
        let granted = allowance.map_or(STEPS, |allowance| allowance.left().min(STEPS));
        Self {
            granted,
            steps: granted,
            bytes: BYTES,
            depth: DEPTH,
            spent: None,
        }
    }

    /// One step.
    #[inline]
    pub fn step(&mut self) -> Result<(), Fault> {
        self.charge(1)
    }

    /// Work that counts as so many steps.
    #[inline]
    pub fn charge(&mut self, steps: u64) -> Result<(), Fault> {
        match self.steps.checked_sub(steps) {
            Some(left) if self.spent.is_none() => {
                self.steps = left;
                Ok(())
            }
            _ => {
                if self.spent.is_none() {
                    self.steps = 0;
                }
                Err(self.exhaust(self.limit()))
            }
        }
    }

    fn limit(&self) -> &'static str {
        if self.granted < STEPS {
            "all policies together take too many steps on this object"
        } else {
            "it takes more than two million steps"
        }
    }

    /// Takes from the allowance what was used so far.
    pub fn settle(&self, allowance: Option<&Allowance>) {
        if let Some(allowance) = allowance {
            allowance.spend(self.granted - self.steps);
        }
    }

    /// Work on a text of this length.
    pub fn scan(&mut self, len: usize) -> Result<(), Fault> {
        self.charge(1 + u64::try_from(len / 32).unwrap_or(u64::MAX))
    }

    /// So many new bytes.
    pub fn bytes(&mut self, count: usize) -> Result<(), Fault> {
        match self.bytes.checked_sub(count) {
            Some(left) => {
                self.bytes = left;
                self.scan(count)
            }
            None => Err(self.exhaust("it makes more than 32 MiB of values")),
        }
    }

    /// One new element of a list or a map.
    pub fn element(&mut self) -> Result<(), Fault> {
        self.elements(1)
    }

    /// So many new elements.
    pub fn elements(&mut self, count: usize) -> Result<(), Fault> {
        self.bytes(count.saturating_mul(ELEMENT))
    }

    /// One level deeper; every `Ok` is followed by [`Budget::leave`].
    #[inline]
    pub fn enter(&mut self) -> Result<(), Fault> {
        match self.depth.checked_sub(1) {
            Some(left) => {
                self.depth = left;
                Ok(())
            }
            None => Err(self.exhaust("it is nested too deeply")),
        }
    }

    /// One level up.
    #[inline]
    pub fn leave(&mut self) {
        self.depth += 1;
    }

    /// The fault, if the budget was spent at any time: no operator may hide that.
    pub fn check(&self) -> Result<(), Fault> {
        match self.spent {
            Some(why) => Err(Fault::Budget(why.into())),
            None => Ok(()),
        }
    }

    #[cold]
    fn exhaust(&mut self, why: &'static str) -> Fault {
        Fault::Budget((*self.spent.get_or_insert(why)).into())
    }
}
