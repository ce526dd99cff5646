//! `fixative diff`: what render would change.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use super::planned::{self, Planned};
use super::render::denials;
use super::{Console, Failure, Status, answer};
use crate::cli::InputArgs;
use crate::output::diff::FileDiff;
use crate::output::render::{self, Wanted};
use crate::policy::Door;
use crate::stream::{More, SourcePlan};

/// A tool that compares two folders, as `KUBECTL_EXTERNAL_DIFF` names one for kubectl.
const TOOL: &str = "FIXATIVE_DIFF";

pub(super) fn run(args: &InputArgs, console: &mut Console) -> Result<Status, Failure> {
    let more = More::default();
    let Planned { plan, .. } = planned::plan(args, Door::Render, more, console)?;
    if let Err(failure) = denials(&plan) {
        console.say(|style| render::stream(&plan, Wanted::default(), style));
        return Err(failure);
    }
    let diffs: Vec<FileDiff<'_>> = plan.sources.iter().filter_map(FileDiff::of).collect();
    let tool = std::env::var_os(TOOL).filter(|tool| !tool.is_empty());
    match tool {
        Some(tool) if !diffs.is_empty() => compare(&tool, &diffs)?,
        _ => {
            let style = console.answer_style();
            let text: String = diffs.iter().map(|diff| diff.unified(style)).collect();
            answer::write(&text)?;
        }
    }
    console.remark(|_| format!("fixative: {}\n", render::changes(&plan)));
    let changes = plan.sources.iter().any(SourcePlan::is_changed);
    Ok(if changes { Status::No } else { Status::Good })
}

/// Gives the tool two folders with what differs. Its own status says whether it found a difference (0 or 1); any
/// other is a failure.
fn compare(tool: &OsString, diffs: &[FileDiff<'_>]) -> Result<(), Failure> {
    let failed = |error| Failure::Tool(tool.to_string_lossy().into_owned(), error);
    let folder = tempfile::Builder::new().prefix("fixative-diff-").tempdir();
    let folder = folder.map_err(failed)?;
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    for (number, diff) in diffs.iter().enumerate() {
        let name = file_name(diff.name(), number);
        let (old, new) = diff.texts();
        put(&before, &name, &old).map_err(failed)?;
        put(&after, &name, &new).map_err(failed)?;
    }
    let text = tool.to_string_lossy();
    let mut words = text.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    let status = command.args(words).arg(&before).arg(&after).status();
    match status.map_err(failed)?.code() {
        Some(0 | 1) => Ok(()),
        code => {
            let code = code.map_or("a signal".to_owned(), |code| format!("status {code}"));
            Err(failed(io::Error::other(format!("it ended with {code}"))))
        }
    }
}

fn put(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(name), text)
}

/// A flat name that no other input has and that still says which it is.
fn file_name(name: &str, number: usize) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = name.trim_start_matches("./").chars().map(plain).collect();
    let start = name.len().saturating_sub(100);
    format!("{number:04}-{}", name.get(start..).unwrap_or_default())
}
