//! Policy × stream × door at a glance: `target/parity.html`, and the same as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The doors beside render, in the order of the cells.
const DOORS: [&str; 3] = ["Flux (helm-controller)", "Flux (kustomize)", "admission"];

/// What one door made of one stream with one policy, beside render; the later the worse or the more telling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// The policy changes nothing here, at both.
    Nothing,
    /// The same objects.
    Same,
    /// The same, but for repairs that this door reports (R5) or that are for other doors alone.
    Reported,
    /// Said to be impossible, with the reason.
    Refused(String),
    /// Other objects.
    Different(String),
}

impl Cell {
    fn sign(&self) -> char {
        match self {
            Cell::Nothing => '·',
            Cell::Same => '=',
            Cell::Reported => 'r',
            Cell::Refused(_) => 'x',
            Cell::Different(_) => '≠',
        }
    }

    fn words(&self) -> String {
        match self {
            Cell::Nothing => "nothing to change, at both doors".to_owned(),
            Cell::Same => "the same objects".to_owned(),
            Cell::Reported => "the same objects, but for repairs of texts alone".to_owned(),
            Cell::Refused(why) => format!("refused: {why}"),
            Cell::Different(what) => format!("different: {what}"),
        }
    }
}

/// All cells.
#[derive(Default)]
pub struct Table {
    policies: Vec<String>,
    rows: BTreeMap<String, Vec<[Cell; 3]>>,
}

impl Table {
    /// Adds what the doors made of a stream; policies come one after the other.
    pub fn put(&mut self, policy: &str, stream: &str, cells: [Cell; 3]) {
        if self.policies.last().is_none_or(|last| last != policy) {
            self.policies.push(policy.to_owned());
        }
        self.rows.entry(stream.to_owned()).or_default().push(cells);
    }

    /// Every cell that is no agreement.
    pub fn different(&self) -> Vec<String> {
        let mut all = Vec::new();
        for (stream, cells) in &self.rows {
            for (policy, doors) in self.policies.iter().zip(cells) {
                for (door, cell) in DOORS.iter().zip(doors) {
                    if matches!(cell, Cell::Different(_)) {
                        all.push(format!("{policy} × {stream} × {door}: {}", cell.words()));
                    }
                }
            }
        }
        all
    }

    /// How many cells show a repair that both doors made.
    pub fn repaired(&self) -> usize {
        let cells = self.rows.values().flatten().flatten();
        cells.filter(|cell| **cell == Cell::Same).count()
    }

    /// Writes both forms into a folder.
    pub fn write(&self, folder: &Path) {
        fs::write(folder.join("parity.txt"), self.text()).unwrap();
        fs::write(folder.join("parity.html"), self.html()).unwrap();
    }

    fn text(&self) -> String {
        let mut text = format!(
            "Each cell: {}; beside render.\n= the same objects   r the same, but for repairs of texts alone   · nothing to change   \
             x refused   ≠ different\n\n",
            DOORS.join(", ")
        );
        let width = self
            .rows
            .keys()
            .map(|name| name.chars().count())
            .max()
            .unwrap_or_default();
        for (number, policy) in self.policies.iter().enumerate() {
            writeln!(text, "{:>3}  {policy}", number + 1).unwrap();
        }
        write!(text, "\n{:width$}", "").unwrap();
        for number in 1..=self.policies.len() {
            write!(text, " {number:>3}").unwrap();
        }
        text.push('\n');
        for (stream, cells) in &self.rows {
            write!(text, "{stream:width$}").unwrap();
            for doors in cells {
                write!(text, " {}", doors.iter().map(Cell::sign).collect::<String>()).unwrap();
            }
            text.push('\n');
        }
        text
    }

    fn html(&self) -> String {
        let head: String = self
            .policies
            .iter()
            .map(|policy| format!("<th><span>{policy}</span></th>"))
            .collect();
        let mut rows = String::new();
        for (stream, cells) in &self.rows {
            write!(rows, "<tr><th>{stream}</th>").unwrap();
            for doors in cells {
                rows.push_str("<td>");
                for (door, cell) in DOORS.iter().zip(doors) {
                    let (words, sign) = (escaped(&cell.words()), cell.sign());
                    write!(
                        rows,
                        "<i class=\"c{}\" title=\"{door}: {words}\">{sign}</i>",
                        class(cell)
                    )
                    .unwrap();
                }
                rows.push_str("</td>");
            }
            rows.push_str("</tr>\n");
        }
        format!(
            "{STYLE}<h1>The same answer at every door</h1><p>Each cell: {}; beside render.</p>\n<table><tr><th></th>{head}</tr>\n{rows}</table>\n",
            DOORS.join(", ")
        )
    }
}

fn class(cell: &Cell) -> usize {
    match cell {
        Cell::Nothing => 0,
        Cell::Same => 1,
        Cell::Reported => 2,
        Cell::Refused(_) => 3,
        Cell::Different(_) => 4,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

const STYLE: &str = "<!doctype html><meta charset=\"utf-8\"><title>Parity</title><style>
body { font: 14px system-ui, sans-serif; margin: 2em }
table { border-collapse: collapse } th { font-weight: normal; text-align: left; padding: 2px 8px }
tr:first-child th span { writing-mode: vertical-rl } td { border: 1px solid #ddd; padding: 1px 3px; white-space: nowrap }
i { display: inline-block; width: 1.1em; text-align: center; font-style: normal }
.c0 { color: #aaa } .c1 { background: #cfe8cf } .c2 { background: #dbe7f7 } .c3 { background: #f4e6b8 } .c4 { background: #f2b8b8 }
</style>\n";
