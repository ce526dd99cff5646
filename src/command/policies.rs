//! `fixative policies`: what is loaded.

use super::{Console, Failure, Status};
use crate::cli::PoliciesCommand;

pub(super) fn run(_command: &PoliciesCommand, _console: &mut Console) -> Result<Status, Failure> {
    Ok(Status::Good)
}
