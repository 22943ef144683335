//! Tells what happens: on standard error for the operator, and to whoever reads `/events` on the engine's socket.
//!
//! A thread of its own writes: whoever reads standard error slowly, or not at all, never holds up the thread that
//! accepts connections.

use std::io::{self, Write};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, SystemTime};

use tokio::sync::broadcast;

use crate::config::EventsAs;
use crate::event::{Event, unix};

/// Events that may wait for whoever reads them; more than that are lost and counted.
const WAITING: usize = 256;

/// An event with its moment.
#[derive(Debug, Clone)]
pub struct Told {
    time: SystemTime,
    event: Event,
}

/// What the writing thread is handed.
enum Order {
    Tell(Told),
    /// Everything before it was written.
    Done(SyncSender<()>),
}

struct Said {
    writer: Option<SyncSender<Order>>,
    hub: broadcast::Sender<Told>,
}

static JSON: AtomicBool = AtomicBool::new(false);
static LOST: AtomicU64 = AtomicU64::new(0);
static SAID: LazyLock<Said> = LazyLock::new(|| {
    let (sender, orders) = sync_channel(WAITING);
    let thread = thread::Builder::new().name("say".into()).spawn(move || write(&orders));
    Said { writer: thread.ok().map(|_| sender), hub: broadcast::Sender::new(WAITING) }
});

/// How lines on standard error are written from now on.
pub fn write_as(format: EventsAs) {
    JSON.store(format == EventsAs::Json, Relaxed);
}

/// Tells it soon.
pub fn say(event: Event) {
    let told = Told { time: SystemTime::now(), event };
    // Nobody may be listening, and that is well.
    let _ = SAID.hub.send(told.clone());
    if let Some(writer) = &SAID.writer
        && writer.try_send(Order::Tell(told)).is_err()
    {
        // Nobody reads standard error at the moment.
        LOST.fetch_add(1, Relaxed);
    }
}

/// Waits until what was said is written, but no longer than `patience`.
pub fn finish(patience: Duration) {
    let (done, written) = sync_channel(1);
    if let Some(writer) = &SAID.writer
        && writer.try_send(Order::Done(done)).is_ok()
    {
        // Whoever does not read its last words in time does without them.
        let _ = written.recv_timeout(patience);
    }
}

/// Everything that is said from now on.
pub fn listen() -> broadcast::Receiver<Told> {
    SAID.hub.subscribe()
}

fn write(orders: &Receiver<Order>) {
    for order in orders {
        match order {
            Order::Tell(told) => {
                put(&told);
                let count = LOST.swap(0, Relaxed);
                if count > 0 {
                    put(&Told { time: SystemTime::now(), event: Event::Lost { count } });
                }
            }
            // Whoever waited for it may have lost patience.
            Order::Done(done) => drop(done.send(())),
        }
    }
}

fn put(told: &Told) {
    let line = if JSON.load(Relaxed) {
        let time = humantime::format_rfc3339_millis(told.time).to_string();
        format!("{}\n", told.event.json(time.into()))
    } else {
        format!("evenly: {}\n", told.event)
    };
    // Standard error may be closed or full, and there is nobody else to complain to.
    let _ = io::stderr().write_all(line.as_bytes());
}

impl Told {
    /// One line of `/events`.
    pub fn line(&self) -> String {
        format!("{}\n", self.event.json(unix(self.time).into()))
    }

    /// What a reader is told that has missed `count` events.
    pub fn lost(count: u64) -> Self {
        Self { time: SystemTime::now(), event: Event::Lost { count } }
    }
}
