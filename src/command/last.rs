//! `fixative last`: the report of the last failed render.

use super::{Failure, Status, answer, input, report};

pub(super) fn run() -> Result<Status, Failure> {
    let Some(path) = report::path() else {
        let what = "no report can be kept: set FIXATIVE_REPORT to a file, or HOME";
        return Err(Failure::Usage(what.to_owned()));
    };
    if !path.exists() {
        let what = format!("no failed render has left a report in {}", path.display());
        return Err(Failure::Usage(what));
    }
    let report = input::read(&path)?;
    answer::write(report.text())?;
    Ok(Status::Good)
}
