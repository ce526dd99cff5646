//! `fixative certs`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

pub(super) const HELP: &str = "\
Example:
  fixative certs dev certs --dns fixative.fixative.svc --dns localhost
  fixative serve --tls-dir certs";

/// `fixative certs`.
#[derive(Clone, Debug, Args)]
pub struct CertsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: CertsCommand,
}

/// What `fixative certs` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum CertsCommand {
    /// Write a CA and a certificate of it: ca.crt, ca.key, tls.crt, tls.key
    Dev {
        /// Where to; it is made if it is not there.
        folder: PathBuf,
        /// A DNS name of the server; may be repeated
        #[arg(long, value_name = "NAME", default_value = "localhost")]
        dns: Vec<String>,
        /// Write over files that are there
        #[arg(long)]
        force: bool,
    },
}
