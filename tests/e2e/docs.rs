//! What the documentation shows is what happens: each `console` block is typed into a shell, and what it shows
//! below a command is what the command says. Blocks that are no `console` cannot run here: they need a cluster.

use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use crate::program::{FIXATIVE, Folder, repository, run, tool};

/// Pages that are read from start to end: their blocks share one folder, in which each YAML that begins with
/// `# NAME` is the file of that name.
const COURSES: [&str; 2] = ["own-policies.md", "tutorial.md"];

/// The texts that users read.
fn texts() -> Vec<PathBuf> {
    let docs = fs::read_dir(repository("docs")).unwrap();
    let mut paths: Vec<PathBuf> = docs.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.push(repository("README.md"));
    paths.sort();
    paths
}

/// The lines of each fenced block in a language, and the number of the line before it.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<(usize, Vec<&'t str>)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(found) = line.strip_prefix("```") else {
            continue;
        };
        let inside = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| *line != "```");
        let inside: Vec<&str> = inside.collect();
        if found == language {
            blocks.push((number + 1, inside));
        }
    }
    blocks
}

/// What stands behind each `$ ` of a block, and what is shown below it.
fn commands<'t>(block: &[&'t str]) -> Vec<(&'t str, Vec<&'t str>)> {
    let mut commands: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in block {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command, Vec::new())),
            (None, Some((_, shown))) => shown.push(line),
            (None, None) => {}
        }
    }
    commands
}

/// A folder with what the documentation speaks of, and the programs that it calls.
fn folder() -> Folder {
    let folder = Folder::new().with("bin/none", "");
    for name in ["pod.yaml", "moved.yaml", "mine", "paperless"] {
        symlink(repository("tests/fixtures/docs").join(name), folder.path(name)).unwrap();
    }
    for name in ["examples", "policies"] {
        symlink(repository(name), folder.path(name)).unwrap();
    }
    fs::create_dir(folder.path("charts")).unwrap();
    for (name, chart) in [("fixative", "charts/fixative"), ("immich", "tests/charts/immich")] {
        symlink(repository(chart), folder.path("charts").join(name)).unwrap();
    }
    symlink(tool("helm3"), folder.path("bin/helm")).unwrap();
    symlink(tool("kustomize"), folder.path("bin/kustomize")).unwrap();
    symlink(FIXATIVE, folder.path("bin/fixative")).unwrap();
    folder
}

/// The marker before what a command said; no text of ours holds one.
const MARKER: &str = "\u{1}";

/// What each command of a session in a folder of its own said, and its status.
fn session(commands: &[&str]) -> Vec<(String, String)> {
    session_in(&folder(), commands)
}

fn session_in(folder: &Folder, commands: &[&str]) -> Vec<(String, String)> {
    let mut script = String::from("exec 2>&1\n");
    for command in commands {
        let command = command.replace("cargo run --release -- ", "fixative ");
        // The next command may ask for this one's status.
        writeln!(
            script,
            "{command}\nstatus=$?\nprintf '{MARKER}%s{MARKER}' $status\n(exit $status)"
        )
        .unwrap();
    }
    let mut shell = folder.command("/bin/sh");
    let path = format!("{}:/usr/bin:/bin", folder.path("bin").display());
    let run = run(shell.env("PATH", path).args(["-c", &script]), b"");
    let said = String::from_utf8(run.stdout).unwrap();
    let mut parts = said.split(MARKER);
    let mut next = || parts.next().unwrap_or_default().to_owned();
    commands.iter().map(|_| (next(), next())).collect()
}

/// Digests change with every policy: any twelve digits stand for any others.
fn without_digests(line: &str) -> String {
    match line.split_once(", policies ") {
        Some((before, digest)) if digest.len() == 12 => format!("{before}, policies DIGEST"),
        _ => line.to_owned(),
    }
}

#[test]
fn what_the_documentation_shows_happens() {
    let mut wrong = String::new();
    let mut typed = 0;
    for path in texts() {
        let text = fs::read_to_string(&path).unwrap();
        let is_course = COURSES.iter().any(|name| path.ends_with(name));
        let (mut place, mut read) = (folder(), 0);
        for (number, block) in blocks(&text, "console") {
            if is_course {
                write_files(&place, &text, read..number);
                read = number;
            } else {
                place = folder();
            }
            let mut commands = commands(&block);
            commands.retain(|(command, _)| !is_made(command));
            let lines: Vec<&str> = commands.iter().map(|(command, _)| *command).collect();
            for ((command, shown), (said, status)) in commands.iter().zip(session_in(&place, &lines)) {
                typed += 1;
                let shown: Vec<String> = shown.iter().map(|line| without_digests(line)).collect();
                let said: Vec<String> = said.lines().map(without_digests).collect();
                // Where nothing is shown the command must only work.
                let good = if shown.is_empty() {
                    status == "0"
                } else {
                    shown == said
                };
                if !good {
                    let said = said.join("\n");
                    writeln!(
                        wrong,
                        "{}:{number}: $ {command}\n{said}\nstatus {status}\n",
                        path.display()
                    )
                    .unwrap();
                }
            }
        }
    }
    assert!(wrong.is_empty(), "what happens is:\n{wrong}");
    assert!(typed >= 7, "only {typed} commands found");
}

/// Writes the files that a page shows on these lines.
fn write_files(folder: &Folder, text: &str, lines: Range<usize>) {
    for (number, block) in blocks(text, "yaml") {
        let name = block.first().and_then(|line| line.strip_prefix("# "));
        let is_file = |name: &&str| name.ends_with(".yaml") && !name.contains(' ');
        if let Some(name) = name.filter(is_file).filter(|_| lines.contains(&number)) {
            let path = folder.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, block.join("\n") + "\n").unwrap();
        }
    }
}

/// `make TARGET`, which a test that it runs cannot run; the Makefile has the target.
fn is_made(command: &str) -> bool {
    let Some(target) = command.strip_prefix("make ") else {
        return false;
    };
    let makefile = fs::read_to_string(repository("Makefile")).unwrap();
    assert!(makefile.contains(&format!("\n{target}:")), "no target {target}");
    true
}

#[test]
fn the_differences_of_the_readme_are_real() {
    let folder = folder();
    let diff = "fixative render -q examples/immich.yaml --config examples/fixative.yaml | diff -u examples/immich.yaml -";
    let mut shell = folder.command("/bin/sh");
    let path = format!("{}:/usr/bin:/bin", folder.path("bin").display());
    let run = run(shell.env("PATH", path).args(["-c", diff]), b"");
    let real = String::from_utf8(run.stdout).unwrap();
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let blocks = blocks(&readme, "diff");
    assert!(!blocks.is_empty());
    for (number, block) in blocks {
        for hunk in block.split(|line| *line == "@@") {
            let hunk = hunk.join("\n");
            assert!(
                real.contains(&hunk),
                "README.md:{number}: not in the diff:\n{hunk}\n\n{real}"
            );
        }
    }
}

#[test]
fn the_first_command_of_the_readme_shows_the_four_repairs() {
    let text = fs::read_to_string(repository("README.md")).unwrap();
    let (_, first) = blocks(&text, "console").into_iter().next().unwrap();
    let (command, _) = commands(&first).into_iter().next().unwrap();
    let (said, status) = session(&[command]).into_iter().next().unwrap();
    assert_eq!(status, "0", "{said}");
    for policy in ["media-location", "service-links", "gpu-runtime", "nvme-affinity"] {
        assert!(said.contains(&format!("({policy}/")), "no {policy} in\n{said}");
    }
}

#[test]
fn the_files_of_the_readme_load() {
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let (mut configured, mut own) = (Folder::new(), Folder::new());
    for (_, block) in blocks(&readme, "yaml") {
        for file in block.split(|line| *line == "---") {
            // A comment on top names the file of a pack; without one it is the configuration.
            match file[0].strip_prefix("# ") {
                Some(name) => own = own.with(name, file.join("\n")),
                None => configured = configured.with("fixative.yaml", file.join("\n")),
            }
        }
    }
    let list = configured.fixative(&["policies", "list"], b"");
    assert!(list.good().contains("media-location"), "{list:?}");
    assert!(list.stderr.contains("configuration ./fixative.yaml"), "{list:?}");
    let mine = own.fixative(&["policies", "list", "--policies", "mine"], b"");
    assert!(mine.good().contains("links"), "{mine:?}");
}
