//! What is counted and logged about a request.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use evenly_core::{Nanos, Reason};
use evenly_wire::{Relaxed, RequestHead, Rule};

use super::Connection;
use super::watched::Watched;
use crate::access::{Line, Phases};
use crate::clock;
use crate::pool::Berth;
use crate::worker::Local;

/// One request, as metrics and the access log will tell it.
pub struct Tally {
    /// When its head was complete.
    pub started: Nanos,
    /// When the last try began.
    pub asked: Nanos,
    /// When the response head was there.
    pub answered: Option<Nanos>,
    /// When all was over; equal to `started` until then.
    pub ended: Nanos,
    /// Time spent waiting for a node's free place.
    pub queued: Nanos,
    /// Time the last try spent on a new connection.
    pub connecting: Nanos,
    /// Whether the last try was made on a connection that had carried others.
    pub reused: bool,
    /// What the client got; 0 when it left before.
    pub status: u16,
    /// Why the proxy answered itself or gave up.
    pub reason: Option<Reason>,
    /// Which framing rule was broken.
    pub rule: Option<Rule>,
    /// Nodes tried.
    pub tries: u32,
    /// Bytes read from the client.
    pub received: u64,
    /// Bytes written to the client.
    pub sent: u64,
    /// The node that answered, or was tried last.
    pub node: Option<Rc<Berth>>,
    /// What is noted when it is looked at more closely.
    pub watched: Option<Box<Watched>>,
    words: Option<Box<Words>>,
}

/// What only the log wants.
struct Words {
    id: Option<String>,
    method: Cow<'static, str>,
    path: String,
}

impl Tally {
    /// At the end of a request's head.
    pub fn begin(head: &RequestHead<'_>, local: &Local) -> Self {
        let now = clock::now();
        let words = local.shared.access.is_on().then(|| Box::new(Words::of(head)));
        Self {
            started: now,
            asked: now,
            answered: None,
            ended: now,
            queued: Nanos::ZERO,
            connecting: Nanos::ZERO,
            reused: false,
            status: 0,
            reason: None,
            rule: None,
            tries: 0,
            received: head.len as u64,
            sent: 0,
            node: None,
            watched: None,
            words,
        }
    }

    /// Remembers the request's id for the log.
    pub fn identify(&mut self, id: String) {
        if let Some(words) = &mut self.words {
            words.id = Some(id);
        }
    }

    /// Gives up for a reason.
    pub fn fail(&mut self, reason: Reason, rule: Option<Rule>) {
        self.reason = Some(reason);
        self.rule = rule;
    }

    /// Counts and logs it.
    pub fn finish(mut self, local: &Local, connection: &Connection) {
        let meter = &connection.rules.cluster.meter;
        meter.answers.count(self.status);
        meter.received.add(self.received);
        meter.sent.add(self.sent);
        if let Some(answered) = self.answered {
            meter.latency.observe(answered.since(self.started));
        }
        if self.tries > 1 {
            meter.retries.add(u64::from(self.tries - 1));
        }
        if let Some(reason) = self.reason {
            meter.refused.count(reason, self.rule.map(Rule::name));
        }
        if self.watched.is_some() {
            self.decided(local, connection);
        }
        if self.words.is_some() {
            self.log(local, connection);
        }
    }

    #[cold]
    fn log(self, local: &Local, connection: &Connection) {
        let Some(words) = self.words else { return };
        let now = clock::now();
        let total = now.since(self.started);
        let reason = self.reason.map(|reason| full_name(reason, self.rule));
        local.shared.access.write(Line {
            time: SystemTime::now() - Duration::from_nanos(total.0),
            id: words.id,
            edition: connection.rules.edition,
            listener: Arc::clone(&connection.rules.live.name),
            connection: connection.number,
            client: connection.peer,
            cluster: Arc::clone(connection.rules.cluster.balancer.name()),
            reused: self.node.is_some() && self.reused,
            node: self.node.map(|berth| Arc::clone(berth.id())),
            method: words.method,
            path: words.path,
            status: self.status,
            reason,
            tries: self.tries,
            bytes_in: self.received,
            bytes_out: self.sent,
            seconds: Phases {
                total,
                queue: self.queued,
                connect: self.connecting,
                node: self.answered.map_or(Nanos::ZERO, |answered| answered.since(self.asked)),
                body: self.answered.map_or(Nanos::ZERO, |answered| now.since(answered)),
            },
        });
    }
}

/// Logs a request of which not even the head could be read, so that each refusal has its line.
#[cold]
pub fn log_unread(
    local: &Local,
    connection: &Connection,
    status: u16,
    reason: Cow<'static, str>,
    sent: usize,
) {
    let rules = &connection.rules;
    local.shared.access.write(Line {
        time: SystemTime::now(),
        id: None,
        edition: rules.edition,
        listener: Arc::clone(&rules.live.name),
        connection: connection.number,
        client: connection.peer,
        cluster: Arc::clone(rules.cluster.balancer.name()),
        node: None,
        reused: false,
        method: Cow::Borrowed(""),
        path: String::new(),
        status,
        reason: Some(reason),
        tries: 0,
        bytes_in: connection.rest.len() as u64,
        bytes_out: sent as u64,
        seconds: Phases::default(),
    });
}

impl Words {
    fn of(head: &RequestHead<'_>) -> Self {
        const KNOWN: [&str; 7] = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"];
        let known = KNOWN.iter().find(|known| known.as_bytes() == head.method);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            id: None,
            method: known
                .map_or_else(|| Cow::Owned(text(head.method)), |known| Cow::Borrowed(*known)),
            path: text(head.target),
        }
    }
}

/// `at_capacity`, or with its rule `bad_request:obs_fold`.
pub fn full_name(reason: Reason, rule: Option<Rule>) -> Cow<'static, str> {
    match rule {
        Some(rule) => Cow::Owned(format!("{}:{}", reason.name(), rule.name())),
        None => Cow::Borrowed(reason.name()),
    }
}

impl Connection {
    /// Counts the rules that a client's message was excused for.
    #[cold]
    pub fn note_relaxed(&self, relaxed: Relaxed) {
        for rule in relaxed.iter() {
            self.rules.meter.relaxed.count(Reason::BadRequest, Some(rule.name()));
        }
    }
}
