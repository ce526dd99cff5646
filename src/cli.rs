//! The command line: clap types only.

mod audit;
mod certs;
mod check;
mod diff;
mod explain;
mod findings;
mod flux;
mod probe;
mod serve;

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use audit::{AuditArgs, ClusterArgs};
pub use certs::{CertsArgs, CertsCommand};
pub use check::CheckArgs;
pub use explain::ExplainArgs;
pub use findings::{FailOn, FindingsArgs, Format};
pub use flux::{FluxArgs, PostBuild};
pub use probe::ProbeArgs;
pub use serve::ServeArgs;

const AFTER_HELP: &str = "\
Examples:
  helm install immich ./immich --post-renderer fixative     Helm 3 (Helm 4: see the README)
  fixative render manifests/ > patched.yaml                      the same without Helm
  helm template immich ./immich | fixative                  a pipe is rendered
  fixative check manifests/                                      what is wrong, for people and CI
  fixative diff release.yaml                                     what render would change
  fixative explain release.yaml --policy media-location          why it did or did not
  fixative audit                                                 what is wrong in the cluster
  fixative policies list                                         what is loaded
  fixative policies show media-location                          why it exists, what it takes

Exit status:
  0  good
  1  the answer is no: a finding denies, a test fails
  2  it could not be answered: usage, policy, configuration, input, cluster, output";

const RENDER_HELP: &str = "\
Nothing is written unless everything went well: as many objects go out as came in, and documents that no \
policy changes stay byte for byte as they are. What is changed, and why, stands on stderr, one line each.

Examples:
  fixative render release.yaml
  helm template immich ./immich | fixative render --namespace photos
  fixative render --param media-location.path=/data manifests/ > patched.yaml
  kubectl get pv,pvc,storageclass -A -o yaml > facts.yaml
  fixative render --facts facts.yaml release.yaml
  helm install immich ./immich --post-renderer fixative --post-renderer-args render \\
    --post-renderer-args --on-deny=warn

Exit status:
  0  the whole stream is on stdout
  1  a finding denies and stdout is empty; --on-deny warn lets it pass
  2  it could not be answered and stdout is empty or cut off";

const TEST_HELP: &str = "\
A test file stands beside its policy and ends in .test.yaml:

  apiVersion: fixative.dev/v1alpha1
  kind: Test
  cases:
    - name: a pod without the field gets it
      object: {apiVersion: v1, kind: Pod, metadata: {name: immich}, spec: {containers: [{name: a, image: immich-server}]}}
      expect:
        becomes: {spec: {enableServiceLinks: false}}
        findings: []

Examples:
  fixative test                             every test of the packs in the binary
  fixative test policies/mine               every test of a pack in a folder
  fixative test policies/mine/tz.test.yaml  one file

Exit status: 0 all pass, 1 one fails, 2 a policy or a test cannot be read";

const POLICIES_HELP: &str = "\
Examples:
  fixative policies list
  fixative policies list --config fixative.yaml
  fixative policies show nvme-affinity
  fixative policies docs > policies.md
  fixative policies schema config > fixative-config.schema.json
  fixative policies rbac --door audit
  fixative policies webhook-rules";

const DOCS_HELP: &str = "\
Examples:
  fixative policies docs > policies.md
  fixative policies docs policies/mine > mine.md";

const RBAC_HELP: &str = "\
Examples:
  fixative policies rbac
  fixative policies rbac --door audit
  fixative policies rbac --param nvme-affinity.label=example.com/nvme";

const WEBHOOK_RULES_HELP: &str = "\
Examples:
  fixative policies webhook-rules
  fixative policies webhook-rules --policies mine";

/// Repairs what a Helm chart rendered and holds the cluster to the same repair.
///
/// With a pipe on stdin and no arguments `fixative` is `fixative render`, which is how Helm 3 calls a
/// post-renderer.
#[derive(Debug, Parser)]
#[command(name = "fixative", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to say it.
    #[command(flatten)]
    pub speech: SpeechArgs,
}

/// What `fixative` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write the manifests as the policies want them
    #[command(after_help = RENDER_HELP)]
    Render(RenderArgs),
    /// Find what the policies have to say of manifests
    #[command(after_help = check::HELP)]
    Check(CheckArgs),
    /// Show what render would change
    #[command(after_help = diff::HELP)]
    Diff(InputArgs),
    /// Say why a policy did or did not apply
    #[command(after_help = explain::HELP)]
    Explain(ExplainArgs),
    /// Write the repairs as patches of a Flux HelmRelease
    #[command(after_help = flux::HELP)]
    Flux(FluxArgs),
    /// Answer the API server's calls: the admission webhook
    #[command(after_help = serve::HELP)]
    Serve(ServeArgs),
    /// Make certificates for development
    #[command(after_help = certs::HELP)]
    Certs(CertsArgs),
    /// Find what the policies have to say of a live cluster
    #[command(after_help = audit::HELP)]
    Audit(AuditArgs),
    /// Ask whether the API server's calls reach the webhook
    #[command(after_help = probe::HELP)]
    Probe(ProbeArgs),
    /// Run the tests that stand beside policies
    #[command(after_help = TEST_HELP)]
    Test(TestArgs),
    /// List, explain and describe policies
    #[command(after_help = POLICIES_HELP)]
    Policies(PoliciesArgs),
    /// Print the report of the last failed render
    ///
    /// Helm 4 throws away what a post-renderer says. A failed render therefore also writes its report to
    /// $FIXATIVE_REPORT, else to fixative/last-render.txt in the user's state directory.
    Last,
    /// Print the completions of a shell
    #[command(after_help = "Example:\n  fixative completions bash > /etc/bash_completion.d/fixative")]
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print a man page
    #[command(after_help = "Examples:\n  fixative man | man -l -\n  fixative man render > fixative-render.1")]
    Man {
        /// Page of this command instead of fixative's.
        command: Option<String>,
    },
}

/// How the program speaks.
#[derive(Clone, Debug, Args)]
pub struct SpeechArgs {
    /// Say only what denies or fails
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say also what is only counted (action Audit)
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Colour what is said; NO_COLOR switches it off too
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Which policies, with which parameters.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Policies")]
pub struct SetArgs {
    /// Configuration file [default: ./fixative.yaml if it is there]
    #[arg(long, value_name = "FILE", env = "FIXATIVE_CONFIG", hide_env_values = true,
        value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub config: Option<PathBuf>,
    /// A pack's folder or a policy file instead of the pack in the binary; may be repeated
    #[arg(long, value_name = "PATH")]
    pub policies: Vec<PathBuf>,
    /// A parameter of a policy, over the configuration's; may be repeated
    #[arg(long, value_name = "POLICY.NAME=VALUE", value_parser = param)]
    pub param: Vec<(String, String, String)>,
}

/// What is known beside the manifests.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Facts")]
pub struct FactArgs {
    /// Namespace of the release; Helm does not tell it to post-renderers
    #[arg(short, long, value_name = "NAME", env = "FIXATIVE_NAMESPACE", hide_env_values = true, value_parser = namespace)]
    pub namespace: Option<String>,
    /// Kubernetes version of the cluster, like 1.36; checked only: no policy can ask for it yet
    #[arg(long, value_name = "VERSION", value_parser = kube_version)]
    pub kube_version: Option<String>,
    /// Objects of the cluster that policies may ask about, as kubectl writes them; may be repeated
    #[arg(long, value_name = "FILE")]
    pub facts: Vec<PathBuf>,
}

/// What most commands begin with.
#[derive(Clone, Debug, Args)]
pub struct InputArgs {
    /// Files, folders, patterns like 'apps/**/*.yaml', `-` for stdin [default: -]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Which policies.
    #[command(flatten)]
    pub set: SetArgs,
    /// What is known.
    #[command(flatten)]
    pub facts: FactArgs,
}

/// `fixative render`.
#[derive(Clone, Debug, Args)]
pub struct RenderArgs {
    /// What is judged, and by what.
    #[command(flatten)]
    pub input: InputArgs,
    /// What a finding that denies does.
    #[command(flatten)]
    pub deny: DenyArgs,
    /// Keep to Helm 4's contract: an answer is never empty, and a failure is reported beside stderr
    #[arg(long, help_heading = "Answer")]
    pub helm4: bool,
}

/// For commands that write.
#[derive(Clone, Debug, Args)]
pub struct DenyArgs {
    /// What a finding that denies does
    #[arg(
        long,
        value_name = "WHAT",
        env = "FIXATIVE_ON_DENY",
        hide_env_values = true,
        help_heading = "Answer",
        default_value = "deny",
        ignore_case = true
    )]
    pub on_deny: OnDeny,
}

/// What a finding that denies does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnDeny {
    /// Nothing is written, status 1.
    Deny,
    /// It is said, and everything is written.
    Warn,
}

/// `fixative test`.
#[derive(Clone, Debug, Args)]
pub struct TestArgs {
    /// Packs' folders and test files [default: the packs in the binary]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// `fixative policies`.
#[derive(Clone, Debug, Args)]
pub struct PoliciesArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: PoliciesCommand,
}

/// What `fixative policies` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum PoliciesCommand {
    /// What is loaded: name, severity, whether it is active and why not, title
    List(SetArgs),
    /// One policy: why it exists, its parameters and its rules
    Show {
        /// The policy.
        name: String,
        /// Which policies.
        #[command(flatten)]
        set: SetArgs,
    },
    /// A page about the policies of a pack: what they hold, why, what they take, with examples out of their tests
    ///
    /// Markdown. docs/policy-reference.md is the page of the pack in the binary.
    #[command(after_help = DOCS_HELP)]
    Docs {
        /// A pack's folder [default: the pack in the binary]
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,
    },
    /// The JSON schema of a kind of file, for editors and other checkers
    Schema {
        /// The kind of file.
        kind: SchemaKind,
    },
    /// What a ClusterRole must allow: YAML for its `rules`
    ///
    /// The facts that the active policies ask for, and for an audit also the objects that they judge. Secrets
    /// are never among them. A rule that computes the kind it asks for is named in a comment.
    #[command(after_help = RBAC_HELP)]
    Rbac {
        /// Who reads: the webhook or `fixative audit`.
        #[arg(long, value_name = "DOOR", default_value = "admission")]
        door: LiveDoor,
        /// Which policies.
        #[command(flatten)]
        set: SetArgs,
    },
    /// What the webhook is to be called for: YAML for `webhooks[].rules`
    ///
    /// Only the kinds that a rule of an active policy can match at admission. A rule that may match any kind
    /// is an error, and so is one about kinds without which a cluster does not run (Node, Lease, Namespace,
    /// RBAC, webhook configurations).
    #[command(after_help = WEBHOOK_RULES_HELP)]
    WebhookRules(SetArgs),
}

/// Doors that look at a live cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LiveDoor {
    /// The webhook.
    Admission,
    /// `fixative audit`.
    Audit,
}

/// Kinds of files that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    /// `kind: Policy`.
    Policy,
    /// `kind: Pack`.
    Pack,
    /// `kind: Config`.
    Config,
    /// `kind: Test`.
    Test,
}

fn param(text: &str) -> Result<(String, String, String), String> {
    let wrong = || "write POLICY.NAME=VALUE, as in media-location.path=/data".to_owned();
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    let (policy, name) = name.split_once('.').ok_or_else(wrong)?;
    if policy.is_empty() || name.is_empty() {
        return Err(wrong());
    }
    Ok((policy.to_owned(), name.to_owned(), value.to_owned()))
}

fn namespace(text: &str) -> Result<String, String> {
    let is_label = !text.is_empty()
        && text.len() <= 63
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-');
    let wrong = "a namespace has 1 to 63 lower-case letters, digits and inner hyphens";
    is_label.then(|| text.to_owned()).ok_or_else(|| wrong.to_owned())
}

fn kube_version(text: &str) -> Result<String, String> {
    let numbers: Vec<&str> = text.strip_prefix('v').unwrap_or(text).split('.').collect();
    let is_version =
        matches!(numbers.len(), 2 | 3) && numbers.iter().all(|number| number.parse::<u32>().is_ok());
    let wrong = "a Kubernetes version is two or three numbers, like 1.36 or v1.36.3";
    is_version
        .then(|| text.to_owned())
        .ok_or_else(|| wrong.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn params_are_policy_name_and_value() {
        let ok = |policy: &str, name: &str, value: &str| Ok((policy.into(), name.into(), value.into()));
        assert_eq!(
            param("media-location.path=/data"),
            ok("media-location", "path", "/data")
        );
        assert_eq!(param("a.b=c=d"), ok("a", "b", "c=d"));
        assert_eq!(param("a.b="), ok("a", "b", ""));
        for text in ["", "a", "a=b", "a.b", ".b=c", "a.=c", "=a.b"] {
            assert!(param(text).is_err(), "{text}");
        }
    }

    #[test]
    fn namespaces_and_versions_are_checked() {
        assert!(
            ["a", "photos", "a-1", "0"]
                .iter()
                .all(|text| namespace(text).is_ok())
        );
        assert!(
            ["", "A", "a_b", "-a", "a-", "a/b"]
                .iter()
                .all(|text| namespace(text).is_err())
        );
        assert!(["1.36", "v1.36.3"].iter().all(|text| kube_version(text).is_ok()));
        assert!(
            ["", "1", "1.x", "v1.2.3.4", "latest"]
                .iter()
                .all(|text| kube_version(text).is_err())
        );
    }
}
