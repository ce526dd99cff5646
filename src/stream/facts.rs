//! Objects that are only asked about: those of `--facts` and of policy tests.

use std::sync::Arc;

use super::WORTH_A_THREAD;
use super::document::objects_of;
use crate::json::Value;
use crate::manifest::{self, Document};
use crate::parallel;
use crate::source::{Diagnostic, Source};

/// The objects of `sources`, Lists taken apart.
pub fn facts(sources: &[Source]) -> Result<Vec<Arc<Value>>, Box<Diagnostic>> {
    let documents: Vec<(&Source, Document)> = sources
        .iter()
        .flat_map(|source| {
            let documents = manifest::split(source).into_iter();
            documents.map(move |document| (source, document))
        })
        .collect();
    let read = parallel::map(&documents, WORTH_A_THREAD, |(source, document)| {
        let tree = manifest::read(source, document).map_err(Box::new)?;
        let objects = objects_of(&tree.value).into_iter();
        Ok(objects.map(|(_, object)| object).collect::<Vec<_>>())
    });
    let objects: Result<Vec<Vec<Arc<Value>>>, Box<Diagnostic>> = read.into_iter().collect();
    Ok(objects?.into_iter().flatten().collect())
}
