//! One control plane for all tests of this program: etcd, kube-apiserver, kube-controller-manager.
//!
//! Everything listens on loopback addresses that belong to this run alone, so no port has to be looked for:
//! `127.97.N.0/24` the control plane, `127.96.N.0/24` the addresses of Services, `127.98.N.0/24` those of "pods".

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio::runtime::Runtime;

use crate::api::Api;
use crate::process::{Guard, Process, tool, wait};

/// How long a program may take to get ready.
const PATIENCE: Duration = Duration::from_secs(90);

/// The control plane.
pub struct Plane {
    /// What the clients run on.
    pub runtime: Runtime,
    /// A client with every right.
    pub client: Client,
    folder: PathBuf,
    network: Network,
    pods: AtomicU8,
    _programs: [Process; 3],
    _sweeper: Guard,
}

/// The control plane, started when it is first asked for.
pub fn plane() -> &'static Plane {
    static PLANE: OnceLock<Plane> = OnceLock::new();
    PLANE.get_or_init(Plane::start)
}

impl Plane {
    fn start() -> Self {
        let programs = ["etcd", "kube-apiserver", "kube-controller-manager"].map(tool);
        let network = Network::take();
        let folder = tempfile::Builder::new()
            .prefix("fixative-control-plane-")
            .tempdir()
            .unwrap()
            .keep();
        // The programs' own guards come first; then nobody writes there any more.
        let sweeper = Guard::new("sleep 1; rm -rf \"$1\"", folder.to_str().unwrap());
        write_credentials(&folder, &network);
        let runtime = Runtime::new().unwrap();
        let [etcd, apiserver, controllers] = programs;
        let etcd = start_etcd(&etcd, &folder, &network);
        let mut apiserver = start_apiserver(&apiserver, &folder, &network);
        let client = wait(PATIENCE, "kube-apiserver", || {
            if let Some(status) = apiserver.ended() {
                panic!("kube-apiserver ended with {status}:\n{}", apiserver.said());
            }
            runtime.block_on(ready_client(&folder))
        });
        let controllers = start_controllers(&controllers, &folder, &network);
        Self {
            runtime,
            client,
            folder,
            network,
            pods: AtomicU8::new(1),
            _programs: [etcd, apiserver, controllers],
            _sweeper: sweeper,
        }
    }

    /// A client that speaks of a namespace.
    pub fn api(&'static self, namespace: &str) -> Api {
        Api::new(self, namespace)
    }

    /// The kubeconfig of the administrator.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("admin.kubeconfig")
    }

    /// A kubeconfig with the rights of a ServiceAccount and no more.
    pub fn kubeconfig_of(&self, api: &Api, account: &str) -> PathBuf {
        let name = format!("{}-{account}.kubeconfig", api.namespace);
        let path = self.folder.join(name);
        let config = kubeconfig(&self.folder, &self.network, &api.token(account));
        fs::write(&path, config).unwrap();
        path
    }

    /// An address that no other program listens on.
    pub fn pod_address(&self) -> Ipv4Addr {
        let number = self.pods.fetch_add(1, Ordering::Relaxed);
        assert_ne!(number, 255, "too many programs");
        self.network.address(98, number)
    }

    /// A new folder that is swept away at the end.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.join(name);
        fs::create_dir(&folder).unwrap();
        folder
    }

    /// What the API server's audit log holds.
    pub fn audit_log(&self) -> String {
        fs::read_to_string(self.folder.join("audit.log")).unwrap_or_default()
    }
}

/// Three networks of 256 addresses that no other run uses.
struct Network {
    number: u8,
    _taken: TcpListener,
}

impl Network {
    fn take() -> Self {
        let first = u8::try_from(std::process::id() % 256).unwrap();
        let mut numbers = (0..=255).map(|step| first.wrapping_add(step));
        let taken = numbers.find_map(|number| {
            // A listener is a lock that ends with its process.
            let taken = TcpListener::bind((Ipv4Addr::new(127, 97, number, 255), 9797)).ok()?;
            Some(Self {
                number,
                _taken: taken,
            })
        });
        taken.expect("all of 127.97.0.0/16 is taken: is this Linux?")
    }

    fn address(&self, room: u8, host: u8) -> Ipv4Addr {
        Ipv4Addr::new(127, room, self.number, host)
    }

    fn plane(&self) -> Ipv4Addr {
        self.address(97, 1)
    }
}

/// Users and their tokens; the port of the API server is no secret, and neither is a cluster of an hour.
const USERS: [(&str, &str); 2] = [
    ("admin", "system:masters"),
    ("system:kube-controller-manager", ""),
];

fn write_credentials(folder: &Path, network: &Network) {
    let key = rcgen::KeyPair::generate().unwrap();
    fs::write(folder.join("sa.key"), key.serialize_pem()).unwrap();
    fs::write(folder.join("sa.pub"), key.public_key_pem()).unwrap();
    let mut tokens = String::new();
    for (user, group) in USERS {
        tokens += &format!("{user}-token,{user},{user},{group}\n");
        let name = user.trim_start_matches("system:");
        let config = kubeconfig(folder, network, &format!("{user}-token"));
        fs::write(folder.join(format!("{name}.kubeconfig")), config).unwrap();
    }
    fs::write(folder.join("tokens.csv"), tokens).unwrap();
    let audit = "apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, verbs: [get, list, watch]}
- {level: Metadata}
";
    fs::write(folder.join("audit.yaml"), audit).unwrap();
}

/// A kubeconfig for whoever has this token.
fn kubeconfig(folder: &Path, network: &Network, token: &str) -> String {
    format!(
        "apiVersion: v1
kind: Config
clusters: [{{name: tests, cluster: {{server: 'https://{server}:6443', certificate-authority: '{ca}'}}}}]
users: [{{name: tests, user: {{token: '{token}'}}}}]
contexts: [{{name: tests, context: {{cluster: tests, user: tests}}}}]
current-context: tests
",
        server = network.plane(),
        ca = folder.join("certs/apiserver.crt").display(),
    )
}

fn start_etcd(program: &Path, folder: &Path, network: &Network) -> Process {
    let (client, peer) = (
        format!("http://{}:2379", network.plane()),
        format!("http://{}:2380", network.plane()),
    );
    let mut command = Command::new(program);
    command
        .arg(format!("--data-dir={}", folder.join("etcd").display()))
        .args(["--unsafe-no-fsync", "--log-level=warn"])
        .arg(format!("--listen-client-urls={client}"))
        .arg(format!("--advertise-client-urls={client}"))
        .arg(format!("--listen-peer-urls={peer}"))
        .arg(format!("--initial-advertise-peer-urls={peer}"))
        .arg(format!("--initial-cluster=default={peer}"));
    Process::start(&mut command, folder.join("etcd.log"))
}

fn start_apiserver(program: &Path, folder: &Path, network: &Network) -> Process {
    let file = |name: &str| folder.join(name).display().to_string();
    let mut command = Command::new(program);
    command
        .arg(format!("--etcd-servers=http://{}:2379", network.plane()))
        .arg(format!("--bind-address={}", network.plane()))
        .arg(format!("--advertise-address={}", network.plane()))
        .arg("--secure-port=6443")
        .arg(format!("--cert-dir={}", file("certs")))
        .arg("--endpoint-reconciler-type=none")
        .arg("--service-account-issuer=https://kubernetes.default.svc")
        .arg(format!("--service-account-key-file={}", file("sa.pub")))
        .arg(format!("--service-account-signing-key-file={}", file("sa.key")))
        .arg(format!("--token-auth-file={}", file("tokens.csv")))
        .arg("--authorization-mode=RBAC")
        .arg(format!(
            "--service-cluster-ip-range={}/24",
            network.address(96, 0)
        ))
        .arg(format!("--audit-policy-file={}", file("audit.yaml")))
        .arg(format!("--audit-log-path={}", file("audit.log")))
        .arg("--audit-log-maxsize=1000")
        // Priority and fairness would hold back a bounded load with 429 on two cores.
        .arg("--enable-priority-and-fairness=false");
    Process::start(&mut command, folder.join("kube-apiserver.log"))
}

fn start_controllers(program: &Path, folder: &Path, network: &Network) -> Process {
    let file = |name: &str| folder.join(name).display().to_string();
    let mut command = Command::new(program);
    command
        .arg(format!(
            "--kubeconfig={}",
            file("kube-controller-manager.kubeconfig")
        ))
        .args(["--leader-elect=false", "--use-service-account-credentials"])
        .arg(format!("--service-account-private-key-file={}", file("sa.key")))
        .arg(format!("--root-ca-file={}", file("certs/apiserver.crt")))
        .arg(format!("--bind-address={}", network.plane()))
        .arg("--secure-port=10257")
        // No kubelet sends heartbeats: the nodes of tests stay as they are.
        .arg("--controllers=*,-node-lifecycle-controller");
    Process::start(&mut command, folder.join("kube-controller-manager.log"))
}

/// A client, once the API server answers it well.
async fn ready_client(folder: &Path) -> Option<Client> {
    let read = Kubeconfig::read_from(folder.join("admin.kubeconfig")).ok()?;
    let options = KubeConfigOptions::default();
    let mut config = Config::from_custom_kubeconfig(read, &options).await.ok()?;
    // A refusal is an answer here, and each call is counted.
    config.default_retry = false;
    let client = Client::try_from(config).ok()?;
    let request = http::Request::get("/readyz").body(Vec::new()).unwrap();
    (client.request_text(request).await.ok()? == "ok").then_some(client)
}
