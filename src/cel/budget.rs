//! What one evaluation may cost. A policy can neither hang nor eat the memory of the process it runs in.

use super::Fault;

/// Steps of one evaluation: a fraction of a second, even in a debug build.
const STEPS: u64 = 2_000_000;
/// Bytes that one evaluation may make, all together; nothing is given back.
const BYTES: usize = 32 << 20;
/// What one element of a computed list or map counts.
const ELEMENT: usize = 64;
/// Evaluation nested deeper than this is refused; the stack of a thread (2 MB) holds it in a debug build.
const DEPTH: u32 = 192;

/// What is left of the budget of one evaluation.
#[derive(Debug)]
pub(super) struct Budget {
    steps: u64,
    bytes: usize,
    depth: u32,
    spent: Option<&'static str>,
}

impl Budget {
    /// A full budget.
    pub fn new() -> Self {
        Self {
            steps: STEPS,
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
            _ => Err(self.exhaust("it takes more than two million steps")),
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
