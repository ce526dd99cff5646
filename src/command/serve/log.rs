//! The server's log: one JSON object a line on stderr.

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts it, with the levels that `FIXATIVE_LOG` wants: `debug`, or `warn,fixative=debug`.
pub(super) fn start() {
    let wanted = std::env::var("FIXATIVE_LOG").unwrap_or_default();
    let levels = levels(&wanted);
    let is_understood = levels.is_some();
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr)
        .with_filter(levels.unwrap_or_else(usual));
    // A second subscriber in one process is a test's, which has its own.
    let _ = tracing_subscriber::registry().with(lines).try_init();
    if !is_understood {
        tracing::warn!(
            FIXATIVE_LOG = wanted,
            "this is no level of the log: write error, warn, info or debug, or levels by module like `warn,fixative=debug`"
        );
    }
}

fn usual() -> Targets {
    Targets::new().with_default(LevelFilter::INFO)
}

/// `None` where it cannot be told what is wanted. A misspelt level would be taken for the only module that may speak.
fn levels(wanted: &str) -> Option<Targets> {
    if wanted.trim().is_empty() {
        return Some(usual());
    }
    let is_clear = |part: &str| part.contains('=') || part.trim().parse::<LevelFilter>().is_ok();
    wanted.split(',').all(is_clear).then(|| wanted.parse().ok())?
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn levels_are_those_that_are_wanted() {
        let speaks = |wanted: &str, module: &str, level: Level| {
            let levels = levels(wanted).unwrap_or_else(|| panic!("{wanted}"));
            levels.would_enable(module, &level)
        };
        for wanted in ["", " ", "info"] {
            assert!(speaks(wanted, "kube", Level::INFO), "{wanted}");
            assert!(!speaks(wanted, "kube", Level::DEBUG), "{wanted}");
        }
        assert!(speaks("debug", "kube", Level::DEBUG));
        assert!(!speaks("off", "kube", Level::ERROR));
        assert!(speaks("warn,fixative=debug", "fixative::webhook", Level::DEBUG));
        assert!(!speaks("warn,fixative=debug", "kube", Level::INFO));
    }

    #[test]
    fn misspelt_levels_are_told() {
        for wanted in ["inof", "info,debgu", "fixative=loud", "info;debug"] {
            assert!(levels(wanted).is_none(), "{wanted}");
        }
    }
}
