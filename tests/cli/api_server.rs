//! An API server that answers every path with a text of its own: as much of one as `audit` needs.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};

use crate::program::Folder;

/// Answers by path.
pub type Answers = BTreeMap<&'static str, (u16, Value)>;

/// Serves until the test ends and writes `kubeconfig` into the folder, with the contexts `home` (current) and
/// `gone`, which no cluster is behind.
pub fn serve(folder: Folder, answers: Answers) -> Folder {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            // A client that went away is no matter of the server.
            let _ = answer(stream.unwrap(), &answers);
        }
    });
    let cluster = |name: &str, server: String| json!({"name": name, "cluster": {"server": server}});
    let context = |name: &str| json!({"name": name, "context": {"cluster": name, "user": "me"}});
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "home",
        "users": [{"name": "me", "user": {}}],
        // Port 1 is reserved, and nobody listens there.
        "clusters": [cluster("home", format!("http://{address}")), cluster("gone", "http://127.0.0.1:1".into())],
        "contexts": [context("home"), context("gone")],
    });
    folder.with("kubeconfig", config.to_string())
}

fn answer(stream: TcpStream, answers: &Answers) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    while lines
        .next()
        .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
    {}
    let path = request.split([' ', '?']).nth(1).unwrap_or_default();
    let missing = (
        404,
        json!({"kind": "Status", "code": 404, "reason": "NotFound", "message": "no such path"}),
    );
    let (code, body) = answers.get(path).unwrap_or(&missing);
    let body = body.to_string();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {code} -\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// What the server says of its kinds: those of the core group and of `apps`, with their names in URLs.
pub fn discovery(core: &[(&str, &str)], apps: &[(&str, &str)]) -> Answers {
    let resources = |group: &str, kinds: &[(&str, &str)]| {
        let kinds = kinds.iter().map(|(name, kind)| {
            json!({"name": name, "singularName": "", "kind": kind, "namespaced": true, "verbs": ["list"]})
        });
        json!({"kind": "APIResourceList", "groupVersion": group, "resources": kinds.collect::<Vec<_>>()})
    };
    let version = json!({"groupVersion": "apps/v1", "version": "v1"});
    let apps_group = json!({"name": "apps", "versions": [version], "preferredVersion": version});
    Answers::from([
        (
            "/api",
            (200, json!({"versions": ["v1"], "serverAddressByClientCIDRs": []})),
        ),
        (
            "/apis",
            (200, json!({"kind": "APIGroupList", "groups": [apps_group]})),
        ),
        ("/api/v1", (200, resources("v1", core))),
        ("/apis/apps/v1", (200, resources("apps/v1", apps))),
    ])
}

/// A list of objects.
pub fn list(items: &[Value]) -> (u16, Value) {
    let list =
        json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items});
    (200, list)
}

/// The server does not show it.
pub fn forbidden() -> (u16, Value) {
    let message = "who are you?";
    (
        403,
        json!({"kind": "Status", "status": "Failure", "code": 403, "reason": "Forbidden", "message": message}),
    )
}
