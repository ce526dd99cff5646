//! What is shown to somebody who waits at a terminal, and to nobody else.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::Console;
use crate::stream::{More, Progress};

/// Nobody is told of judging that takes less.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often a bar moves.
const PACE: Duration = Duration::from_millis(100);

/// A bar for so many steps, each with a message.
pub(super) fn steps(console: &Console, count: usize) -> ProgressBar {
    if count < 2 || !is_watched(console) {
        return ProgressBar::hidden();
    }
    ProgressBar::new(count as u64).with_style(style("{bar:20} {pos}/{len} {msg}"))
}

/// Something that turns, for what nobody knows the end of.
pub(super) fn spinner(console: &Console) -> ProgressBar {
    if !is_watched(console) {
        return ProgressBar::hidden();
    }
    ProgressBar::new_spinner().with_style(style("{spinner} reading {msg}"))
}

fn is_watched(console: &Console) -> bool {
    !console.quiet && std::io::stderr().is_terminal()
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Works, and shows how far it is to somebody who waits at a terminal for longer than [`PATIENCE`].
pub(super) fn while_judging<T>(console: &Console, mut more: More, work: impl FnOnce(&More) -> T) -> T {
    if !is_watched(console) {
        return work(&more);
    }
    let progress = Arc::new(Progress::default());
    more.progress = Some(Arc::clone(&progress));
    let (done, is_done) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || show(&progress, &is_done));
        let result = work(&more);
        drop(done);
        result
    })
}

fn show(progress: &Progress, is_done: &mpsc::Receiver<()>) {
    if is_done.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let bar = ProgressBar::new(0).with_style(style("judging {bar:40} {percent}%"));
    while is_done.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
        let (done, expected) = progress.steps();
        bar.set_length(expected as u64);
        bar.set_position(done as u64);
    }
    bar.finish_and_clear();
}
