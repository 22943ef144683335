//! The access log: one JSON line per request, written by a thread of its own.
//!
//! Workers hand a [`Line`] to a bounded channel and never wait. When the log is slower than the traffic, or cannot be
//! written at all, the channel fills and lines are dropped whole and counted.

mod line;
mod target;
mod writer;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

pub use line::{Line, Phases};

use crate::config::AccessTo;
use target::Target;
use writer::{Item, Order, Writing};

/// Lines that may wait for the writer: 80 ms of a hundred thousand requests per second, eight times its nap.
const WAITING: usize = 8192;
/// Between two looks whether the writer has ended.
const LOOK: Duration = Duration::from_millis(1);
/// What a writer that gives up needs to say so; a pipe is waited for no longer than half of it.
const LAST_WORD: Duration = Duration::from_millis(100);

/// Where workers drop their lines. Cloned freely.
#[derive(Clone, Debug, Default)]
pub struct Access(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    on: AtomicBool,
    counts: Arc<Counts>,
    /// There once the log has been on.
    writer: Mutex<Option<Handle>>,
    /// The same channel, reached without the lock.
    sender: std::sync::OnceLock<SyncSender<Item>>,
}

#[derive(Debug)]
struct Handle {
    orders: Arc<Mutex<Vec<Order>>>,
    thread: JoinHandle<()>,
}

/// What has become of lines so far.
#[derive(Debug, Default)]
pub struct Counts {
    written: AtomicU64,
    dropped: AtomicU64,
}

impl Access {
    /// Opens the log, and starts its writer when there is one to write.
    pub fn open(to: &AccessTo) -> io::Result<Self> {
        let access = Self::default();
        access.switch(to)?;
        Ok(access)
    }

    /// Writes to another place from now on. The new one is opened first; when that fails nothing has changed.
    pub fn switch(&self, to: &AccessTo) -> io::Result<()> {
        let target = Target::open(to)?;
        let on = target.is_some();
        let mut writer = self.0.writer.lock();
        if writer.is_none() {
            if !on {
                return Ok(());
            }
            *writer = Some(self.start()?);
        }
        drop(writer);
        if on {
            self.order(Order::Switch(target));
            self.0.on.store(true, Relaxed);
        } else {
            // Lines made before have their place still; from here on none are made.
            self.0.on.store(false, Relaxed);
            self.order(Order::Switch(target));
        }
        Ok(())
    }

    fn start(&self) -> io::Result<Handle> {
        let (sender, lines) = sync_channel(WAITING);
        let orders = Arc::default();
        let writing = Writing::new(lines, Arc::clone(&orders), Arc::clone(&self.0.counts));
        let thread =
            thread::Builder::new().name("access-log".into()).spawn(move || writing.run())?;
        // There was no writer, hence no channel.
        let _ = self.0.sender.set(sender);
        Ok(Handle { orders, thread })
    }

    /// Opens the file anew under its name, for whoever has renamed it. How it went is said.
    pub fn reopen(&self) {
        self.order(Order::Reopen);
    }

    /// Waits until what was handed in is written, but no longer than `patience`: a disk that hangs must not keep a
    /// process from ending. What comes later is dropped.
    pub fn finish(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        self.order(Order::End(deadline));
        let running =
            || self.0.writer.lock().as_ref().is_some_and(|handle| !handle.thread.is_finished());
        // The writer gives up at its deadline and says so; this is for one that the kernel does not let go.
        while running() && Instant::now() < deadline + LAST_WORD {
            thread::sleep(LOOK);
        }
    }

    fn order(&self, order: Order) {
        if let Some(handle) = &*self.0.writer.lock() {
            handle.orders.lock().push(order);
        }
        if let Some(sender) = self.0.sender.get() {
            // A full channel means that the writer is awake.
            let _ = sender.try_send(None);
        }
    }

    /// Whether it is worth making a line.
    pub fn is_on(&self) -> bool {
        self.0.on.load(Relaxed)
    }

    /// Hands a line to the writer, or drops it when the writer is behind.
    pub fn write(&self, line: Line) {
        if self.is_on()
            && let Some(sender) = self.0.sender.get()
            && sender.try_send(Some(line)).is_err()
        {
            self.0.counts.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Lines written so far.
    pub fn written(&self) -> u64 {
        self.0.counts.written.load(Relaxed)
    }

    /// Lines lost so far.
    pub fn dropped(&self) -> u64 {
        self.0.counts.dropped.load(Relaxed)
    }
}
