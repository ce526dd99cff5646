//! A live cluster: the client, lists for an audit, watched facts for the webhook. The only place besides the
//! webhook that knows the client crate; Secrets are never asked for here.

pub mod audit;
pub mod client;
pub mod digests;
pub mod discovery;
pub mod facts;
pub mod lists;
mod object;
pub mod probe;
pub mod snapshot;
#[cfg(test)]
mod testing;
mod watch;

pub use ::kube::Client;
pub use client::{ClientError, ClientOptions, connect};
pub use facts::{Facts, Standing, Status};
pub use lists::{Inventory, Within};

use ::kube::Error;

use crate::unknown::{Fact, Unknown, Why};
use crate::world::Key;

/// One sentence of an error of the client: what the API server said, or what is at the bottom of it.
pub fn sentence(error: &Error) -> String {
    if let Error::Api(status) = error {
        return status.message.clone();
    }
    let mut bottom: &dyn std::error::Error = error;
    while let Some(deeper) = bottom.source() {
        bottom = deeper;
    }
    let (top, bottom) = (error.to_string(), bottom.to_string());
    if top.contains(&bottom) {
        top
    } else {
        format!("{top}: {bottom}")
    }
}

/// The status code of an answer of the API server.
fn code(error: &Error) -> Option<u16> {
    match error {
        Error::Api(status) => Some(status.code),
        _ => None,
    }
}

/// The namespace under which an object is kept: none where its kind has none. Where a key leaves the
/// namespace open it cannot be told which object is meant.
fn placed(key: &Key, namespaced: bool) -> Fact<Option<&str>> {
    match (namespaced, key.namespace.as_deref()) {
        (false, _) => Ok(None),
        (true, Some(namespace)) => Ok(Some(namespace)),
        (true, None) => Err(key.unknown(Why::NotGiven)),
    }
}

/// An object that is not known; of a Secret it is the content that is not read.
fn not_known(key: &Key, why: Why) -> Unknown {
    let mut unknown = key.unknown(why);
    if unknown.why == Why::Secret {
        unknown.what = format!("the content of {}", unknown.what);
    }
    unknown
}
