//! `make bench`: `check` of a folder of 2,000 manifests beside Kyverno's CLI with one of the policies and beside
//! `kustomize build` of the same, as whole processes.
//! Nothing is asserted; a figure that falls short is printed as it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RELEASE: &str = include_str!("release.yaml");
const MANIFESTS: usize = 2000;
const MEGABYTE: usize = 1 << 20;
const SIZE: usize = 20 * MEGABYTE;
/// 20 MB in 2,000 files by whole process on two cores.
const GOAL: Duration = Duration::from_millis(500);
/// Objects of the world beside the stream.
const WORLD: usize = 100_000;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("target/bench/check");
    let kustomize = root.join("target/tools/bin/kustomize");
    let kyverno = root.join("target/tools/bin/kyverno");
    for every in [10, 1] {
        let files = manifests(&folder, every);
        println!("{MANIFESTS} manifests, 20 MB, a release in one of {every}, whole process");
        let ours = best(5, || check(&folder.join("in"), &[]));
        let verdict = if ours <= GOAL { "reached" } else { "MISSED" };
        row(
            "  fixative check",
            ours,
            &format!("goal {} ms: {verdict}", GOAL.as_millis()),
        );
        for format in ["sarif", "junit"] {
            let took = best(3, || check(&folder.join("in"), &["--format", format]));
            row(&format!("  fixative check, {format}"), took, "");
        }
        let took = best(3, || {
            run(
                Command::new(FIXATIVE)
                    .arg("diff")
                    .arg("-q")
                    .arg(folder.join("in")),
                &[0, 1],
            )
        });
        row("  fixative diff", took, "");
        if kyverno.exists() && every == 10 {
            let policy = root.join("benches/kyverno.yaml");
            let mut apply = Command::new(&kyverno);
            apply
                .arg("apply")
                .arg(policy)
                .arg("--resource")
                .arg(folder.join("in"));
            let peer = best(1, || run(&mut apply, &[1]));
            let times = peer.as_secs_f64() / ours.as_secs_f64();
            row(
                "  kyverno apply, one policy",
                peer,
                &format!("{times:.0} times fixative's"),
            );
        }
        if kustomize.exists() && every == 10 {
            kustomization(&folder, &files);
            let peer = best(1, || {
                run(Command::new(&kustomize).arg("build").arg(folder.join("in")), &[0])
            });
            let times = peer.as_secs_f64() / ours.as_secs_f64();
            row("  kustomize build", peer, &format!("{times:.0} times fixative's"));
            fs::remove_file(folder.join("in/kustomization.yaml")).expect("our own file");
        }
    }
    world(&folder);
}

const FIXATIVE: &str = env!("CARGO_BIN_EXE_fixative");

/// One release among so many facts.
fn world(folder: &Path) {
    let mut facts = String::new();
    for number in 0..WORLD {
        writeln!(
            facts,
            "---\n{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: claim-{number}, namespace: photos}}}}"
        )
        .unwrap();
    }
    let path = folder.join("facts.yaml");
    fs::write(&path, facts).expect("target/bench can be written");
    let release = folder.join("release.yaml");
    fs::write(&release, RELEASE.replace("NUMBER", "1")).expect("target/bench can be written");
    println!("one release in a world of {WORLD} objects, whole process");
    let facts = path.to_string_lossy().into_owned();
    let took = best(3, || check(&release, &["--facts", &facts]));
    row("  fixative check", took, "");
}

/// Writes the manifests anew; a release is in one of `every`.
fn manifests(folder: &Path, every: usize) -> Vec<String> {
    let folder = folder.join("in");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("target/bench can be made");
    let names = (0..MANIFESTS).map(|number| {
        let mut text = String::new();
        if number % every == 0 {
            text += &RELEASE.replace("NUMBER", &number.to_string());
        }
        write!(
            text,
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config-{number}\ndata:\n"
        )
        .unwrap();
        let mut line = 0;
        while text.len() < SIZE / MANIFESTS {
            writeln!(
                text,
                "  setting-{line}.properties: \"server.port={line} and what a chart carries\""
            )
            .unwrap();
            line += 1;
        }
        let name = format!("manifest-{number}.yaml");
        fs::write(folder.join(&name), text).expect("target/bench can be written");
        name
    });
    names.collect()
}

fn kustomization(folder: &Path, files: &[String]) {
    let text = format!("resources: [{}]\n", files.join(", "));
    fs::write(folder.join("in/kustomization.yaml"), text).expect("target/bench can be written");
}

fn check(path: &Path, more: &[&str]) {
    let mut command = Command::new(FIXATIVE);
    run(
        command
            .args(["check", "-q", "--fail-on", "never"])
            .args(more)
            .arg(PathBuf::from(path)),
        &[0],
    );
}

fn run(command: &mut Command, good: &[i32]) {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .status();
    let status = status.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        status.code().is_some_and(|code| good.contains(&code)),
        "{command:?} ended with {status}"
    );
}

fn best(runs: u32, mut work: impl FnMut()) -> Duration {
    let times = (0..runs.max(1)).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

fn row(name: &str, took: Duration, note: &str) {
    println!("{name:<28} {:>10.2} ms  {note}", took.as_secs_f64() * 1000.0);
}
