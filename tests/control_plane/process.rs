//! Programs that end with the tests, however the tests end.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

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

/// A shell that waits for the end of these tests and then does one thing. The kernel closes the pipe that it reads
/// when this process ends, also by SIGKILL, and also where nothing is dropped because it stands in a static.
pub struct Guard {
    shell: Child,
    _pipe: ChildStdin,
}

impl Guard {
    /// Does `what` (a line of shell in which `$1` is `about`) at the end.
    pub fn new(what: &str, about: &str) -> Self {
        let script = format!("trap '' HUP INT TERM; read -r _; {what}");
        let mut shell = Command::new("/bin/sh")
            .args(["-c", &script, "guard", about])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let pipe = shell.stdin.take().unwrap();
        Self { shell, _pipe: pipe }
    }

    /// There is nothing to be done any more.
    fn dismiss(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

/// A running program.
pub struct Process {
    child: Child,
    guard: Guard,
    log: PathBuf,
}

impl Process {
    /// Starts it; what it says goes to the file `log`.
    pub fn start(command: &mut Command, log: PathBuf) -> Self {
        let file = File::options().create(true).append(true).open(&log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", command.get_program().to_string_lossy()));
        let guard = Guard::new("kill -KILL \"$1\"", &child.id().to_string());
        Self { child, guard, log }
    }

    /// What it said.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its status once it has ended.
    pub fn ended(&mut self) -> Option<i32> {
        let status = self.child.try_wait().unwrap()?;
        // By a signal: no status, and no good end.
        Some(status.code().unwrap_or(-1))
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("/bin/sh")
            .args(["-c", "kill -s \"$1\" \"$2\"", "kill", name, &id])
            .status();
        assert!(sent.unwrap().success(), "SIG{name} to {id}");
    }

    /// Asks it to end and waits for that: its exit status.
    #[track_caller]
    pub fn terminate(mut self) -> i32 {
        self.signal("TERM");
        wait(Duration::from_secs(40), "the end after SIGTERM", || self.ended())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Killed but not yet reaped it keeps its id, so the guard can hit nobody else before it is dismissed.
        let _ = self.child.kill();
        self.guard.dismiss();
        let _ = self.child.wait();
    }
}

/// Asks again and again until there is an answer.
#[track_caller]
pub fn wait<T>(limit: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} for {what}");
        std::thread::sleep(Duration::from_millis(30));
    }
}
