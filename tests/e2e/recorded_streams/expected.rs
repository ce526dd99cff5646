//! The table of what each recorded stream comes out with, `expected.txt`.

use super::difference::Change;

/// What one stream comes to under one configuration.
#[derive(Debug, Default)]
pub struct Expected {
    /// The values that differ.
    pub changes: Vec<Change>,
    /// Rule, object and place of each finding that denies.
    pub denials: Vec<(String, String, String)>,
}

/// The lines below `[STREAM, CONFIGURATION]`; those that begin with `helm4` only where Helm 4 sent the stream.
#[track_caller]
pub fn expected(stream: &str, helm4: bool, configuration: &str) -> Expected {
    let heading = format!("[{stream}, {configuration}]");
    let mut lines = include_str!("expected.txt").lines().map(str::trim);
    let found = lines.by_ref().any(|line| line == heading);
    assert!(found, "expected.txt has nothing below {heading}");
    let mut expected = Expected::default();
    for line in lines.take_while(|line| !line.starts_with('[')) {
        let line = match line.strip_prefix("helm4 ") {
            Some(_) if !helm4 => continue,
            Some(line) => line,
            None => line,
        };
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut words = line.splitn(4, ' ').map(str::to_owned);
        let mut word = || words.next().unwrap_or_else(|| panic!("expected.txt: {line}"));
        match word().as_str() {
            "deny" => expected.denials.push((word(), word(), word())),
            action => expected.changes.push(Change {
                action: action.to_owned(),
                object: word(),
                path: word(),
                value: word().replace("NVME", NVME),
            }),
        }
    }
    expected.changes.sort();
    expected.denials.sort();
    expected
}

/// What the example configuration's label comes to as a match expression.
const NVME: &str = r#"{"key":"storage.example.com/nvme","operator":"In","values":["true"]}"#;
