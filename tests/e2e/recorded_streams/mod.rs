//! Streams as Helm sends them: exactly what the table says differs, by Go's reading and by the report, and
//! every other byte stays.

mod difference;
mod expected;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use fixative::manifest::split;
use fixative::source::Source;

use self::difference::{Change, of_documents};
use self::expected::expected;
use crate::go_yaml::read;
use crate::program::{Folder, Run, repository};

/// A stream as a Helm sent it, and what it is rendered with.
struct Recorded {
    name: String,
    helm4: bool,
    configuration: &'static str,
    text: String,
}

/// The configurations: the pack as it is shipped, and the repository's example.
const CONFIGURATIONS: [&str; 2] = ["shipped", "example"];

fn recorded() -> Vec<Recorded> {
    let mut paths: Vec<PathBuf> = vec![repository("examples/immich.yaml")];
    for folder in ["tests/fixtures/streams", "../shared/data/streams"] {
        // The recorded streams lie beside the repository and not everywhere.
        let Ok(entries) = fs::read_dir(repository(folder)) else {
            continue;
        };
        let found = entries.map(|entry| entry.unwrap().path());
        paths.extend(found.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")));
    }
    paths.sort();
    let streams = paths.iter().flat_map(|path| {
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        let (name, helm) = file.split_once(".helm").unwrap_or((&file, "3"));
        CONFIGURATIONS.map(|configuration| Recorded {
            name: name.to_owned(),
            helm4: helm == "4",
            configuration,
            text: fs::read_to_string(path).unwrap(),
        })
    });
    streams.collect()
}

impl Recorded {
    fn render(&self, stream: &str, more: &[&str]) -> Run {
        let folder = match self.configuration {
            "example" => Folder::new().with_example(),
            _ => Folder::new(),
        };
        let helm4: &[&str] = if self.helm4 { &["--helm4"] } else { &[] };
        let arguments = [&["render", "--namespace", "photos"], helm4, more].concat();
        folder.fixative(&arguments, stream.as_bytes())
    }

    /// With the default action where nothing denies; denials are told first and then let pass.
    #[track_caller]
    fn rendered(&self, denials: &[(String, String, String)]) -> Run {
        let run = self.render(&self.text, &[]);
        if denials.is_empty() {
            return run;
        }
        run.failed(1, &[]);
        assert_eq!(denied(&run.stderr), denials, "{self}: {}", run.stderr);
        self.render(&self.text, &["--on-deny", "warn"])
    }
}

impl std::fmt::Display for Recorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let helm = if self.helm4 { 4 } else { 3 };
        write!(f, "{} of Helm {helm}, {}", self.name, self.configuration)
    }
}

#[test]
fn exactly_what_the_table_says_differs() {
    let recorded = recorded();
    assert!(recorded.len() >= 6);
    let mut wrong = Vec::new();
    for stream in &recorded {
        let expected = expected(&stream.name, stream.helm4, stream.configuration);
        let run = stream.rendered(&expected.denials);
        let after = run.good();
        let mut found = changes(stream, &after);
        found.sort();
        if found != expected.changes {
            wrong.push(contrast(stream, &expected.changes, &found));
        }
        let mut places: Vec<_> = found.iter().map(Change::place).collect();
        places.sort();
        assert_eq!(
            told(&run.stderr),
            places,
            "{stream}: the report tells something else"
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_second_render_changes_nothing() {
    for stream in recorded() {
        let once = stream.render(&stream.text, &["--on-deny", "warn"]).good();
        let twice = stream.render(&once, &["--on-deny", "warn"]);
        assert!(twice.good() == once, "{stream}: another text");
        assert_eq!(told(&twice.stderr), [], "{stream}");
    }
}

/// What Go reads differently. A document whose bytes differ has such a difference, and loses at most one line
/// for each: so every other document stayed byte for byte.
#[track_caller]
fn changes(stream: &Recorded, after: &str) -> Vec<Change> {
    let (before, after) = (
        Source::new("before", stream.text.as_str()),
        Source::new("after", after),
    );
    let (old, new) = (split(&before), split(&after));
    assert_eq!(old.len(), new.len(), "{stream}");
    let (mut old_end, mut new_end) = (0, 0);
    let mut changes = Vec::new();
    for (old, new) in old.iter().zip(&new) {
        let between = (
            before.text().get(old_end..old.body.start),
            after.text().get(new_end..new.body.start),
        );
        assert_eq!(between.0, between.1, "{stream}: a separator");
        (old_end, new_end) = (old.body.end, new.body.end);
        let (old, new) = (before.slice(old.body), after.slice(new.body));
        if old != new {
            let found = changes_of_document(stream, old, new);
            assert!(
                !found.is_empty(),
                "{stream}: only the bytes differ:\n{old}\n{new}"
            );
            assert!(
                lost_lines(old, new) <= found.len(),
                "{stream}: other lines differ:\n{old}\n{new}"
            );
            changes.extend(found);
        }
    }
    assert_eq!(
        before.text().get(old_end..),
        after.text().get(new_end..),
        "{stream}: the end"
    );
    // The whole stream, too: that no document ran into another.
    let whole = |text: &str| read(text.as_bytes()).map(|documents| documents.len()).ok();
    assert_eq!(whole(before.text()), whole(after.text()), "{stream}");
    changes
}

#[track_caller]
fn changes_of_document(stream: &Recorded, old: &str, new: &str) -> Vec<Change> {
    let one = |text: &str| {
        let documents = read(text.as_bytes()).unwrap_or_else(|error| panic!("{stream}: {error}\n{text}"));
        assert_eq!(documents.len(), 1, "{stream}: {text}");
        documents.into_iter().next().unwrap()
    };
    of_documents(&one(old), &one(new))
}

/// How many lines of the old text are not in the new one.
fn lost_lines(old: &str, new: &str) -> usize {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for line in new.lines() {
        *lines.entry(line).or_default() += 1;
    }
    let mut lost = 0;
    for line in old.lines() {
        match lines.get_mut(line) {
            Some(count) if *count > 0 => *count -= 1,
            _ => lost += 1,
        }
    }
    lost
}

/// Object, action and place of every change that standard error tells.
fn told(stderr: &str) -> Vec<(String, String, String)> {
    let mut told: Vec<_> = stderr
        .lines()
        .filter_map(|line| line.strip_prefix("change: "))
        .map(|line| {
            let (id, rest) = line.split_once(": ").unwrap();
            let mut words = rest.split(' ');
            let mut word = || words.next().unwrap().to_owned();
            (object(id), word(), word().trim_end_matches(':').to_owned())
        })
        .collect();
    told.sort();
    told
}

/// Rule, object and place of every finding that is drawn as an error.
fn denied(stderr: &str) -> Vec<(String, String, String)> {
    let mut denied = Vec::new();
    let mut rule = String::new();
    for line in stderr.lines() {
        if let Some(rest) = line.strip_prefix("error[") {
            rule = rest.split(']').next().unwrap().to_owned();
        } else if let Some((_, label)) = line.rsplit_once("^ ") {
            let (id, place) = label.split_once(", ").unwrap();
            denied.push((rule.clone(), object(id), place.to_owned()));
        }
    }
    denied.sort();
    denied
}

/// `Deployment photos/immich-server` as `Deployment/immich-server`.
fn object(id: &str) -> String {
    let (kind, name) = id.split_once(' ').unwrap();
    format!("{kind}/{}", name.rsplit('/').next().unwrap())
}

/// What is only expected, and what is only found, as lines of the table.
fn contrast(stream: &Recorded, expected: &[Change], found: &[Change]) -> String {
    let mut text = format!("[{stream}]\n");
    for change in expected.iter().filter(|change| !found.contains(change)) {
        text += &format!("only expected: {change}\n");
    }
    for change in found.iter().filter(|change| !expected.contains(change)) {
        text += &format!("only found: {change}\n");
    }
    text
}
