//! The servers that are compared, each a process of its own.

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
use fixative::webhook::review::{Object, Request};
use fixative::webhook::server::Server;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::{GOAL_READY, verdict};

/// The program of the image where `make bench` built it, which is the one that runs in clusters.
pub fn served() -> PathBuf {
    let program = std::env::var_os("FIXATIVE_STATIC").unwrap_or(env!("CARGO_BIN_EXE_fixative").into());
    PathBuf::from(program)
}

/// A server under load.
pub struct Peer {
    child: Child,
    pub address: SocketAddr,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peer {
    /// Seconds of CPU so far. Source: proc(5), `/proc/pid/stat`, fields 14 and 15, in ticks of 10 ms.
    pub fn cpu(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }

    /// Megabytes in memory.
    pub fn memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }
}

pub async fn start_ours(folder: &Path) -> Peer {
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

pub async fn start_floor(folder: &Path, mode: &str) -> Peer {
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
pub fn floor(address: SocketAddr, folder: &Path, reads: bool) {
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
    Body::from(Answer::default().body(&review.head.uid).unwrap())
}

/// The object as a value that policies could look at, and nothing done with it.
async fn read(body: Bytes) -> Body {
    let review = Request::read(&body).unwrap();
    let Some(Object::Text(text)) = review.object else {
        panic!("the object is not read yet");
    };
    let object: Value = serde_json::from_slice(&text).unwrap();
    std::hint::black_box(&object);
    Body::from(Answer::default().body(&review.head.uid).unwrap())
}
