//! Objects that are only asked about: those of `--facts` and of policy tests.

use std::sync::Arc;

use serde_json::Value;

use super::document::objects_of;
use crate::manifest;
use crate::source::{Diagnostic, Source};

/// The objects of `sources`, Lists taken apart.
pub fn facts(sources: &[Source]) -> Result<Vec<Arc<Value>>, Box<Diagnostic>> {
    let mut objects = Vec::new();
    for source in sources {
        for document in manifest::split(source) {
            let tree = manifest::read(source, &document).map_err(Box::new)?;
            objects.extend(objects_of(&tree.value).into_iter().map(|(_, object)| object));
        }
    }
    Ok(objects)
}
