//! `make bench`: whole processes beside a floor and a peer, in one run, as ratios.
//!
//! The floor is the parser's bare event pass over the same bytes, the peer is real `kustomize build` with an
//! equivalent patch on the same stream. Nothing is asserted; a figure that falls short is printed as it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RELEASE: &str = include_str!("release.yaml");
const MEGABYTE: usize = 1 << 20;

/// One release by whole process: the goal of the project's first issue.
const GOAL_ONE: Duration = Duration::from_millis(5);
/// 5 MB in 200 documents by whole process.
const GOAL_STREAM: Duration = Duration::from_millis(40);
/// How many times slower kustomize is to be on that stream.
const GOAL_PEER: f64 = 80.0;
/// Peak memory in sizes of the stream.
const GOAL_MEMORY: f64 = 6.0;

/// What policies every run applies.
const PARAMS: [&str; 4] = [
    "--param=media-location.path=/photos",
    "--param=gpu-runtime.vendor=nvidia",
    "--param=gpu-runtime.runtimeClass=nvidia",
    "--param=nvme-affinity.label=storage.example.com/nvme",
];

fn main() {
    let bench = Bench::new();
    bench.one_release();
    bench.large_stream();
    bench.growth();
    bench.nothing_matches();
    bench.everything_matches();
}

struct Bench {
    folder: PathBuf,
    kustomize: Option<PathBuf>,
}

impl Bench {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let kustomize = root.join("target/tools/bin/kustomize");
        let folder = root.join("target/bench");
        fs::create_dir_all(&folder).expect("target/bench can be made");
        if !kustomize.exists() {
            println!("kustomize is not built: run `make tools` for the comparison with it");
        }
        Self {
            folder,
            kustomize: kustomize.exists().then_some(kustomize),
        }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, text).expect("target/bench can be written");
        path
    }

    fn one_release(&self) {
        let text = RELEASE.replace("NUMBER", "1");
        let file = self.file("one.yaml", &text);
        let ours = best(40, || render(&file));
        println!("one Immich release, {} bytes, whole process", text.len());
        goal("  fixative render", ours, GOAL_ONE);
        if let Some(peer) = self.peer(&file, 5) {
            row(
                "  kustomize build",
                peer,
                &format!("{:.0} times fixative's", ratio(peer, ours)),
            );
        }
    }

    fn large_stream(&self) {
        let text = stream(200, 5 * MEGABYTE, 20);
        let file = self.file("large.yaml", &text);
        println!(
            "{} documents, {} bytes, 20 Immich workloads among them, whole process",
            200,
            text.len()
        );
        let ours = best(15, || render(&file));
        goal("  fixative render", ours, GOAL_STREAM);
        let floor = best(5, || events(&text));
        row(
            "  bare event pass (floor)",
            floor,
            &format!("fixative takes {:.2} of it", ratio(ours, floor)),
        );
        if let Some(peer) = self.peer(&file, 3) {
            let times = ratio(peer, ours);
            let verdict = if times >= GOAL_PEER { "reached" } else { "MISSED" };
            row(
                "  kustomize build",
                peer,
                &format!("{times:.0} times fixative's, goal {GOAL_PEER}: {verdict}"),
            );
        }
        memory("  peak memory", &file, text.len());
    }

    fn growth(&self) {
        println!("growth: the same kind of stream, whole process");
        let mut before: Option<Duration> = None;
        for size in [5, 10, 20, 40] {
            let text = stream(size * 40, size * MEGABYTE, size * 4);
            let file = self.file("growth.yaml", &text);
            let took = best(5, || render(&file));
            let note = before.map_or(String::new(), |before| {
                format!("{:.2} times the half", ratio(took, before))
            });
            row(&format!("  {size:>3} MB"), took, &note);
            before = Some(took);
        }
    }

    fn nothing_matches(&self) {
        let text = stream(200, 5 * MEGABYTE, 0);
        let file = self.file("nothing.yaml", &text);
        println!("{} bytes that no policy can match, whole process", text.len());
        let ours = best(15, || render(&file));
        let floor = best(15, || copy(&file));
        row("  fixative render", ours, "");
        row(
            "  cat (floor)",
            floor,
            &format!("fixative takes {:.1} of it", ratio(ours, floor)),
        );
    }

    fn everything_matches(&self) {
        let text: String = (0..1000)
            .map(|number| RELEASE.replace("NUMBER", &number.to_string()))
            .collect();
        let file = self.file("everything.yaml", &text);
        println!(
            "{} bytes in 3000 documents, 2000 of them changed, whole process",
            text.len()
        );
        let ours = best(5, || render(&file));
        let floor = best(5, || events(&text));
        row("  fixative render", ours, "");
        row(
            "  bare event pass (floor)",
            floor,
            &format!("fixative takes {:.1} of it", ratio(ours, floor)),
        );
        if let Some(peer) = self.peer(&file, 1) {
            row(
                "  kustomize build",
                peer,
                &format!("{:.0} times fixative's", ratio(peer, ours)),
            );
        }
        memory("  peak memory", &file, text.len());
    }

    /// `kustomize build` with a patch that does what `service-links` does.
    fn peer(&self, file: &Path, runs: u32) -> Option<Duration> {
        let kustomize = self.kustomize.as_ref()?;
        let folder = self.folder.join("kustomize");
        fs::create_dir_all(&folder).ok()?;
        fs::copy(file, folder.join("stream.yaml")).ok()?;
        fs::write(folder.join("kustomization.yaml"), KUSTOMIZATION).ok()?;
        Some(best(runs, || {
            run(Command::new(kustomize).arg("build").arg(&folder));
        }))
    }
}

const KUSTOMIZATION: &str = "\
resources: [stream.yaml]
patches:
- target: {kind: Deployment}
  patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: any}
    spec: {template: {spec: {enableServiceLinks: false}}}
";

/// A stream of so many documents and about so many bytes; `matching` of them are Immich workloads.
fn stream(documents: usize, bytes: usize, matching: usize) -> String {
    let releases = matching / 2;
    let plain = documents - releases * 3;
    let mut text = String::with_capacity(bytes + bytes / 8);
    let filler = (bytes - releases * RELEASE.len()) / plain;
    for number in 0..plain {
        if number % (plain / releases.max(1)).max(1) == 0
            && number * releases / plain < releases
            && releases > 0
        {
            text.push_str(&RELEASE.replace("NUMBER", &number.to_string()));
        }
        write!(text, "---\n# Source: platform/templates/config-{number}.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config-{number}\n  labels:\n    app.kubernetes.io/instance: platform\ndata:\n").unwrap();
        let start = text.len();
        let mut line = 0;
        while text.len() - start < filler {
            writeln!(
                text,
                "  setting-{line}.properties: \"server.port={line} and some more text that a chart carries\""
            )
            .unwrap();
            line += 1;
        }
    }
    text
}

fn render(file: &Path) {
    run(Command::new(env!("CARGO_BIN_EXE_fixative"))
        .args(["render", "-q"])
        .args(PARAMS)
        .arg(file));
}

fn copy(file: &Path) {
    run(Command::new("cat").arg(file));
}

fn run(command: &mut Command) {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .status();
    let status = status.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?} ended with {status}");
}

/// What any program has to do that reads the whole text with this parser.
fn events(text: &str) {
    let parser = granit_parser::Parser::new_from_str(text);
    let read = parser.filter(|event| event.is_ok()).count();
    assert!(read > 0);
}

fn best(runs: u32, mut work: impl FnMut()) -> Duration {
    let times = (0..runs.max(1)).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

fn row(name: &str, took: Duration, note: &str) {
    println!("{name:<28} {:>10.2} ms  {note}", took.as_secs_f64() * 1000.0);
}

fn goal(name: &str, took: Duration, goal: Duration) {
    let verdict = if took <= goal { "reached" } else { "MISSED" };
    row(name, took, &format!("goal {} ms: {verdict}", goal.as_millis()));
}

/// Peak resident memory through GNU time, where the machine has it.
fn memory(name: &str, file: &Path, size: usize) {
    let mut command = Command::new("/usr/bin/time");
    command
        .args(["-f", "%M", env!("CARGO_BIN_EXE_fixative"), "render", "-q"])
        .args(PARAMS)
        .arg(file);
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).output();
    let kilobytes = output.ok().and_then(|output| {
        let text = String::from_utf8(output.stderr).ok()?;
        text.lines().last()?.trim().parse::<f64>().ok()
    });
    match kilobytes {
        Some(kilobytes) => {
            let times = kilobytes * 1024.0 / size as f64;
            let verdict = if times <= GOAL_MEMORY { "reached" } else { "MISSED" };
            println!(
                "{name:<28} {:>10.1} MB  {times:.1} times the stream, goal {GOAL_MEMORY}: {verdict}",
                kilobytes / 1024.0
            );
        }
        None => println!("{name:<28} not measured: GNU time is not there"),
    }
}
