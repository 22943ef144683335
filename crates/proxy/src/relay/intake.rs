//! Reading a request: its head, and the part of its body that came along.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use evenly_core::{Nanos, Reason};
use evenly_wire::response::Asked;
use evenly_wire::{Body, Carrier, Parsed, RequestHead, Rule, Version, chunked, refusal, request};

use super::tally::Tally;
use super::{AHEAD, Connection, answer};
use crate::clock;
use crate::phase::Phase;
use crate::worker::{Local, Scratch};

/// How long a connection that was idle when draining began is still listened to. A request on its way then arrives
/// and is answered; whoever is really idle is let go.
const LAST_CALL: Nanos = Nanos::from_secs(1);

/// How long the head of a chunked request is held back for its first chunk-size line. Clients that send a head and
/// wait for the node's word before their first chunk are rare, and wait this much longer.
const HELD: Nanos = Nanos::from_millis(250);

/// A request as the relay needs it: the bytes for the node, and what decides how its answer is read and passed on.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own; together they are no state"
)]
pub struct Request {
    /// The head for the node, then as much of the body as was read and is not forgotten yet.
    pub out: Vec<u8>,
    /// Bytes of `out` that the node has taken.
    pub sent: usize,
    /// Where the body begins in `out`.
    head: usize,
    /// `out` still begins with the head, so the request can be sent again.
    pub kept: bool,
    /// Reads the body.
    pub carrier: Carrier,
    /// What the response must be read with.
    pub asked: Asked,
    /// The client's version.
    pub version: Version,
    /// Whether the client may send another request.
    pub keep_alive: bool,
    /// Whether doing it twice is the same as doing it once.
    pub idempotent: bool,
    /// What is hashed.
    pub key: Option<Box<[u8]>>,
    /// What is told about it in the end.
    pub tally: Tally,
    /// The client waits for `100 Continue`.
    asks: bool,
    /// Its body is chunked and the first size line is not complete.
    held: bool,
}

/// What came of waiting for a request.
pub enum Intake {
    /// One that keeps all rules. Boxed, because an idle connection should not pay for its room.
    Request(Box<Request>),
    /// The client left, or nothing came in time.
    Gone,
    /// One that is answered at once.
    Refused(Reason, Option<Rule>),
}

/// Waits for the next request.
pub async fn next(local: &Local, connection: &mut Connection) -> Intake {
    let idle = connection.rules.idle;
    connection.alarm.set(connection.idle_since.plus(idle));
    let mut unread = !connection.rest.is_empty();
    let mut begun = None;
    poll_fn(|cx| {
        if connection.rest.is_empty() && connection.is_leaving(local) {
            if connection.phase(local) == Phase::Ended {
                return Poll::Ready(Intake::Gone);
            }
            if begun.is_none() {
                // Marks that the last call was made.
                begun = Some(Nanos::ZERO);
                connection.alarm.set(clock::now().plus(LAST_CALL));
            }
        }
        // Looked at before the bytes, acted upon after them: what has come just in time is read.
        let late = connection.alarm.rung();
        loop {
            let looked = connection.poll_head(cx, local, unread);
            let step = match looked {
                Poll::Ready(step) => step,
                Poll::Pending if !late => return Poll::Pending,
                Poll::Pending if connection.rest.is_empty() => return Poll::Ready(Intake::Gone),
                Poll::Pending => return Poll::Ready(Intake::Refused(Reason::RequestTimeout, None)),
            };
            match step {
                Some(intake) => return Poll::Ready(intake),
                None if begun.is_none_or(|at| at == Nanos::ZERO) => {
                    // The first bytes of a head: from now on its own deadline counts, and draining waits for it.
                    let now = clock::now();
                    begun = Some(now);
                    connection.alarm.set(now.plus(connection.rules.head));
                }
                None => {}
            }
            unread = false;
        }
    })
    .await
}

impl Connection {
    /// Reads once (or, with `unread`, looks at what is there); `None` when the head is not complete.
    fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        local: &Local,
        unread: bool,
    ) -> Poll<Option<Intake>> {
        let scratch = &mut *local.scratch.borrow_mut();
        let Scratch { input, piece, slots, .. } = scratch;
        let have = self.rest.len();
        input[..have].copy_from_slice(&self.rest);
        let read = if unread {
            0
        } else {
            match ready!(self.stream.poll_read(cx, &mut input[have..])) {
                Ok(read) if read > 0 => read,
                _ => return Poll::Ready(Some(Intake::Gone)),
            }
        };
        if self.edition != local.edition() {
            self.follow(local);
        }
        let terms = self.rules.terms;
        let bytes = &input[..have + read];
        // A head that grew without a new line cannot have become complete: whoever sends it byte by byte does not
        // have it read from the start each time.
        let grown = have == 0
            || unread
            || bytes.len() >= terms.head_bytes
            || bytes[have..].contains(&b'\n');
        let head = if grown { request::parse(bytes, slots, &terms) } else { Ok(Parsed::Partial) };
        match head {
            Err(rule) => Poll::Ready(Some(Intake::Refused(Reason::BadRequest, Some(rule)))),
            Ok(Parsed::Partial) => {
                slots.reset();
                self.rest.extend_from_slice(&input[have..have + read]);
                Poll::Ready(None)
            }
            Ok(Parsed::Complete(head)) => {
                let body = &bytes[head.len..];
                let mut request = Box::new(Request::new(&head, local, self));
                request.asks = head.expect_continue && body.is_empty();
                if head.body == Body::Chunked {
                    match chunked::opens_well(body, terms.relaxed) {
                        Ok(well) => request.held = !well,
                        Err(rule) => {
                            return Poll::Ready(Some(Intake::Refused(
                                Reason::BadRequest,
                                Some(rule),
                            )));
                        }
                    }
                }
                let rest = if request.held { Ok(body) } else { request.take(body, piece) };
                Poll::Ready(Some(match rest {
                    Ok([]) => {
                        if have > 0 {
                            self.rest = Vec::new();
                        }
                        Intake::Request(request)
                    }
                    Ok(rest) => {
                        self.rest.clear();
                        self.rest.extend_from_slice(rest);
                        Intake::Request(request)
                    }
                    Err(rule) => Intake::Refused(Reason::BadRequest, Some(rule)),
                }))
            }
        }
    }
}

impl Request {
    fn new(head: &RequestHead<'_>, local: &Local, connection: &Connection) -> Self {
        let rules = &connection.rules;
        if !head.excused.is_empty() {
            connection.note_relaxed(head.excused);
        }
        let mut out = Vec::new();
        let carrier = head.write(&connection.forward, rules.terms.relaxed, &mut out);
        let mut tally = Tally::begin(head, local);
        if rules.request_id {
            tally.identify(local.ids.give(head, connection.forward.trusted, &mut out));
        }
        Self {
            head: out.len(),
            out,
            sent: 0,
            kept: true,
            carrier,
            asked: head.asked(),
            version: head.version,
            keep_alive: head.keep_alive,
            idempotent: head.idempotent(),
            key: rules.cluster.key.of(head, connection.peer),
            tally,
            asks: false,
            held: false,
        }
    }

    /// Whether something must be done before a node is asked.
    pub fn wants_care(&self) -> bool {
        self.asks || self.held
    }

    /// Whether the node has got everything.
    pub fn is_sent(&self) -> bool {
        self.sent == self.out.len() && self.carrier.is_done()
    }

    /// Bytes of the body in `out`.
    pub fn body_kept(&self) -> usize {
        self.out.len() - self.head
    }

    /// Takes what belongs to the body; what is left belongs to the next request.
    pub fn take<'a>(&mut self, bytes: &'a [u8], piece: &mut Vec<u8>) -> Result<&'a [u8], Rule> {
        if self.carrier.is_done() {
            return Ok(bytes);
        }
        let carried = self.carrier.carry(bytes, piece)?;
        self.out.extend_from_slice(carried.bytes);
        self.tally.received += carried.consumed as u64;
        Ok(&bytes[carried.consumed..])
    }
}

/// Tells the client to go on, and holds the head back until the first chunk-size line is known to be well formed.
pub async fn care(
    local: &Local,
    connection: &mut Connection,
    request: &mut Request,
) -> Result<(), (Reason, Option<Rule>)> {
    let relaxed = connection.rules.terms.relaxed;
    if request.asks {
        answer::write_all(connection, refusal::CONTINUE)
            .await
            .map_err(|_| (Reason::ClientGone, None))?;
    }
    if !request.held {
        return Ok(());
    }
    connection.alarm.set(clock::now().plus(HELD));
    loop {
        let read = poll_fn(|cx| {
            if connection.alarm.rung() {
                return Poll::Ready(None);
            }
            let scratch = &mut *local.scratch.borrow_mut();
            // A size line is short, and so is what was read before it is complete.
            let room = AHEAD.saturating_sub(connection.rest.len());
            let room = &mut scratch.input[..room];
            let read = ready!(connection.stream.poll_read(cx, room)).unwrap_or(0);
            connection.rest.extend_from_slice(&scratch.input[..read]);
            Poll::Ready(Some(read))
        })
        .await;
        match read {
            Some(0) => return Err((Reason::ClientGone, None)),
            Some(_) => {}
            None => break,
        }
        match chunked::opens_well(&connection.rest, relaxed) {
            Ok(false) => {}
            Ok(true) => break,
            Err(rule) => return Err((Reason::BadRequest, Some(rule))),
        }
    }
    let read = std::mem::take(&mut connection.rest);
    let mut piece = Vec::new();
    let rest = request.take(&read, &mut piece).map_err(|rule| (Reason::BadRequest, Some(rule)))?;
    connection.rest = rest.to_vec();
    Ok(())
}
