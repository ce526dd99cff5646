//! Connections: who may come in, how long one may be silent, and how they end.

use std::convert::Infallible;
use std::future::Future as _;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::connections::{Admitted, Connection, Connections};

/// From accepting a connection to the end of its TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// From the handshake to the first request.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// Go's client does not try a POST again whose idle connection was closed, and closes its own after 90 s.
const IDLE: Duration = Duration::from_secs(300);
/// What a request's head may take.
const LARGEST_HEAD: usize = 64 << 10;
/// Requests at once on one connection of HTTP/2.
const STREAMS: u32 = 250;

/// Everything that a listener needs.
#[derive(Clone)]
pub struct Server {
    /// What answers.
    pub router: Router,
    /// `None`: plain HTTP.
    pub tls: Option<TlsAcceptor>,
    /// The open connections.
    pub connections: Arc<Connections>,
    /// Stops accepting and ends idle connections.
    pub stop: CancellationToken,
    /// The tasks of connections.
    pub tasks: TaskTracker,
}

impl Server {
    /// Accepts until it is told to stop.
    pub async fn run(self, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.take(stream, peer),
                Err(error) => {
                    // Out of file descriptors, most likely: the connections that end will give some back.
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn take(&self, stream: TcpStream, peer: SocketAddr) {
        let Some(admitted) = self.connections.admit() else {
            tracing::warn!(%peer, "all connections are busy, one more is refused");
            return;
        };
        let server = self.clone();
        self.tasks.spawn(async move {
            let end = admitted.connection.end.clone();
            tokio::select! {
                () = end.cancelled() => {}
                () = server.serve(stream, &admitted) => {}
            }
            drop(admitted);
        });
    }

    async fn serve(&self, stream: TcpStream, admitted: &Admitted) {
        // Small answers go out at once.
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => self.speak(stream, &admitted.connection).await,
            Some(tls) => match timeout(HANDSHAKE, tls.accept(stream)).await {
                Ok(Ok(stream)) => self.speak(stream, &admitted.connection).await,
                Ok(Err(error)) => tracing::debug!(%error, "no TLS handshake"),
                Err(_) => tracing::debug!("the TLS handshake took too long"),
            },
        }
    }

    async fn speak(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        connection: &Arc<Connection>,
    ) {
        let mut protocol = auto::Builder::new(TokioExecutor::new());
        protocol
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE)
            .max_buf_size(LARGEST_HEAD)
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(16 << 10)
            .keep_alive_interval(Some(Duration::from_secs(60)));
        let answer = service_fn(|request: Request<Incoming>| {
            let (router, connection) = (self.router.clone(), Arc::clone(connection));
            async move {
                connection.begin();
                let response: Result<Response<Body>, Infallible> =
                    router.oneshot(request.map(Body::new)).await;
                connection.finish();
                response
            }
        });
        let mut served = pin!(protocol.serve_connection(TokioIo::new(stream), answer));
        if !first_request(served.as_mut(), connection).await {
            return;
        }
        tokio::select! {
            ended = served.as_mut() => log_end(ended),
            () = self.stop.cancelled() => {
                served.as_mut().graceful_shutdown();
                log_end(served.await);
            }
        }
    }
}

/// Serves until a first request came; `false` where none came in time, or the connection ended.
async fn first_request<F, E>(mut served: Pin<&mut F>, connection: &Connection) -> bool
where
    F: Future<Output = Result<(), E>>,
    E: std::fmt::Display,
{
    let mut patience = pin!(sleep(FIRST_REQUEST));
    let ended = std::future::poll_fn(|context| {
        if let std::task::Poll::Ready(ended) = served.as_mut().poll(context) {
            log_end(ended);
            return std::task::Poll::Ready(true);
        }
        if connection.is_proven() {
            return std::task::Poll::Ready(false);
        }
        patience.as_mut().poll(context).map(|()| true)
    });
    !ended.await
}

fn log_end(ended: Result<(), impl std::fmt::Display>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}
