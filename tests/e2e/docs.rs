//! What the README tells a reader to type works, and shows the four repairs it promises.

use std::fs;

use crate::program::{FIXATIVE, Folder, repository, run};

#[test]
fn the_commands_of_the_readme_work() {
    let text = fs::read_to_string(repository("README.md")).unwrap();
    let commands: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("$ cargo run --release -- "))
        .collect();
    assert_eq!(commands.len(), 1);
    for arguments in commands {
        let folder = Folder::new();
        let mut command = folder.command(FIXATIVE);
        command.current_dir(repository("")).args(arguments.split(' '));
        let run = run(&mut command, b"");
        run.good();
        for policy in ["media-location", "service-links", "gpu-runtime", "nvme-affinity"] {
            assert!(run.stderr.contains(policy), "no {policy} in\n{}", run.stderr);
        }
    }
}
