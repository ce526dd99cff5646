//! What `flux` says of HelmReleases: differences, one table, one line.

use super::clean;
use super::diff::FileDiff;
use super::render::count;
use super::style::{Style, Tone};

/// What became of a HelmRelease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its entry was written.
    Written,
    /// Only our comments were written anew.
    Touched,
    /// It says already what it should.
    Current,
    /// A fresh render gives other patches.
    Stale,
    /// It is up to date, but one of its targets matches nothing.
    Idle,
    /// A finding denies.
    Denied,
    /// It could not be told.
    Failed,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// The HelmRelease.
    pub release: String,
    /// Its file.
    pub file: String,
    /// What became of it.
    pub outcome: Outcome,
}

impl Outcome {
    fn words(self) -> (Tone, &'static str) {
        match self {
            Outcome::Written => (Tone::Good, "written"),
            Outcome::Touched => (Tone::Good, "same patches, comment written"),
            Outcome::Current => (Tone::Good, "up to date"),
            Outcome::Stale => (Tone::Error, "stale"),
            Outcome::Idle => (Tone::Error, "a target matches nothing"),
            Outcome::Denied => (Tone::Error, "denied"),
            Outcome::Failed => (Tone::Error, "failed"),
        }
    }
}

/// One HelmRelease a line, in columns.
pub fn table(rows: &[Row], style: Style) -> String {
    let width = |of: fn(&Row) -> &str| rows.iter().map(|row| clean(of(row)).chars().count()).max();
    let (release, file) = (
        width(|row| &row.release).unwrap_or_default(),
        width(|row| &row.file).unwrap_or_default(),
    );
    let line = |row: &Row| {
        let (tone, word) = row.outcome.words();
        let (name, path) = (clean(&row.release), clean(&row.file));
        format!("{name:release$}  {path:file$}  {}\n", style.paint(tone, word))
    };
    rows.iter().map(line).collect()
}

/// `3 HelmReleases: 1 written, 2 up to date`.
pub fn summary(rows: &[Row]) -> String {
    let all = [
        Outcome::Written,
        Outcome::Touched,
        Outcome::Current,
        Outcome::Stale,
        Outcome::Idle,
        Outcome::Denied,
        Outcome::Failed,
    ];
    let counts: Vec<String> = all
        .into_iter()
        .filter_map(|outcome| {
            let number = rows.iter().filter(|row| row.outcome == outcome).count();
            (number > 0).then(|| format!("{number} {}", outcome.words().1))
        })
        .collect();
    format!("{}: {}", count(rows.len(), "HelmRelease"), counts.join(", "))
}

/// What would change in each file: its name, as it is, as it would be.
pub fn diffs(files: &[(&str, &str, String)], style: Style) -> String {
    files
        .iter()
        .map(|(name, old, new)| FileDiff::of_texts(name, old, new).unified(style))
        .collect()
}

/// A line of something to know.
pub fn note(text: &str, style: Style) -> String {
    format!("{}: {}\n", style.paint(Tone::Note, "note"), clean(text))
}

/// A line of something to look at.
pub fn warning(text: &str, style: Style) -> String {
    format!("{}: {}\n", style.paint(Tone::Warning, "warning"), clean(text))
}

/// Why a HelmRelease stays as it is.
pub fn denied(release: &str, style: Style) -> String {
    let error = style.paint(Tone::Error, "error");
    format!("{error}: {release} is not written, since a finding denies; --on-deny warn lets it pass\n")
}
