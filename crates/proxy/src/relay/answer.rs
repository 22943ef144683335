//! Answers of the proxy itself, and the end of a connection after them. Rare, so these futures are boxed.

use std::future::poll_fn;
use std::io;
use std::task::{Poll, ready};

use evenly_core::{Nanos, Reason};
use evenly_wire::Rule;
use evenly_wire::refusal::{self, Refusal, Refused};

use super::intake::Request;
use super::tally::{full_name, log_unread};
use super::watched::label;
use super::{After, Connection};
use crate::clock;
use crate::worker::Local;

/// How long, and how many bytes, a client may go on sending to a connection that is being closed. Closing at once
/// would reset it, and the answer would be lost on the way.
const LINGER: (Nanos, usize) = (Nanos::from_secs(2), 1 << 20);

/// The status that goes with a reason.
pub const fn status(reason: Reason, rule: Option<Rule>) -> u16 {
    match (reason, rule) {
        (Reason::BadRequest, Some(rule)) => rule.status(),
        (Reason::BadRequest, None) => 400,
        (Reason::RequestTimeout, _) => 408,
        (Reason::ConnectFailed | Reason::NodeReset | Reason::BadResponse, _) => 502,
        (Reason::ConnectTimeout | Reason::ResponseTimeout, _) => 504,
        _ => 503,
    }
}

/// Answers a request that could not be read. Nothing more can be understood on its connection.
pub async fn misread(
    local: &Local,
    connection: &mut Connection,
    reason: Reason,
    rule: Option<Rule>,
) -> After {
    connection.rules.meter.refused.count(reason, rule.map(Rule::name));
    let mut out = Vec::new();
    let name = full_name(reason, rule);
    let answer = Refusal {
        status: status(reason, rule),
        reason: &name,
        named: true,
        close: true,
        retry_after: None,
    };
    refusal::write(&answer, Refused::default(), &mut out);
    if connection.rules.debug {
        label(&mut out, 0, connection, None);
    }
    if local.shared.access.is_on() {
        log_unread(local, connection, answer.status, name.clone(), out.len());
    }
    if write_all(connection, &out).await.is_ok() {
        linger(local, connection).await;
    }
    After::Close
}

/// Answers a request that no node has answered.
pub async fn refuse(
    local: &Local,
    connection: &mut Connection,
    request: &mut Request,
    retry_after: Option<u64>,
) -> After {
    let reason = request.tally.reason.unwrap_or(Reason::NoNode);
    let name = full_name(reason, request.tally.rule);
    // What is left of the body would be taken for the next request.
    let whole = request.carrier.is_done() && reason != Reason::BadRequest;
    let close = !whole || !request.keep_alive || connection.is_leaving(local);
    let status = status(reason, request.tally.rule);
    let mut out = Vec::new();
    let answer = Refusal { status, reason: &name, named: true, close, retry_after };
    refusal::write(&answer, Refused::by(request.version, request.asked), &mut out);
    if connection.rules.debug {
        label(&mut out, 0, connection, Some(&request.tally));
    }
    request.tally.status = status;
    request.tally.sent += out.len() as u64;
    connection.idle_since = clock::now();
    match (write_all(connection, &out).await, close) {
        (Err(_), _) => After::Close,
        (Ok(()), true) => After::Linger,
        (Ok(()), false) => After::KeepAlive,
    }
}

/// Writes all of it, as long as the client takes some of it within the idle timeout.
pub async fn write_all(connection: &mut Connection, bytes: &[u8]) -> io::Result<()> {
    let mut at = 0;
    let idle = connection.rules.idle;
    connection.alarm.set(clock::now().plus(idle));
    poll_fn(|cx| {
        while at < bytes.len() {
            if connection.alarm.rung() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            match ready!(connection.stream.poll_write(cx, &bytes[at..])) {
                Ok(written) => at += written,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    })
    .await
}

/// Ends our half, then reads what the client still sends until it ends too, within bounds.
pub async fn linger(local: &Local, connection: &mut Connection) {
    connection.alarm.set(clock::now().plus(LINGER.0));
    let mut left = LINGER.1;
    let ended = poll_fn(|cx| {
        ready!(connection.stream.poll_shutdown(cx)).ok();
        loop {
            if connection.alarm.rung() || left == 0 {
                return Poll::Ready(());
            }
            let scratch = &mut *local.scratch.borrow_mut();
            match ready!(connection.stream.poll_read(cx, &mut scratch.input)) {
                Ok(read) if read > 0 => left = left.saturating_sub(read),
                _ => return Poll::Ready(()),
            }
        }
    });
    ended.await;
}
