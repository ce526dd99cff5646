//! `make bench`, the webhook: `fixative serve` beside a do-nothing server of the same stack, in one run.
//!
//! The floor reads a review's envelope borrowed and always allows. A second one reads the object, too, which is the least
//! that whoever changes it must do. All are processes of their own; the load comes from here, over keep-alive TLS
//! connections. What the load takes of the machine is the same for all.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing
)]

use std::fs;
use std::net::{SocketAddr, TcpListener as Port};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::post;
use fixative::webhook::answer::Answer;
use fixative::webhook::certificates::{Current, Pair, server_config};
use fixative::webhook::connections::Connections;
use fixative::webhook::review::Request;
use fixative::webhook::server::Server;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_rustls::{TlsAcceptor, TlsConnector};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Connections of the load.
const CONNECTIONS: usize = 16;
/// How long one case is under load.
const LOAD: Duration = Duration::from_secs(3);
/// Requests a second of the steady load, more than the API server of a busy cluster sends.
const STEADY: u32 = 1000;

/// Goals, as shares of the floor's throughput and in times of its p99.
const GOAL_CHANGED: f64 = 0.60;
const GOAL_UNTOUCHED: f64 = 0.85;
const GOAL_P99: f64 = 1.3;
/// Megabytes.
const GOAL_IDLE: f64 = 15.0;
const GOAL_LOADED: f64 = 25.0;
const GOAL_READY: Duration = Duration::from_millis(50);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(position) = arguments.iter().position(|it| it == "--floor") {
        return floor(
            arguments[position + 1].parse().unwrap(),
            Path::new(&arguments[position + 2]),
            arguments[position + 3] == "reads",
        );
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench/webhook");
    let served = served();
    println!("{}", served.display());
    let made = Command::new(&served)
        .args(["certs", "dev", "--force", "-q"])
        .arg(&folder)
        .status();
    assert!(made.unwrap().success());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(compare(&folder));
}

/// The program of the image where `make bench` built it, which is the one that runs in clusters.
fn served() -> PathBuf {
    let program = std::env::var_os("FIXATIVE_STATIC").unwrap_or(env!("CARGO_BIN_EXE_fixative").into());
    PathBuf::from(program)
}

async fn compare(folder: &Path) {
    let ours = start_ours(folder).await;
    println!(
        "  idle memory                  {:>10.1} MB  {}",
        ours.memory(),
        verdict(ours.memory() <= GOAL_IDLE, "15 MB")
    );
    let floor = start_floor(folder, "").await;
    let reader = start_floor(folder, "reads").await;
    let cases = [
        ("5 KB, a policy changes it", sized(5 << 10, true), GOAL_CHANGED),
        ("5 KB, no policy matches", sized(5 << 10, false), GOAL_UNTOUCHED),
        ("60 KB, a policy changes it", sized(60 << 10, true), GOAL_CHANGED),
        ("60 KB, no policy matches", sized(60 << 10, false), GOAL_UNTOUCHED),
    ];
    for (name, body, goal) in cases {
        println!("{name}: {} bytes, {CONNECTIONS} connections", body.len());
        let base = measure(&floor, folder, &body).await;
        let mine = measure(&ours, folder, &body).await;
        base.print("  do-nothing server (floor)", None);
        if goal == GOAL_CHANGED {
            let read = measure(&reader, folder, &body).await;
            read.print("  the same, object read", Some((&base, goal)));
        }
        mine.print("  fixative serve", Some((&base, goal)));
        let base = steady(&floor, folder, &body).await;
        let mine = steady(&ours, folder, &body).await;
        println!("  at {STEADY} requests a second");
        base.print_latency("  do-nothing server (floor)", None);
        mine.print_latency("  fixative serve", Some(&base));
    }
    println!(
        "  memory under load            {:>10.1} MB  {}",
        ours.memory(),
        verdict(ours.memory() <= GOAL_LOADED, "25 MB")
    );
    let size = fs::metadata(served()).unwrap().len() as f64 / 1e6;
    println!(
        "  binary                       {size:>10.1} MB  {}",
        verdict(size <= 15.0, "15 MB")
    );
}

fn verdict(reached: bool, goal: &str) -> String {
    format!("goal {goal}: {}", if reached { "reached" } else { "MISSED" })
}

/// A server under load.
struct Peer {
    child: Child,
    address: SocketAddr,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peer {
    /// Seconds of CPU so far. Source: proc(5), `/proc/pid/stat`, fields 14 and 15, in ticks of 10 ms.
    fn cpu(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }

    /// Megabytes in memory.
    fn memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }
}

async fn start_ours(folder: &Path) -> Peer {
    let (address, plain) = (free_port(), free_port());
    let start = Instant::now();
    let child = Command::new(served())
        .args(["serve", "--tls-dir"])
        .arg(folder)
        .args([format!("--listen={address}"), format!("--health-listen={plain}")])
        .env("FIXATIVE_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let peer = Peer { child, address };
    while !is_ready(plain).await {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let took = start.elapsed();
    let ready = verdict(took <= GOAL_READY, "50 ms");
    println!(
        "start to ready                 {:>10.1} ms  {ready}",
        took.as_secs_f64() * 1e3
    );
    peer
}

async fn is_ready(plain: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(plain).await else {
        return false;
    };
    let asked = stream
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    let mut text = String::new();
    asked.is_ok() && stream.read_to_string(&mut text).await.is_ok() && text.contains(" 200 ")
}

async fn start_floor(folder: &Path, mode: &str) -> Peer {
    let address = free_port();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--floor", &address.to_string()])
        .arg(folder)
        .arg(mode)
        .spawn()
        .unwrap();
    while TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Peer { child, address }
}

fn free_port() -> SocketAddr {
    Port::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// The same connections and the same TLS, and nothing behind them.
fn floor(address: SocketAddr, folder: &Path, reads: bool) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let current = Arc::new(Current::default());
        current.set(&Pair::from_folder(folder).unwrap());
        let server = Server {
            router: Router::new().route("/mutate", if reads { post(read) } else { post(allow) }),
            tls: Some(TlsAcceptor::from(Arc::new(server_config(current).unwrap()))),
            connections: Connections::new(512, Default::default()),
            stop: Default::default(),
            tasks: Default::default(),
        };
        server.run(TcpListener::bind(address).await.unwrap()).await;
    });
}

async fn allow(body: Bytes) -> Body {
    let review = Request::read(&body).unwrap();
    Body::from(Answer::default().body(&review.uid).unwrap())
}

/// The object as a value that policies could look at, and nothing done with it.
async fn read(body: Bytes) -> Body {
    let review = Request::read(&body).unwrap();
    let object: Value = serde_json::from_slice(review.object.as_ref().unwrap()).unwrap();
    std::hint::black_box(&object);
    Body::from(Answer::default().body(&review.uid).unwrap())
}

/// A review of about so many bytes.
fn sized(bytes: usize, immich: bool) -> Vec<u8> {
    let image = if immich {
        "ghcr.io/immich-app/immich-server:v2.6.3"
    } else {
        "docker.io/library/nginx:1.29"
    };
    let review = |count: usize| {
        let env: Vec<Value> = (0..count)
            .map(|number| json!({"name": format!("SETTING_{number}"), "value": "some text that a chart carries along"}))
            .collect();
        let object = json!({
            "kind": "Deployment", "apiVersion": "apps/v1",
            "metadata": {"name": "web", "namespace": "photos", "labels": {"app.kubernetes.io/instance": "photos"}},
            "spec": {"replicas": 1, "strategy": {"type": "Recreate"}, "selector": {"matchLabels": {"app": "web"}}, "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "enableServiceLinks": true,
                    "containers": [{"name": "main", "image": image, "env": env,
                        "ports": [{"containerPort": 2283, "protocol": "TCP"}],
                        "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
                    "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "library"}}],
                },
            }},
            "status": {},
        });
        json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
            "uid": "24eb94bd-dc2c-4a67-b3f8-76cd8e873f39",
            "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
            "resource": {"group": "apps", "version": "v1", "resource": "deployments"},
            "name": "web", "namespace": "photos", "operation": "CREATE",
            "userInfo": {"username": "admin", "groups": ["system:masters", "system:authenticated"]},
            "object": object, "oldObject": null, "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        }})
        .to_string()
        .into_bytes()
    };
    let (none, ten) = (review(0).len(), review(10).len());
    review(bytes.saturating_sub(none) * 10 / (ten - none))
}

/// What a server did under load.
struct Load {
    per_second: f64,
    cpu_micros: f64,
    p50: Duration,
    p99: Duration,
}

impl Load {
    fn print(&self, name: &str, beside: Option<(&Load, f64)>) {
        let note = beside.map_or(String::new(), |(base, goal)| {
            let share = self.per_second / base.per_second;
            let tail = self.p99.as_secs_f64() / base.p99.as_secs_f64();
            let reached = |is: bool| if is { "reached" } else { "MISSED" };
            format!(
                "  {:.0}% of the floor, goal {:.0}%: {}; p99 {tail:.2} times, goal {GOAL_P99}: {}",
                share * 100.0,
                goal * 100.0,
                reached(share >= goal),
                reached(tail <= GOAL_P99)
            )
        });
        println!(
            "{name:<28} {:>8.0}/s  {:>6.1} µs CPU  p50 {:.2} ms  p99 {:.2} ms{note}",
            self.per_second,
            self.cpu_micros,
            millis(self.p50),
            millis(self.p99)
        );
    }

    fn print_latency(&self, name: &str, beside: Option<&Load>) {
        let note = beside.map_or(String::new(), |base| {
            let tail = self.p99.as_secs_f64() / base.p99.as_secs_f64();
            let reached = if tail <= GOAL_P99 { "reached" } else { "MISSED" };
            format!("  p99 {tail:.2} times the floor's, goal {GOAL_P99}: {reached}")
        });
        println!(
            "{name:<28} {:>8.0}/s  p50 {:.2} ms  p99 {:.2} ms{note}",
            self.per_second,
            millis(self.p50),
            millis(self.p99)
        );
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// As many requests as the server answers.
async fn measure(peer: &Peer, folder: &Path, body: &[u8]) -> Load {
    load(peer, folder, body, None).await
}

/// As many as an API server may send: what its users wait for.
async fn steady(peer: &Peer, folder: &Path, body: &[u8]) -> Load {
    let pause = Duration::from_secs(1) * u32::try_from(CONNECTIONS).unwrap() / STEADY;
    load(peer, folder, body, Some(pause)).await
}

async fn load(peer: &Peer, folder: &Path, body: &[u8], pause: Option<Duration>) -> Load {
    let request = request(body);
    // Once to warm up.
    drive(peer.address, folder, &request, Duration::from_millis(300), pause).await;
    let (cpu, start) = (peer.cpu(), Instant::now());
    let mut times = drive(peer.address, folder, &request, LOAD, pause).await;
    let (cpu, took) = (peer.cpu() - cpu, start.elapsed());
    times.sort_unstable();
    let count = times.len() as f64;
    Load {
        per_second: count / took.as_secs_f64(),
        cpu_micros: cpu * 1e6 / count,
        p50: times[times.len() / 2],
        p99: times[times.len() * 99 / 100],
    }
}

fn request(body: &[u8]) -> Arc<[u8]> {
    let head = format!(
        "POST /mutate?timeout=3s HTTP/1.1\r\nHost: fixative.fixative.svc:443\r\nUser-Agent: kube-apiserver-admission\r\nAccept: application/json, */*\r\nAccept-Encoding: gzip\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat().into()
}

/// With a `pause`, each connection sends that long after it sent before, or later, and the connections one behind the other.
async fn drive(
    address: SocketAddr,
    folder: &Path,
    request: &Arc<[u8]>,
    time: Duration,
    pause: Option<Duration>,
) -> Vec<Duration> {
    let connector = connector(folder.join("ca.crt"));
    let workers: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let (connector, request) = (connector.clone(), Arc::clone(request));
            tokio::spawn(async move {
                let tcp = TcpStream::connect(address).await.unwrap();
                tcp.set_nodelay(true).unwrap();
                let mut stream = connector
                    .connect("localhost".try_into().unwrap(), tcp)
                    .await
                    .unwrap();
                let (start, mut times, mut buffer) = (Instant::now(), Vec::new(), vec![0; 64 << 10]);
                let mut clock = pause.map(|pause| {
                    let first = pause * u32::try_from(number).unwrap() / u32::try_from(CONNECTIONS).unwrap();
                    let mut clock = tokio::time::interval_at(tokio::time::Instant::now() + first, pause);
                    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
                    clock
                });
                while start.elapsed() < time {
                    if let Some(clock) = &mut clock {
                        clock.tick().await;
                    }
                    let sent = Instant::now();
                    stream.write_all(&request).await.unwrap();
                    stream.flush().await.unwrap();
                    answer(&mut stream, &mut buffer).await;
                    times.push(sent.elapsed());
                }
                times
            })
        })
        .collect();
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    all
}

/// Reads one answer, which must be good.
async fn answer(stream: &mut (impl tokio::io::AsyncRead + Unpin), buffer: &mut [u8]) {
    let mut filled = 0;
    loop {
        filled += stream.read(&mut buffer[filled..]).await.unwrap();
        let text = &buffer[..filled];
        let Some(end) = text.windows(4).position(|it| it == b"\r\n\r\n") else {
            continue;
        };
        let head = std::str::from_utf8(&text[..end]).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |value| value.parse().unwrap());
        if filled >= end + 4 + length {
            return;
        }
    }
}

fn connector(ca: PathBuf) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(&fs::read(ca).unwrap()).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}
