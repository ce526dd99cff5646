//! `fixative flux`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{DenyArgs, InputArgs};

pub(super) const HELP: &str = "\
Flux can run no post-renderer, but it patches what a chart rendered by itself. This command turns the repairs \
into such patches: spec.postRenderers of a HelmRelease. What kustomize, which Flux uses, cannot do is an error.

With --chart each HelmRelease is rendered by your own helm (or $FIXATIVE_HELM) with the values that it names; \
what valuesFrom asks for must be among --facts.

Examples:
  helm template immich ./immich -f values.yaml | fixative flux
  helm template immich ./immich -f values.yaml | fixative flux --write immich.yaml
  fixative flux --write immich.yaml --chart charts/immich
  fixative flux --check clusters/ --chart charts/ --facts clusters/secrets.yaml      for CI

Exit status:
  0  the patches are written, or what is there is what a fresh render gives
  1  a finding denies, an entry is stale, or a target matches nothing
  2  it could not be answered; no HelmRelease is half written";

/// `fixative flux`.
#[derive(Clone, Debug, Args)]
pub struct FluxArgs {
    /// What is judged, and by what.
    #[command(flatten)]
    pub input: InputArgs,
    /// Write the entry into the HelmReleases of this file or folder; every other byte stays; may be repeated
    #[arg(long, value_name = "PATH", help_heading = "HelmReleases")]
    pub write: Vec<PathBuf>,
    /// Say by the exit status whether the HelmReleases of this file or folder are up to date; may be repeated
    #[arg(
        long,
        value_name = "PATH",
        help_heading = "HelmReleases",
        conflicts_with = "write"
    )]
    pub check: Vec<PathBuf>,
    /// Render each HelmRelease from this chart: its folder, its archive, or a folder that holds several
    #[arg(
        long,
        value_name = "PATH",
        help_heading = "HelmReleases",
        conflicts_with = "files"
    )]
    pub chart: Option<PathBuf>,
    /// Whether the Kustomization that applies the HelmRelease replaces ${…} (spec.postBuild)
    #[arg(long, value_name = "WHETHER", help_heading = "HelmReleases")]
    pub post_build: Option<PostBuild>,
    /// What a finding that denies does.
    #[command(flatten)]
    pub deny: DenyArgs,
}

/// What becomes of `${…}` in the file of a HelmRelease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PostBuild {
    /// Flux replaces it: it is written `$${…}`.
    Used,
    /// Nobody does: it is written as it is.
    Unused,
}
