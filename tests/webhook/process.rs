//! The server as a process, in a folder of its own, on ports of its own.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::client::Client;

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Server {
    folder: TempDir,
    child: Child,
    pub address: SocketAddr,
    pub plain: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// With the embedded pack.
    pub fn start() -> Self {
        Self::with(|_| Vec::new())
    }

    /// With more arguments, made once the folder is there.
    pub fn with(arguments: impl FnOnce(&std::path::Path) -> Vec<String>) -> Self {
        Self::managed(|folder| {
            make_certificates(&folder.join("certs"));
            let mut all = arguments(folder);
            all.push("--tls-dir=certs".to_owned());
            all
        })
    }

    /// With a certificate of whatever source the arguments say.
    pub fn managed(arguments: impl FnOnce(&std::path::Path) -> Vec<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (address, plain) = (free_port(), free_port());
        let mut child = Command::new(env!("CARGO_BIN_EXE_fixative"))
            .arg("serve")
            .args([format!("--listen={address}"), format!("--health-listen={plain}")])
            .args(arguments(folder.path()))
            .current_dir(folder.path())
            .env_clear()
            .env("POD_NAMESPACE", "fixative")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = follow(&mut child);
        let server = Self {
            folder,
            child,
            address,
            plain,
            log,
        };
        server.wait("/healthz", |status, _| status == 200);
        server
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn certs(&self) -> PathBuf {
        self.path("certs")
    }

    /// A TLS connection by the server's own CA.
    pub fn connect(&self) -> Client {
        Client::connect(self.address, &self.certs().join("ca.crt"))
    }

    /// A connection of HTTP/2, on the runtime of the caller.
    pub async fn connect_h2(&self) -> h2::client::SendRequest<bytes::Bytes> {
        let mut config = crate::client::config(&self.certs().join("ca.crt"));
        config.alpn_protocols = vec![b"h2".to_vec()];
        let tcp = tokio::net::TcpStream::connect(self.address).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let stream = connector
            .connect("localhost".try_into().unwrap(), tcp)
            .await
            .unwrap();
        let (client, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// One review on a connection of its own, and the response in the answer.
    pub fn review(&self, path: &str, body: &str) -> Value {
        let answer = self.connect().post(path, body.as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["response"].clone()
    }

    /// A GET at the plain port.
    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(self.plain).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        .ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let status = text.split(' ').nth(1)?.parse().ok()?;
        let body = text.split_once("\r\n\r\n")?.1.to_owned();
        Some((status, body))
    }

    /// Waits until the plain port answers as wanted.
    pub fn wait(&self, path: &str, wanted: impl Fn(u16, &str) -> bool) {
        let start = Instant::now();
        let mut last = None;
        while start.elapsed() < PATIENCE {
            last = self.get(path);
            if last.as_ref().is_some_and(|(status, body)| wanted(*status, body)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("{path} never was as wanted: {last:?}\n{}", self.log());
    }

    /// The value of a metric; 0 where it does not stand there yet.
    pub fn metric(&self, name: &str) -> f64 {
        let (_, text) = self.get("/metrics").unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for the end; the exit status.
    pub fn ended(&mut self) -> Option<i32> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("the server did not end");
    }

    /// Kilobytes of memory that are in use.
    pub fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most kilobytes of memory that ever were in use.
    pub fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    fn status(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn make_certificates(folder: &std::path::Path) {
    let made = Command::new(env!("CARGO_BIN_EXE_fixative"))
        .args(["certs", "dev", "--force", "-q", "--dns", "localhost"])
        .arg(folder)
        .status()
        .unwrap();
    assert!(made.success());
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn follow(child: &mut Child) -> Arc<Mutex<String>> {
    let log = Arc::new(Mutex::new(String::new()));
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let kept = Arc::clone(&log);
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            kept.lock().unwrap().push_str(&(line + "\n"));
        }
    });
    log
}
