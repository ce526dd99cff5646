//! `--facts`: objects that the policies may ask about.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Failure, input};
use crate::json::Value;
use crate::source::Source;
use crate::stream;

/// The objects of all files, Lists taken apart.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<Arc<Value>>, Failure> {
    let sources = paths.iter().map(|path| input::read(path));
    let sources: Vec<Source> = sources.collect::<Result<_, _>>()?;
    Ok(stream::facts(&sources)?)
}
