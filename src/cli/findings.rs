//! How findings are answered: by `check` of files and by `audit` of a cluster.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How findings are answered.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Answer")]
pub struct FindingsArgs {
    /// How findings are written; all but human hold also those that people see only with -v
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: Format,
    /// Write them into this file instead of to stdout; whole or not at all
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// What a finding must do, at least, for status 1
    #[arg(long, value_name = "ACTION", default_value = "deny")]
    pub fail_on: FailOn,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The line, the reason, the fix.
    Human,
    /// One document of JSON.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit's XML, for CI.
    Junit,
    /// Annotations of GitHub Actions.
    Github,
    /// Reports of openreports.io/v1alpha1.
    Openreports,
}

/// What a finding must do for status 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Findings that deny.
    Deny,
    /// Warnings, too.
    Warn,
    /// All findings.
    Audit,
    /// Nothing.
    Never,
}
