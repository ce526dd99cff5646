//! Which documents a policy may match, told from their bytes alone.

use aho_corasick::AhoCorasick;

use crate::policy::PolicySet;

/// One automaton over what every matcher needs to find in a document's text.
#[derive(Debug)]
pub struct Needles {
    /// `None`: some policy may match anything.
    automaton: Option<AhoCorasick>,
}

impl Needles {
    pub(super) fn of(set: &PolicySet) -> Self {
        let automaton = set.needles().and_then(|needles| AhoCorasick::new(needles).ok());
        Self { automaton }
    }

    /// Whether the document has to be parsed. One with a backslash may spell anything in escapes; one that
    /// does not say `kind` may be no manifest at all, which the reader has to tell.
    pub(super) fn may_match(&self, document: &str) -> bool {
        let Some(automaton) = &self.automaton else {
            return true;
        };
        automaton.is_match(document)
            || memchr::memchr(b'\\', document.as_bytes()).is_some()
            || memchr::memmem::find(document.as_bytes(), b"kind").is_none()
    }
}
