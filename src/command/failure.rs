//! Why a command could not answer.

use std::io;

use super::flux::RenderError;
use super::input::InputError;
use crate::cluster::ClientError;
use crate::cluster::lists::ListError;
use crate::cluster::probe::ProbeError;
use crate::output::style::Tone;
use crate::output::{Style, clean, diagnostic};
use crate::source::Diagnostic;
use crate::webhook::issue::IssueError;
use crate::webhook::serve::ServeError;

/// Why a command could not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Something cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A text is wrong; each place is drawn.
    #[error("{} cannot be used", problems(.0))]
    Texts(Vec<Diagnostic>),
    /// A policy failed or two of them fight; each was said already.
    #[error("nothing was written: {0}")]
    Undecided(String),
    /// Policies failed; each was said already.
    #[error("{0} of these findings say that a policy failed, so it cannot be told what it would have found")]
    Failed(usize),
    /// The command line asks for something that does not exist.
    #[error("{0}")]
    Usage(String),
    /// The server could not start.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A certificate could not be made.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A HelmRelease cannot be rendered.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// No cluster can be asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A cluster does not answer.
    #[error(transparent)]
    List(#[from] ListError),
    /// A cluster does not let anything be tried.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// Nothing may be seen.
    #[error(
        "nothing that the policies judge may be listed, so nothing can be said of this cluster; `fixative policies rbac --door audit` prints what a ClusterRole must allow"
    )]
    Closed,
    /// A file of ours cannot be written; none is left half written.
    #[error("cannot write {0}: {1}")]
    Unwritable(String, #[source] io::Error),
    /// The tool of $FIXATIVE_DIFF did not do what it is for.
    #[error("cannot compare with {0}, which FIXATIVE_DIFF names: {1}")]
    Tool(String, #[source] io::Error),
    /// The system gives no thread or no socket.
    #[error("the system gives no threads or sockets: {0}")]
    Runtime(#[source] io::Error),
    /// The answer did not get out.
    #[error("cannot write to standard output: {0}; what is there may be cut off, do not use it")]
    Output(#[source] io::Error),
    /// What came out is not what went in; nothing was written.
    #[error(
        "{objects_in} objects went in and {objects_out} would come out, so nothing was written; this is a bug \
         of fixative, please report it with the manifests"
    )]
    Miscounted {
        /// Objects in the input.
        objects_in: usize,
        /// Objects in the answer.
        objects_out: usize,
    },
    /// A panic, and what it said.
    #[error("this is a bug of fixative, please report it with the manifests: {0}")]
    Bug(String),
}

fn problems(texts: &[Diagnostic]) -> String {
    match texts {
        [one] => one.source.name().to_owned(),
        many => format!("{} places", many.len()),
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Texts(vec![diagnostic])
    }
}

impl From<Box<Diagnostic>> for Failure {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Self::from(*diagnostic)
    }
}

impl Failure {
    /// As people read it, with the last newline.
    pub(super) fn draw(&self, style: Style) -> String {
        match self {
            Self::Texts(texts) => diagnostic::errors(texts, style),
            other => format!(
                "{}: {}\n",
                style.paint(Tone::Error, "error"),
                clean(&other.to_string())
            ),
        }
    }
}
