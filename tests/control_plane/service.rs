//! A Service of the cluster with what kube-proxy and the kubelet do for it: its address is really listened on, each
//! connection goes to one of the replicas that are ready, and who is ready is asked again and again.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream as Blocking};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::api::Api;
use crate::plane::plane;
use crate::room::home;

/// The port of each Service here; below 1024 only root may listen.
pub const PORT: u16 = 8443;

/// How often readiness is asked for; a kubelet is slower.
const PERIOD: Duration = Duration::from_millis(200);

/// One replica behind a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replica {
    /// Where it serves.
    pub address: SocketAddr,
    /// Where it tells whether it is ready; without one it always is.
    pub health: Option<SocketAddr>,
}

/// A Service and its endpoints.
pub struct Service {
    /// Its name.
    pub name: String,
    endpoints: Arc<Mutex<Endpoints>>,
    tasks: [JoinHandle<()>; 2],
}

#[derive(Default)]
struct Endpoints {
    all: Vec<Replica>,
    ready: Vec<SocketAddr>,
}

impl Service {
    /// Creates it in the cluster; the API server gives it an address, and this process listens there.
    pub fn create(name: &str) -> Self {
        let service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"ports": [{"port": PORT}]},
        });
        home().create(&service).accepts();
        Self::serve(&home(), name)
    }

    /// Serves one that is there.
    pub fn serve(api: &Api, name: &str) -> Self {
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}});
        let answer = api.get(&service);
        answer.accepts();
        let ip: IpAddr = answer.body["spec"]["clusterIP"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let endpoints: Arc<Mutex<Endpoints>> = Arc::default();
        let runtime = &plane().runtime;
        let listener = runtime.block_on(TcpListener::bind((ip, PORT))).unwrap();
        let tasks = [
            runtime.spawn(forward(listener, Arc::clone(&endpoints))),
            runtime.spawn(probe(Arc::clone(&endpoints))),
        ];
        Self {
            name: name.to_owned(),
            endpoints,
            tasks,
        }
    }

    /// Adds a replica; it gets connections once it is ready.
    pub fn add(&self, replica: Replica) {
        let mut endpoints = self.endpoints.lock().unwrap();
        endpoints.all.push(replica);
        if replica.health.is_none() {
            endpoints.ready.push(replica.address);
        }
    }

    /// A replica is being deleted: no new connection goes there.
    pub fn remove(&self, replica: Replica) {
        let mut endpoints = self.endpoints.lock().unwrap();
        endpoints.all.retain(|other| *other != replica);
        endpoints.ready.retain(|other| *other != replica.address);
    }

    /// The replicas that get connections.
    pub fn ready(&self) -> Vec<SocketAddr> {
        self.endpoints.lock().unwrap().ready.clone()
    }

    /// Does a replica get connections?
    pub fn is_ready(&self, replica: Replica) -> bool {
        self.endpoints.lock().unwrap().ready.contains(&replica.address)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn forward(listener: TcpListener, endpoints: Arc<Mutex<Endpoints>>) {
    let next = AtomicUsize::new(0);
    loop {
        let Ok((mut client, _)) = listener.accept().await else {
            continue;
        };
        let ready = endpoints.lock().unwrap().ready.clone();
        let turn = next.fetch_add(1, Ordering::Relaxed);
        let Some(address) = ready.get(turn % ready.len().max(1)).copied() else {
            continue;
        };
        tokio::spawn(async move {
            // A replica that is gone ends the connection, as it does in a cluster.
            if let Ok(mut server) = TcpStream::connect(address).await {
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}

async fn probe(endpoints: Arc<Mutex<Endpoints>>) {
    loop {
        let all = endpoints.lock().unwrap().all.clone();
        for replica in all {
            let Some(health) = replica.health else { continue };
            let asked = tokio::task::spawn_blocking(move || get(health, "/readyz"));
            let ready = matches!(asked.await, Ok(Some((200, _))));
            let mut endpoints = endpoints.lock().unwrap();
            endpoints.ready.retain(|other| *other != replica.address);
            // It may have been removed since.
            if ready && endpoints.all.contains(&replica) {
                endpoints.ready.push(replica.address);
            }
        }
        tokio::time::sleep(PERIOD).await;
    }
}

/// Status and body of a plain HTTP answer, if there is one.
pub fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let limit = Duration::from_secs(2);
    let mut stream = Blocking::connect_timeout(&address, limit).ok()?;
    stream.set_read_timeout(Some(limit)).ok()?;
    // HTTP/1.0: the answer ends with the connection and comes in one piece.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}
