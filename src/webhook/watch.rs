//! When to look again at files that change while the server runs.

use std::path::PathBuf;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout_at};

/// What a watch may miss is seen after so long: not every file system tells.
const POLL: Duration = Duration::from_secs(10);
/// Several files of one change come together.
const SETTLE: Duration = Duration::from_millis(200);

/// Watches folders, not files: the kubelet swaps a link in the folder, and a file's own watch ends with the
/// first swap.
#[derive(Debug)]
pub struct Watch {
    events: mpsc::Receiver<()>,
    // It watches for as long as it is held.
    _watcher: Option<RecommendedWatcher>,
}

impl Watch {
    /// Starts to watch. A folder that cannot be watched is still looked at every ten seconds.
    pub fn new(folders: &[PathBuf]) -> Self {
        let (sender, events) = mpsc::channel(1);
        // One event that waits is enough, however many come.
        let note = move |_| {
            let _ = sender.try_send(());
        };
        let mut watcher = notify::recommended_watcher(note).ok();
        if let Some(watcher) = &mut watcher {
            for folder in folders {
                if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                    tracing::debug!(folder = %folder.display(), %error, "looked at every ten seconds only");
                }
            }
        }
        Self {
            events,
            _watcher: watcher,
        }
    }

    /// Returns when something may have changed, ten seconds from now at the latest.
    pub async fn changed(&mut self) {
        let latest = Instant::now() + POLL;
        match timeout_at(latest, self.events.recv()).await {
            Ok(Some(())) => {
                sleep(SETTLE).await;
                while self.events.try_recv().is_ok() {}
            }
            Ok(None) => sleep(POLL).await,
            Err(_) => {}
        }
    }
}
