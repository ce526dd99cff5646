//! The load: requests over keep-alive TLS connections, as many as are answered or so many a second.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::servers::Peer;
use crate::{GOAL_P99, verdict};

/// Connections of the load.
pub const CONNECTIONS: usize = 16;
/// How long one case is under load.
const LOAD: Duration = Duration::from_secs(3);
/// Turns of the steady load, and how long each server has one: what else the machine does is spread over both.
const TURNS: u32 = 12;
const TURN: Duration = Duration::from_millis(500);
/// Requests a second of the steady load, more than the API server of a busy cluster sends.
pub const STEADY: u32 = 1000;

/// What a server did under load.
pub struct Load {
    per_second: f64,
    cpu_micros: f64,
    p50: Duration,
    p99: Duration,
}

impl Load {
    /// Beside the floor: its share of the throughput, with the goal, and its p99.
    pub fn print(&self, name: &str, beside: Option<(&Load, f64)>) {
        let note = beside.map_or(String::new(), |(base, goal)| {
            let share = self.per_second / base.per_second;
            let reached = verdict(share >= goal, &format!("{:.0}%", goal * 100.0));
            format!(
                "  {:.0}% of the floor, {reached}; {}",
                share * 100.0,
                self.tail(base)
            )
        });
        println!("{name:<28} {}{note}", self.line());
    }

    /// Beside the floor: its p99.
    pub fn print_latency(&self, name: &str, beside: Option<&Load>) {
        let note = beside.map_or(String::new(), |base| format!("  {}", self.tail(base)));
        println!("{name:<28} {}{note}", self.line());
    }

    fn line(&self) -> String {
        format!(
            "{:>8.0}/s  {:>6.1} µs CPU  p50 {:.2} ms  p99 {:.2} ms",
            self.per_second,
            self.cpu_micros,
            millis(self.p50),
            millis(self.p99)
        )
    }

    fn tail(&self, base: &Load) -> String {
        let tail = self.p99.as_secs_f64() / base.p99.as_secs_f64();
        let reached = verdict(tail <= GOAL_P99, &GOAL_P99.to_string());
        format!("p99 {tail:.2} times the floor's, {reached}")
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// As many requests as the server answers.
pub async fn measure(peer: &Peer, folder: &Path, body: &[u8]) -> Load {
    let mut sample = Sample::of(peer, folder, body).await;
    // Once to warm up.
    sample.add(Duration::from_millis(300), None).await;
    sample.forget();
    sample.add(LOAD, None).await;
    sample.load()
}

/// As many as an API server may send, to both servers by turns: what its users wait for.
pub async fn steady(peers: [&Peer; 2], folder: &Path, body: &[u8]) -> [Load; 2] {
    let pause = Duration::from_secs(1) * u32::try_from(CONNECTIONS).unwrap() / STEADY;
    let [first, second] = peers;
    let mut samples = [
        Sample::of(first, folder, body).await,
        Sample::of(second, folder, body).await,
    ];
    for _ in 0..TURNS {
        for sample in &mut samples {
            sample.add(TURN, Some(pause)).await;
        }
    }
    samples.map(|sample| sample.load())
}

/// What was seen of one server, and the connections to it.
struct Sample<'p> {
    peer: &'p Peer,
    request: Arc<[u8]>,
    connections: Vec<Connection>,
    times: Vec<Duration>,
    took: Duration,
    cpu: f64,
}

impl<'p> Sample<'p> {
    async fn of(peer: &'p Peer, folder: &Path, body: &[u8]) -> Self {
        let connector = connector(folder.join("ca.crt"));
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(connect(&connector, peer.address).await);
        }
        Self {
            peer,
            request: request(body),
            connections,
            times: Vec::new(),
            took: Duration::ZERO,
            cpu: 0.0,
        }
    }

    async fn add(&mut self, time: Duration, pause: Option<Duration>) {
        let (cpu, start) = (self.peer.cpu(), Instant::now());
        let connections = self.connections.drain(..).enumerate();
        let driven: Vec<_> = connections
            .map(|(number, connection)| {
                let request = Arc::clone(&self.request);
                tokio::spawn(drive(connection, number, request, time, pause))
            })
            .collect();
        for one in driven {
            let (connection, times) = one.await.unwrap();
            self.connections.push(connection);
            self.times.extend(times);
        }
        self.took += start.elapsed();
        self.cpu += self.peer.cpu() - cpu;
    }

    fn forget(&mut self) {
        self.times.clear();
        (self.took, self.cpu) = (Duration::ZERO, 0.0);
    }

    fn load(mut self) -> Load {
        self.times.sort_unstable();
        let count = self.times.len();
        Load {
            per_second: count as f64 / self.took.as_secs_f64(),
            cpu_micros: self.cpu * 1e6 / count as f64,
            p50: self.times[count / 2],
            p99: self.times[count * 99 / 100],
        }
    }
}

fn request(body: &[u8]) -> Arc<[u8]> {
    let head = format!(
        "POST /mutate?timeout=3s HTTP/1.1\r\nHost: fixative.fixative.svc:443\r\nUser-Agent: kube-apiserver-admission\r\nAccept: application/json, */*\r\nAccept-Encoding: gzip\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat().into()
}

type Connection = TlsStream<TcpStream>;

async fn connect(connector: &TlsConnector, address: SocketAddr) -> Connection {
    let tcp = TcpStream::connect(address).await.unwrap();
    tcp.set_nodelay(true).unwrap();
    let name = "localhost".try_into().unwrap();
    connector.connect(name, tcp).await.unwrap()
}

/// With a `pause`, each connection sends that long after it sent before, or later, and the connections one behind the other.
async fn drive(
    mut connection: Connection,
    number: usize,
    request: Arc<[u8]>,
    time: Duration,
    pause: Option<Duration>,
) -> (Connection, Vec<Duration>) {
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
        connection.write_all(&request).await.unwrap();
        connection.flush().await.unwrap();
        answer(&mut connection, &mut buffer).await;
        times.push(sent.elapsed());
    }
    (connection, times)
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
