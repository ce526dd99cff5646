//! Whether two doors judge by the same policies.

use super::clean;
use super::style::{Style, Tone};
use crate::cluster::digests::Announced;

/// Nothing in the cluster says by what it judges.
pub fn no_webhook(style: Style) -> String {
    let word = style.paint(Tone::Note, "note");
    format!("{word}: no webhook configuration of the cluster names policies of fixative\n")
}

/// The webhooks that judge by other policies.
pub fn differences(others: &[&Announced], ours: &str, style: Style) -> String {
    let word = style.paint(Tone::Error, "error[policies]");
    let line = |other: &&Announced| {
        let Announced {
            configuration,
            digest,
        } = other;
        let rest = format!(
            "the webhook of {configuration} judges by the policies {digest}, this run by {ours}; give both the same pack, configuration and params"
        );
        format!("{word}: {}\n", clean(&rest))
    };
    others.iter().map(line).collect()
}
