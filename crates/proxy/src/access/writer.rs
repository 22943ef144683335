//! The thread that writes the access log.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::target::Target;
use super::{Counts, Line};
use crate::event::Event;
use crate::say::say;

/// The writer's nap while traffic flows: senders find it awake-ish and make no system call to wake it.
const NAP: Duration = Duration::from_millis(10);
/// Naps without a line after which the writer sleeps until one comes.
const NAPS: u32 = 50;
/// Between two tries to write to a full disk.
const REST: Duration = Duration::from_millis(50);
/// A log that has lost nothing for so long is well again; one that is barely fast enough is not told of all the time.
const WELL: Duration = Duration::from_secs(1);
/// Bytes that are gathered before they are written.
const GATHERED: usize = 1 << 16;

/// What workers hand over: a line; nothing when there is an order to look at.
pub type Item = Option<Line>;

/// What the writer is asked to do.
#[derive(Debug)]
pub enum Order {
    /// Write there from now on; nowhere when there is nothing.
    Switch(Option<Target>),
    /// Open the file anew under its name.
    Reopen,
    /// Write what there is and end, at this moment at the latest.
    End(Instant),
}

/// The writer at work.
pub struct Writing {
    lines: Receiver<Item>,
    orders: Arc<Mutex<Vec<Order>>>,
    counts: Arc<Counts>,
    target: Option<Target>,
    /// Whole lines, of which the first bytes may be written.
    gathered: Vec<u8>,
    written: usize,
    end: Option<Instant>,
    behind: Option<Behind>,
    /// Lines that were dropped when this was last looked at.
    seen: u64,
}

/// The log is behind, and this was said.
struct Behind {
    /// Lines that had been dropped before.
    before: u64,
    /// When it last was.
    last: Instant,
}

impl Writing {
    /// Nothing is written before a target is given.
    pub fn new(lines: Receiver<Item>, orders: Arc<Mutex<Vec<Order>>>, counts: Arc<Counts>) -> Self {
        Self {
            lines,
            orders,
            counts,
            target: None,
            gathered: Vec::with_capacity(GATHERED + 4096),
            written: 0,
            end: None,
            behind: None,
            seen: 0,
        }
    }

    /// Writes until the end is ordered, or nobody is left who could order it.
    pub fn run(mut self) {
        let mut idle = 0;
        loop {
            self.obey();
            let alive = self.gather();
            if !self.gathered.is_empty() {
                idle = 0;
                self.put();
                self.watch(None);
            } else if !alive || self.end.is_some() {
                break;
            } else {
                self.look_back();
                idle += 1;
                if idle < NAPS || self.behind.is_some() {
                    thread::sleep(NAP);
                } else {
                    self.sleep();
                }
            }
            if self.end.is_some_and(|end| Instant::now() >= end) {
                break;
            }
        }
        self.give_up();
    }

    /// Takes lines while there is room for them; whether more may come.
    fn gather(&mut self) -> bool {
        while self.gathered.len() < GATHERED {
            match self.lines.try_recv() {
                Ok(item) => self.take(item),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
        true
    }

    fn take(&mut self, item: Item) {
        let Some(line) = item else { return };
        if self.target.is_none() {
            // Whoever turns the log on gives its target first.
            self.obey();
        }
        if self.target.is_none() {
            return;
        }
        let start = self.gathered.len();
        // A line is plain data, which JSON can always hold.
        if serde_json::to_writer(&mut self.gathered, &line).is_ok() {
            self.gathered.push(b'\n');
        } else {
            self.gathered.truncate(start);
            self.counts.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Sleeps until there is something to do.
    fn sleep(&mut self) {
        match self.lines.recv_timeout(Duration::from_secs(3600)) {
            Ok(item) => self.take(item),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
    }

    /// Writes what was gathered, as far as it goes.
    fn put(&mut self) {
        while let Some(target) = &mut self.target {
            let rest = &self.gathered[self.written..];
            match target.write(rest) {
                Ok(0) => return self.rest(&io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.counts.written.fetch_add(lines(&rest[..count]), Relaxed);
                    self.written += count;
                    if self.written == self.gathered.len() {
                        self.gathered.clear();
                        self.written = 0;
                        return;
                    }
                }
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => return self.rest(&why),
            }
            if !self.orders.lock().is_empty() {
                return;
            }
        }
    }

    /// The log takes nothing at the moment. A pipe was waited for already, and its reader may be about to come.
    fn rest(&mut self, why: &io::Error) {
        if why.kind() != io::ErrorKind::WouldBlock {
            self.watch(Some(why.to_string()));
            thread::sleep(REST);
        }
    }

    /// Says once that lines are lost, or may be.
    fn watch(&mut self, fault: Option<String>) {
        let dropped = self.counts.dropped.load(Relaxed);
        let before = std::mem::replace(&mut self.seen, dropped);
        if fault.is_none() && dropped == before {
            return;
        }
        let last = Instant::now();
        if let Some(behind) = &mut self.behind {
            behind.last = last;
        } else if let Some(target) = &self.target {
            self.behind = Some(Behind { before, last });
            let why = fault.unwrap_or_else(|| "it takes less than comes".to_owned());
            say(Event::AccessLogBehind { target: target.name(), why });
        }
    }

    /// Says once that all is well again, when it has been for a while.
    fn look_back(&mut self) {
        self.watch(None);
        if let Some(behind) = self.behind.take_if(|behind| behind.last.elapsed() >= WELL)
            && let Some(target) = &self.target
        {
            let lost = self.seen - behind.before;
            say(Event::AccessLogCaughtUp { target: target.name(), lost });
        }
    }

    fn obey(&mut self) {
        let orders = std::mem::take(&mut *self.orders.lock());
        for order in orders {
            match order {
                Order::Switch(Some(target)) => self.turn_to(target),
                Order::Switch(None) => self.turn_off(),
                Order::Reopen => self.reopen(),
                Order::End(at) => self.end = Some(at),
            }
        }
    }

    fn reopen(&mut self) {
        let Some(target) = &self.target else { return };
        let name = target.name();
        match target.reopened() {
            Ok(anew) => {
                if let Some(anew) = anew {
                    self.turn_to(anew);
                }
                say(Event::AccessLogReopened { target: name });
            }
            Err(why) => {
                say(Event::AccessLogNotReopened { target: name, why: why.to_string() });
            }
        }
    }

    /// What was made before goes to the old target as far as it takes it; the rest goes to the new one.
    fn turn_to(&mut self, target: Target) {
        if self.target.is_some() {
            self.gather();
            self.put_once();
            self.tear_off();
        }
        self.target = Some(target);
    }

    fn turn_off(&mut self) {
        loop {
            self.gather();
            if self.gathered.is_empty() {
                break;
            }
            let before = self.gathered.len() - self.written;
            self.put_once();
            if self.gathered.len() - self.written == before {
                break;
            }
        }
        self.tear_off();
        self.lose();
        self.target = None;
        self.behind = None;
    }

    /// Writes until the target takes no more, without waiting for it.
    fn put_once(&mut self) {
        while let Some(target) = &mut self.target
            && self.written < self.gathered.len()
        {
            let rest = &self.gathered[self.written..];
            let Ok(count @ 1..) = target.write(rest) else { return };
            self.counts.written.fetch_add(lines(&rest[..count]), Relaxed);
            self.written += count;
        }
        self.gathered.clear();
        self.written = 0;
    }

    /// Leaves only whole lines, in the target and in what was gathered: a line that was begun is taken back and stays.
    fn tear_off(&mut self) {
        let whole = self.gathered[..self.written].iter().rposition(|&byte| byte == b'\n');
        let start = whole.map_or(0, |at| at + 1);
        if let Some(target) = &self.target {
            target.take_back(&self.gathered[start..self.written]);
        }
        self.gathered.drain(..start);
        self.written = 0;
    }

    fn lose(&mut self) -> u64 {
        let lost = lines(&self.gathered);
        self.counts.dropped.fetch_add(lost, Relaxed);
        self.gathered.clear();
        lost
    }

    /// What is left when the end has come is lost.
    fn give_up(mut self) {
        self.tear_off();
        let mut lost = self.lose();
        if self.target.is_some() {
            let waiting = self.lines.try_iter().flatten().count() as u64;
            self.counts.dropped.fetch_add(waiting, Relaxed);
            lost += waiting;
        }
        if lost > 0 {
            say(Event::AccessLogCut { lost });
        }
    }
}

/// Ends of lines among the bytes; inside a line JSON writes them otherwise.
#[expect(clippy::naive_bytecount, reason = "nobody waits for this thread")]
fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}
