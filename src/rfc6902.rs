//! JSON patches: what tests of policies expect and what the webhook answers.
//! Source: RFC 6902; as the API server applies it, github.com/evanphx/json-patch.

use crate::json::Value;

/// One operation. All of a patch are made one after the other, each on what the last one left.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase", tag = "op", deny_unknown_fields)]
pub enum Operation {
    /// A new key, or a new item in front of the one at `path` (`-`: behind the last).
    Add {
        /// Where.
        path: String,
        /// What.
        value: Value,
    },
    /// Another value.
    Replace {
        /// Where.
        path: String,
        /// What.
        value: Value,
    },
    /// Nothing there any more.
    Remove {
        /// Where.
        path: String,
    },
    /// What must be there.
    Test {
        /// Where.
        path: String,
        /// What.
        value: Value,
    },
}
