//! Placeholders until the loader lands with the real ones; it deletes this file.
#![allow(missing_docs, clippy::todo)]

use super::*;
pub fn glob(_p: &str, _t: &str) -> bool {
    todo!()
}
impl LabelSelector {
    pub fn matches(&self, _l: &BTreeMap<String, String>) -> bool {
        todo!()
    }
}
impl Template {
    pub fn render(
        &self,
        _e: &mut dyn FnMut(&Program) -> Result<Value, crate::cel::Fault>,
    ) -> Result<Value, crate::cel::Fault> {
        todo!()
    }
    pub fn patch(
        &self,
        _e: &mut dyn FnMut(&Program) -> Result<Value, crate::cel::Fault>,
    ) -> Result<crate::schema::Patch, crate::cel::Fault> {
        todo!()
    }
}
impl PolicySet {
    pub fn needles(&self) -> Option<Vec<String>> {
        todo!()
    }
}
