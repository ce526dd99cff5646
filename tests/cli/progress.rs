//! A bar for somebody who waits at a terminal for more than a second, and for nobody else.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Stdio};
use std::thread;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::pack::{self, STREAM};
use crate::program::Folder;

/// Runs the program with a terminal as its standard error: its status, and what the terminal was told.
fn at_a_terminal(mut command: Command) -> (Option<i32>, String) {
    let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&near).unwrap();
    unlockpt(&near).unwrap();
    let name = ptsname(&near, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let far = open(OsStr::from_bytes(name.as_bytes()), flags, Mode::empty()).unwrap();
    let listener = thread::spawn(move || {
        let mut said = Vec::new();
        // The far end hangs up with an error instead of an end.
        let _ = File::from(near).read_to_end(&mut said);
        String::from_utf8_lossy(&said).into_owned()
    });
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::from(far))
        .spawn()
        .unwrap();
    // The terminal hangs up when the last one closes it, and the command keeps it open.
    drop(command);
    let status = child.wait().unwrap();
    (status.code(), listener.join().unwrap())
}

/// A folder with so many files, each with a release.
fn releases(count: usize) -> Folder {
    (0..count).fold(pack::folder(), |folder, number| {
        let stream = STREAM.replace("name: photos", &format!("name: photos-{number}"));
        folder.with(&format!("in/{number}.yaml"), stream.repeat(20))
    })
}

fn check(folder: &Folder, more: &[&str]) -> (Option<i32>, String) {
    let arguments = [&["check", "--policies", "pack", "in"], more].concat();
    let mut command = Command::new(env!("CARGO_BIN_EXE_fixative"));
    command
        .args(arguments)
        .current_dir(folder.path("."))
        .env_clear()
        .env("TERM", "xterm");
    at_a_terminal(command)
}

#[test]
fn who_waits_at_a_terminal_sees_how_far_it_is() {
    let folder = releases(700);
    let (status, said) = check(&folder, &[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("judging ") && said.contains('%'), "{said:?}");
    // It is gone when the findings come.
    let last = said.rfind("judging ").unwrap();
    assert!(said.get(last..).unwrap().contains("\r\u{1b}[2K"), "{said:?}");

    let (_, said) = check(&folder, &["-q"]);
    assert!(!said.contains("judging"), "{said:?}");
}

#[test]
fn what_is_done_at_once_has_no_bar() {
    let (status, said) = check(&releases(1), &[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("policies "), "the terminal hears: {said:?}");
    assert!(!said.contains("judging"), "{said:?}");
}
