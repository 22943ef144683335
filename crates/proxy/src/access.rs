//! The access log: one JSON line per request, written by a thread of its own.
//!
//! Workers hand a [`Line`] to a bounded channel and never wait: when the disk is slower than the traffic, lines are
//! dropped and counted.

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use evenly_core::Nanos;
use serde::{Serialize, Serializer};

use crate::config::AccessTo;

/// Lines that may wait for the writer: 80 ms of a hundred thousand requests per second, eight times its nap.
const WAITING: usize = 8192;
/// The writer's nap while traffic flows: senders find it awake-ish and make no system call to wake it.
const NAP: Duration = Duration::from_millis(10);
/// Naps without a line after which the writer sleeps until one comes.
const NAPS: u32 = 50;

/// One request as the log tells it.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// When its first byte was read.
    #[serde(serialize_with = "moment")]
    pub time: SystemTime,
    /// The listener it came in by.
    pub listener: Arc<str>,
    /// Who sent it; nothing for UNIX sockets.
    pub client: Option<IpAddr>,
    /// The cluster it went to.
    pub cluster: Arc<str>,
    /// The node that answered, or was tried last.
    pub node: Option<Arc<str>>,
    /// Its method.
    pub method: Cow<'static, str>,
    /// Its target as sent, query included.
    pub path: String,
    /// The status sent to the client; 0 when the client left before one.
    pub status: u16,
    /// Why the proxy answered itself or gave up, when it did.
    pub reason: Option<Cow<'static, str>>,
    /// Nodes tried.
    pub tries: u32,
    /// Bytes read from the client.
    pub bytes_in: u64,
    /// Bytes written to the client.
    pub bytes_out: u64,
    /// Where its time went.
    pub seconds: Phases,
}

/// Where a request's time went.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Phases {
    /// From its first byte to its last.
    #[serde(serialize_with = "seconds")]
    pub total: Nanos,
    /// Waiting for a node's free place.
    #[serde(serialize_with = "seconds")]
    pub queue: Nanos,
    /// From the last try's start to the response head.
    #[serde(serialize_with = "seconds")]
    pub node: Nanos,
    /// From the response head to the last byte of the body.
    #[serde(serialize_with = "seconds")]
    pub body: Nanos,
}

/// Where workers drop their lines. Cloned freely.
#[derive(Clone, Debug)]
pub struct Access {
    sender: Option<SyncSender<Line>>,
    dropped: Arc<AtomicU64>,
}

/// The thread that writes; ends when every [`Access`] is gone.
#[derive(Debug)]
pub struct Writer(Option<JoinHandle<()>>);

impl Writer {
    /// Waits until what was handed in is written, but no longer than `patience`: a disk that hangs must not keep a
    /// process from ending. Every [`Access`] must have been dropped.
    pub fn finish(self, patience: Duration) {
        let start = Instant::now();
        while self.0.as_ref().is_some_and(|thread| !thread.is_finished())
            && start.elapsed() < patience
        {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Access {
    /// Opens the log, and starts its writer when there is one to write.
    pub fn open(to: &AccessTo) -> io::Result<(Self, Writer)> {
        let dropped = Arc::new(AtomicU64::new(0));
        let out: Box<dyn Write + Send> = match to {
            AccessTo::Off => return Ok((Self { sender: None, dropped }, Writer(None))),
            AccessTo::Stdout => Box::new(io::stdout()),
            AccessTo::File(path) => {
                Box::new(OpenOptions::new().create(true).append(true).open(path)?)
            }
        };
        let (sender, lines) = sync_channel(WAITING);
        let lost = Arc::clone(&dropped);
        let thread = thread::Builder::new()
            .name("access-log".into())
            .spawn(move || write_all(&lines, BufWriter::with_capacity(1 << 16, out), &lost))?;
        Ok((Self { sender: Some(sender), dropped }, Writer(Some(thread))))
    }

    /// Whether it is worth making a line.
    pub fn is_on(&self) -> bool {
        self.sender.is_some()
    }

    /// Hands a line to the writer, or drops it when the writer is behind.
    pub fn write(&self, line: Line) {
        if let Some(sender) = &self.sender
            && sender.try_send(line).is_err()
        {
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Lines dropped so far.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }
}

fn write_all(lines: &Receiver<Line>, mut out: BufWriter<Box<dyn Write + Send>>, lost: &AtomicU64) {
    let mut text = Vec::with_capacity(512);
    let mut put = |line: &Line, out: &mut BufWriter<Box<dyn Write + Send>>| {
        text.clear();
        // A line is plain data, which JSON can always hold.
        let written = serde_json::to_writer(&mut text, line).map_err(io::Error::from);
        text.push(b'\n');
        if written.and_then(|()| out.write_all(&text)).is_err() {
            lost.fetch_add(1, Relaxed);
        }
    };
    let mut idle = 0;
    loop {
        match lines.try_recv() {
            Ok(line) => {
                idle = 0;
                put(&line, &mut out);
                continue;
            }
            Err(TryRecvError::Disconnected) => break,
            Err(TryRecvError::Empty) => {}
        }
        // A full disk loses what was buffered; the next line tries again.
        let _ = out.flush();
        idle += 1;
        if idle < NAPS {
            thread::sleep(NAP);
        } else {
            match lines.recv_timeout(Duration::from_secs(3600)) {
                Ok(line) => {
                    idle = 0;
                    put(&line, &mut out);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    }
    let _ = out.flush();
}

/// UTC with milliseconds, as RFC 3339 writes it.
fn moment<S: Serializer>(time: &SystemTime, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(&humantime::format_rfc3339_millis(*time))
}

/// Seconds rounded to microseconds: finer is noise.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
fn seconds<S: Serializer>(span: &Nanos, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_f64((span.0 / 1000) as f64 / 1e6)
}
