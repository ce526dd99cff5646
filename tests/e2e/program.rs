//! Where the programs are, and how one is run in a folder of its own.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The program under test.
pub const FIXATIVE: &str = env!("CARGO_BIN_EXE_fixative");

/// A file of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A program that `make tools` builds.
#[track_caller]
pub fn tool(name: &str) -> PathBuf {
    let path = repository("target/tools/bin").join(name);
    assert!(
        path.is_file(),
        "{} is not built: run `make tools`",
        path.display()
    );
    path
}

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    /// Exit status.
    pub status: Option<i32>,
    /// The answer.
    pub stdout: Vec<u8>,
    /// What was said.
    pub stderr: String,
}

impl Run {
    /// The answer of a run that was good.
    #[track_caller]
    pub fn good(&self) -> String {
        assert_eq!(self.status, Some(0), "{}", self.stderr);
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    /// The run failed with `status`, answered nothing and said each of `parts`.
    #[track_caller]
    pub fn failed(&self, status: i32, parts: &[&str]) {
        assert_eq!(self.status, Some(status), "{}", self.stderr);
        assert!(
            self.stdout.is_empty(),
            "{}",
            String::from_utf8_lossy(&self.stdout)
        );
        for part in parts {
            assert!(self.stderr.contains(part), "no {part:?} in\n{}", self.stderr);
        }
    }
}

/// A folder with homes of its own for everything that a program may look up.
pub struct Folder {
    dir: TempDir,
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

    /// With the repository's example configuration as `fixative.yaml`.
    pub fn with_example(self) -> Self {
        let text = fs::read(repository("examples/fixative.yaml")).unwrap();
        self.with("fixative.yaml", text)
    }

    /// Where a file of it is.
    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// A program that runs here, in an environment that holds nothing of whoever runs the tests.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path("home"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("HELM_CACHE_HOME", self.path("helm/cache"))
            .env("HELM_CONFIG_HOME", self.path("helm/config"))
            .env("HELM_DATA_HOME", self.path("helm/data"));
        command
    }

    /// Fixative with `arguments` on `stdin`.
    pub fn fixative(&self, arguments: &[&str], stdin: &[u8]) -> Run {
        run(self.command(FIXATIVE).args(arguments), stdin)
    }
}

/// Runs a command to its end; what it does not read of `stdin` is dropped.
pub fn run(command: &mut Command, stdin: &[u8]) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut errors = child.stderr.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program that ends early closes the pipe; its status says the rest.
            let _ = input.write_all(stdin);
        });
        let stderr = scope.spawn(move || {
            let mut text = Vec::new();
            errors.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        });
        let output = child.wait_with_output().unwrap();
        Run {
            status: output.status.code(),
            stdout: output.stdout,
            stderr: stderr.join().unwrap(),
        }
    })
}
