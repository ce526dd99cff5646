//! A HelmRelease rendered by the user's own helm, as Flux would render it.
//! Source: github.com/fluxcd/helm-controller/api, `v2.HelmReleaseSpec` (`GetReleaseName`,
//! `GetReleaseNamespace`, `Values`, `ValuesFrom`).

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::values::{self, ValuesError};
use crate::flux::HelmRelease;
use crate::json::Value;
use crate::manifest;
use crate::source::Source;

/// Which helm is run.
const HELM: &str = "FIXATIVE_HELM";
/// Longest name of a release; Flux cuts a longer one and puts a hash behind it.
const LONGEST_NAME: usize = 53;

/// A HelmRelease and what it is rendered from.
#[derive(Debug)]
pub(super) struct Rendering<'r> {
    pub release: &'r HelmRelease,
    /// The chart, or a folder that holds it.
    pub chart: &'r Path,
    pub kube_version: Option<&'r str>,
    /// Where the ConfigMaps and Secrets of `valuesFrom` are.
    pub facts: &'r [Arc<Value>],
}

/// Why a HelmRelease cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenderError {
    /// Its values cannot be told.
    #[error(transparent)]
    Values(#[from] ValuesError),
    /// The chart is not where it was said to be.
    #[error(
        "{release}: {folder} holds no chart {chart}; fetch it there with `helm pull`, or name it with --chart"
    )]
    NoChart {
        release: String,
        folder: String,
        chart: String,
    },
    /// Two charts would do.
    #[error(
        "{release}: {folder} holds several archives of {chart}; write the exact version into spec.chart.spec.version"
    )]
    ManyCharts {
        release: String,
        folder: String,
        chart: String,
    },
    /// Nobody says which chart of the folder.
    #[error("{release}: it names no chart; give --chart the chart itself")]
    UnnamedChart { release: String },
    /// Flux would put other files of the chart in the place of its values.yaml.
    #[error(
        "{release}: spec.chart.spec.valuesFiles is not followed here; render the chart with these files and give the manifests instead of --chart"
    )]
    ValuesFiles { release: String },
    /// Flux would make a name with a hash of it.
    #[error("{release}: the release name {name} has more than 53 characters; write spec.releaseName")]
    LongName { release: String, name: String },
    /// helm cannot be run.
    #[error("cannot run {helm}: {error}; install helm or name it in $FIXATIVE_HELM")]
    NoHelm { helm: String, error: std::io::Error },
    /// helm says no.
    #[error("{release}: helm cannot render it: {message}")]
    Helm { release: String, message: String },
    /// A file for helm cannot be written.
    #[error("cannot write the values for helm: {0}")]
    Unwritable(#[source] std::io::Error),
}

/// The namespace into which Flux installs.
pub(super) fn namespace(release: &HelmRelease) -> Option<&str> {
    let target = release.spec("targetNamespace").and_then(Value::as_str);
    target.or(release.id.namespace.as_deref())
}

impl Rendering<'_> {
    /// What `helm template` writes, hooks included.
    pub(super) fn render(&self) -> Result<Source, RenderError> {
        self.check_values_files()?;
        let values = values::of(self.release, self.facts)?;
        let folder = Scratch::new().map_err(RenderError::Unwritable)?;
        let mut arguments: Vec<OsString> = vec!["template".into(), self.name()?.into(), self.chart()?.into()];
        if let Some(namespace) = namespace(self.release) {
            arguments.extend(["--namespace".into(), namespace.into()]);
        }
        if let Some(version) = self.kube_version {
            arguments.extend(["--kube-version".into(), version.into()]);
        }
        let skips_crds = self
            .release
            .spec("install")
            .and_then(|install| install.get("crds"))
            .is_some_and(|policy| policy == "Skip");
        if !skips_crds {
            arguments.push("--include-crds".into());
        }
        for (index, layer) in values.files.iter().enumerate() {
            let path = folder.write(index, layer).map_err(RenderError::Unwritable)?;
            arguments.extend(["--values".into(), path.into()]);
        }
        for (flag, assignment) in values.assignments {
            arguments.extend([flag.into(), assignment.into()]);
        }
        self.run(&arguments)
    }

    fn check_values_files(&self) -> Result<(), RenderError> {
        let chart = self.release.spec("chart").and_then(|chart| chart.get("spec"));
        let files = chart
            .and_then(|spec| spec.get("valuesFiles"))
            .and_then(Value::as_array);
        if files.is_none_or(|files| files.is_empty()) {
            return Ok(());
        }
        let release = self.release.id.to_string();
        Err(RenderError::ValuesFiles { release })
    }

    fn run(&self, arguments: &[OsString]) -> Result<Source, RenderError> {
        let helm = std::env::var_os(HELM).filter(|name| !name.is_empty());
        let helm = helm.unwrap_or_else(|| "helm".into());
        let mut command = Command::new(&helm);
        command.args(arguments).stdin(Stdio::null());
        let output = command.output().map_err(|error| RenderError::NoHelm {
            helm: helm.to_string_lossy().into_owned(),
            error,
        })?;
        let release = self.release.id.to_string();
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(RenderError::Helm { release, message });
        }
        let message = "its output is not UTF-8".to_owned();
        let text = String::from_utf8(output.stdout).map_err(|_| RenderError::Helm {
            release: release.clone(),
            message,
        })?;
        Ok(Source::new(release, text))
    }

    fn name(&self) -> Result<String, RenderError> {
        if let Some(name) = self.release.spec("releaseName").and_then(Value::as_str) {
            return Ok(name.to_owned());
        }
        let own = self.release.id.name.as_str();
        let name = match self.release.spec("targetNamespace").and_then(Value::as_str) {
            Some(namespace) => format!("{namespace}-{own}"),
            None => own.to_owned(),
        };
        if name.len() > LONGEST_NAME {
            let release = self.release.id.to_string();
            return Err(RenderError::LongName { release, name });
        }
        Ok(name)
    }

    /// The chart itself, or the one of a folder of charts that the release names.
    fn chart(&self) -> Result<PathBuf, RenderError> {
        if !self.chart.is_dir() || self.chart.join("Chart.yaml").exists() {
            return Ok(self.chart.to_owned());
        }
        let release = self.release.id.to_string();
        let spec = self.release.spec("chart").and_then(|chart| chart.get("spec"));
        let text = |key: &str| spec.and_then(|spec| spec.get(key)).and_then(Value::as_str);
        let referred = self
            .release
            .spec("chartRef")
            .and_then(|chart| chart.get("name"))
            .and_then(Value::as_str);
        let Some(path) = text("chart").or(referred) else {
            return Err(RenderError::UnnamedChart { release });
        };
        // A chart of a GitRepository is named by its path.
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
        let missing = |chart: String| RenderError::NoChart {
            release: release.clone(),
            folder: self.chart.display().to_string(),
            chart,
        };
        // Of a path nobody asks the version; Flux does not either.
        let exact = text("version").filter(|version| is_exact(version) && !path.contains('/'));
        let exact = exact.map(|version| version.trim_start_matches('v'));
        let folder = self.chart.join(name);
        if folder.join("Chart.yaml").exists() {
            let is_asked_for = exact.is_none_or(|version| version_of(&folder).as_deref() == Some(version));
            let asked = || format!("{name} {}", exact.unwrap_or_default());
            return if is_asked_for {
                Ok(folder)
            } else {
                Err(missing(asked()))
            };
        }
        if let Some(version) = exact {
            let archives = [format!("{name}-{version}.tgz"), format!("{name}-v{version}.tgz")];
            let found = archives
                .iter()
                .map(|archive| self.chart.join(archive))
                .find(|path| path.exists());
            return found.ok_or_else(|| missing(format!("{name} {version}")));
        }
        let mut archives = archives_of(self.chart, name).into_iter();
        match (archives.next(), archives.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(missing(name.to_owned())),
            (Some(_), Some(_)) => Err(RenderError::ManyCharts {
                release: release.clone(),
                folder: self.chart.display().to_string(),
                chart: name.to_owned(),
            }),
        }
    }
}

/// What `Chart.yaml` of a folder says of its version.
fn version_of(chart: &Path) -> Option<String> {
    let text = fs::read_to_string(chart.join("Chart.yaml")).ok()?;
    let source = Source::new("Chart.yaml", text);
    let document = manifest::split(&source).into_iter().next()?;
    let tree = manifest::read(&source, &document).ok()?;
    let version = tree.value.get("version")?.as_str()?;
    Some(version.trim_start_matches('v').to_owned())
}

/// Whether a version is one, and not a range of them.
fn is_exact(version: &str) -> bool {
    let core = version.trim_start_matches('v').split(['-', '+']).next();
    let numbers: Vec<&str> = core.unwrap_or_default().split('.').collect();
    numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u64>().is_ok())
}

/// `NAME-<version>.tgz` in a folder: `immich-kiosk-1.0.0.tgz` is none of `immich`.
fn archives_of(folder: &Path, name: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let is_one = |path: &PathBuf| {
        let file = path
            .file_name()
            .and_then(|file| file.to_str())
            .unwrap_or_default();
        file.strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('-'))
            .and_then(|rest| rest.strip_suffix(".tgz"))
            .is_some_and(is_exact)
    };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_one)
        .collect()
}

/// A folder for the values, gone with this; values may hold secrets, so it is its owner's alone.
#[derive(Debug)]
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> std::io::Result<Self> {
        tempfile::Builder::new().prefix("fixative-").tempdir().map(Self)
    }

    fn write(&self, index: usize, values: &Value) -> std::io::Result<PathBuf> {
        let path = self.0.path().join(format!("values-{index}.yaml"));
        let mut file = fs::File::create_new(&path)?;
        file.write_all(manifest::yaml(values).as_bytes())?;
        Ok(path)
    }
}
