//! `fixative certs`: certificates for development, made on the spot; no key is ever in the repository.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::SystemTime;

use super::{Console, Failure, Status};
use crate::cli::CertsCommand;
use crate::webhook::issue;

pub(super) fn run(command: &CertsCommand, console: &mut Console) -> Result<Status, Failure> {
    let CertsCommand::Dev { folder, dns, force } = command;
    let now = SystemTime::now();
    let ca = issue::authority("fixative development", now)?;
    let leaf = issue::leaf(&ca, dns, now)?;
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))?;
    let files = [
        ("ca.crt", &ca.certificate, 0o644),
        ("ca.key", &ca.key, 0o600),
        ("tls.crt", &leaf.certificate, 0o644),
        ("tls.key", &leaf.key, 0o600),
    ];
    if !force && let Some((name, ..)) = files.iter().find(|(name, ..)| folder.join(name).exists()) {
        let there = folder.join(name);
        let message = format!("{} is there already; --force writes over it", there.display());
        return Err(Failure::Usage(message));
    }
    for (name, text, mode) in files {
        write(&folder.join(name), text, mode)?;
    }
    let days = issue::LEAF_LIFE.as_secs() / 86_400;
    let shown = folder.display().to_string();
    console.remark(|_| {
        format!(
            "fixative: {shown} holds a CA and a certificate for {}, good for {days} days\n",
            dns.join(", ")
        )
    });
    Ok(Status::Good)
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let opened = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| unwritable(path, error))
}

fn unwritable(path: &Path, error: std::io::Error) -> Failure {
    Failure::Unwritable(path.display().to_string(), error)
}
