//! The report of a failed render, where Helm 4 would lose it.

use crate::pack::{self, STREAM, denied};
use crate::program::{Folder, Run};

const RENDER: [&str; 4] = ["render", "--policies", "pack", "--helm4"];

/// A job in the background: for others some shells redirect their own stderr.
const LINE: &str = "exec 3<&0; \"$0\" \"$@\" <&3 2>said & wait $!";

/// Renders below a shell, whose stderr stands for Helm's: it gets the report too, and the tests' own does not.
fn render(folder: &Folder, report: Option<&str>, stdin: impl Into<Vec<u8>>) -> Run {
    let program = env!("CARGO_BIN_EXE_fixative");
    let mut command = folder.program("/bin/sh", &["-c", LINE, program]);
    command.args(RENDER).write_stdin(stdin.into());
    report.map(|report| command.env("FIXATIVE_REPORT", report));
    Run::of(&mut command)
}

#[test]
fn a_failed_render_for_helm_4_is_found_again() {
    let folder = pack::folder();
    folder
        .run(&["last"], "")
        .cannot_answer(&["no failed render has left a report in"]);
    assert_eq!(render(&folder, None, denied()).status, 1);
    let last = folder.run(&["last"], "");
    assert_eq!(last.status, 0, "{}", last.stderr);
    assert!(
        last.stdout.starts_with("fixative render failed on 2"),
        "{}",
        last.stdout
    );
    assert!(
        last.stdout
            .contains("error[tagged/tag]: the image of main has no tag"),
        "{}",
        last.stdout
    );
    assert_eq!(render(&folder, None, STREAM).status, 0);
    assert_eq!(
        folder.run(&["last"], "").stdout,
        last.stdout,
        "a good render leaves it"
    );
    assert_eq!(render(&folder, None, "kind: Pod\nphotos: [\n").status, 2);
    assert!(folder.run(&["last"], "").stdout.contains("<stdin>:2:"));
}

#[cfg(unix)]
#[test]
fn the_report_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = pack::folder();
    render(&folder, None, denied());
    let file = folder.path("state/fixative/last-render.txt");
    assert_eq!(
        std::fs::metadata(file).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn the_user_may_say_where_it_goes() {
    let folder = pack::folder();
    let without_helm4 = &RENDER[..3];
    folder.run(without_helm4, denied());
    assert!(!folder.path("state").exists(), "without Helm 4 stderr is seen");
    let mut command = folder.command(without_helm4);
    Run::of(command.env("FIXATIVE_REPORT", "report.txt").write_stdin(denied()));
    let report = std::fs::read_to_string(folder.path("report.txt")).unwrap();
    assert!(report.contains("error[tagged/tag]"), "{report}");
    let last = Run::of(folder.command(&["last"]).env("FIXATIVE_REPORT", "report.txt"));
    assert_eq!(last.stdout, report);
}

#[test]
fn a_report_that_cannot_be_written_changes_nothing() {
    let folder = pack::folder().with("state", "a file where the folder should be");
    let run = render(&folder, None, denied());
    assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{}", run.stderr);
    let run = render(&folder, Some("/dev/full"), denied());
    assert_eq!(run.status, 1);
}

/// Helm 4 runs its plugin with stderr caught; what its own stderr shows is all that a user sees.
#[cfg(target_os = "linux")]
#[test]
fn the_stderr_of_the_caller_gets_the_report_too() {
    let folder = pack::folder();
    let run = render(&folder, None, denied());
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(
        run.stderr
            .contains("error[tagged/tag]: the image of main has no tag"),
        "{}",
        run.stderr
    );
    let good = render(&folder, None, STREAM);
    assert_eq!((good.status, good.stderr.as_str()), (0, ""));
}
