//! Real Helm 3 and Helm 4 against the real API server.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::api::Api;
use crate::plane::plane;
use crate::process::tool;

/// A Helm with homes of its own, for one namespace.
pub struct Helm {
    program: &'static str,
    namespace: String,
    folder: PathBuf,
}

impl Helm {
    /// `helm3` or `helm4`.
    pub fn new(program: &'static str, api: &Api) -> Self {
        let folder = plane().folder(&format!("{program}-in-{}", api.namespace));
        Self {
            program,
            namespace: api.namespace.clone(),
            folder,
        }
    }

    /// A place for files of this Helm.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Runs it: its answer.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} {arguments:?}: {said}", self.program);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs it to no good end: what it said.
    #[track_caller]
    pub fn fails(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(!output.status.success(), "{} {arguments:?}", self.program);
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Writes values into a file, which `--values` can name.
    pub fn values(&self, values: &Value) -> String {
        let path = self.path("values.yaml");
        std::fs::write(&path, values.to_string()).unwrap();
        path.display().to_string()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(tool(self.program));
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path("home"))
            .env("HELM_CACHE_HOME", self.path("cache"))
            .env("HELM_CONFIG_HOME", self.path("config"))
            .env("HELM_DATA_HOME", self.path("data"))
            .args(arguments)
            .args(["--namespace", &self.namespace, "--kubeconfig"])
            .arg(plane().kubeconfig());
        command
    }
}
