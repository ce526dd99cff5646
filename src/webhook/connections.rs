//! How many connections there are, and which one goes when there are too many.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::metrics::gauge::Gauge;
use tokio_util::sync::CancellationToken;

/// The open connections, never more than a limit.
#[derive(Debug)]
pub struct Connections {
    limit: usize,
    /// Shows how many there are.
    gauge: Gauge,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    by_age: BTreeMap<u64, Arc<Connection>>,
}

/// One connection, as long as it is open.
#[derive(Debug, Default)]
pub struct Connection {
    /// Ends it.
    pub end: CancellationToken,
    begun: AtomicU64,
    ended: AtomicU64,
}

/// Takes the connection off the list when it is dropped.
#[derive(Debug)]
pub struct Admitted {
    number: u64,
    /// The connection.
    pub connection: Arc<Connection>,
    all: Arc<Connections>,
}

impl Connection {
    /// Whether any request came on it.
    pub fn is_proven(&self) -> bool {
        self.begun.load(Ordering::Relaxed) > 0
    }

    /// A request comes.
    pub fn begin(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    /// A request is answered.
    pub fn finish(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    fn is_busy(&self) -> bool {
        self.begun.load(Ordering::Relaxed) != self.ended.load(Ordering::Relaxed)
    }
}

impl Connections {
    /// No more than `limit` at once; `gauge` shows how many there are.
    pub fn new(limit: usize, gauge: Gauge) -> Arc<Self> {
        Arc::new(Self {
            limit,
            gauge,
            open: Mutex::default(),
        })
    }

    /// Lets a connection in. Where there are too many, the oldest goes on which no request ever came, else the
    /// oldest on which none is being answered: idle ones must not keep the API server out. `None`: all are busy.
    pub fn admit(self: &Arc<Self>) -> Option<Admitted> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.by_age.len() >= self.limit {
            let idle = open.by_age.iter().filter(|(_, it)| !it.is_busy());
            let victim = idle.min_by_key(|(number, it)| (it.is_proven(), **number))?;
            let number = *victim.0;
            victim.1.end.cancel();
            open.by_age.remove(&number);
        }
        let number = open.next;
        open.next += 1;
        let connection = Arc::new(Connection::default());
        open.by_age.insert(number, Arc::clone(&connection));
        self.show(&open);
        Some(Admitted {
            number,
            connection,
            all: Arc::clone(self),
        })
    }

    fn show(&self, open: &Open) {
        self.gauge
            .set(i64::try_from(open.by_age.len()).unwrap_or(i64::MAX));
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut open = self.all.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.by_age.remove(&self.number);
        self.all.show(&open);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_ones_make_room_and_busy_ones_do_not() {
        let gauge = Gauge::default();
        let all = Connections::new(3, gauge.clone());
        let (proven, silent, busy) = (all.admit().unwrap(), all.admit().unwrap(), all.admit().unwrap());
        proven.connection.begin();
        proven.connection.finish();
        busy.connection.begin();

        let fourth = all.admit().unwrap();
        assert!(silent.connection.end.is_cancelled() && !proven.connection.end.is_cancelled());
        fourth.connection.begin();
        let fifth = all.admit().unwrap();
        assert!(proven.connection.end.is_cancelled());
        fifth.connection.begin();
        assert!(all.admit().is_none());
        assert!(!busy.connection.end.is_cancelled());

        drop(fifth);
        assert_eq!(gauge.get(), 2);
        assert!(all.admit().is_some());
    }
}
