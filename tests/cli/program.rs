//! Runs the built program in a folder of its own, without the environment of whoever runs the tests.

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use tempfile::TempDir;

/// A folder with files in which the program runs.
pub struct Folder {
    dir: TempDir,
}

/// What a run came to.
pub struct Run {
    /// Exit status.
    pub status: i32,
    /// The answer.
    pub stdout: String,
    /// What was said.
    pub stderr: String,
}

impl Folder {
    /// An empty one.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir }
    }

    /// With a file in it.
    pub fn with(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Where a file of it is.
    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// The program, ready to run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.program(env!("CARGO_BIN_EXE_fixative"), arguments)
    }

    /// Any program, in the folder and with an environment that holds nothing of ours.
    pub fn program(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path("home"))
            .env("XDG_STATE_HOME", self.path("state"));
        command
    }

    /// Runs with `stdin`.
    pub fn run(&self, arguments: &[&str], stdin: impl Into<Vec<u8>>) -> Run {
        Run::of(self.command(arguments).write_stdin(stdin.into()))
    }
}

impl Run {
    /// Runs a prepared command.
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            status: output.status.code().expect("no signal"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Nothing on stdout, status 2, and a sentence with each of `parts` on stderr.
    #[track_caller]
    pub fn cannot_answer(&self, parts: &[&str]) {
        assert_eq!((self.status, self.stdout.as_str()), (2, ""), "{}", self.stderr);
        for part in parts {
            assert!(self.stderr.contains(part), "no {part:?} in\n{}", self.stderr);
        }
    }
}

/// Runs a line of a shell with the program as `$0`.
pub fn shell(folder: &Folder, line: &str) -> Run {
    Run::of(&mut folder.program("/bin/sh", &["-c", line, env!("CARGO_BIN_EXE_fixative")]))
}
