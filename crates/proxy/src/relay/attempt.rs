//! From a request to its answer: a node on loan, a connection to it, and another try when the core allows one.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use evenly_core::{Attempt, Failure, Loan, Mishap, Nanos, Outcome, Reason, Tried, Verdict};
use tokio::time::sleep;

use super::exchange::{End, Exchange};
use super::intake::Request;
use super::tunnel::{self, Way};
use super::{After, Connection, answer, waiting, watched};
use crate::pool::Berth;
use crate::probe::is_ours;
use crate::stream::Stream;
use crate::worker::Local;
use crate::{clock, descriptors};

/// How long a connection to a node waits for a descriptor that somebody gives up.
const SHORTAGE: Duration = Duration::from_millis(10);

/// Statuses that count as the node's failure. 501 and 505 answer the request, they do not fail it.
pub(super) const fn fails(status: u16) -> bool {
    status >= 500 && !matches!(status, 501 | 505)
}

/// Has a request answered, by a node or by ourselves.
pub async fn run(local: &Local, connection: &mut Connection, request: &mut Request) -> After {
    let cluster = Rc::clone(&connection.rules.cluster);
    let balancer = &cluster.balancer;
    let mut tried = Tried::default();
    loop {
        let now = request.tally.asked;
        let mut loan = match watched::pick(local, connection, request, &tried, now) {
            Ok(loan) => loan,
            Err(refusal) => {
                match Box::pin(waiting::wait(local, connection, request, balancer, &tried, refusal))
                    .await
                {
                    Ok(loan) => loan,
                    Err(after) => return after,
                }
            }
        };
        request.tally.tries += 1;
        request.tally.connecting = Nanos::ZERO;
        if loan.panicked() {
            cluster.meter.panics.add(1);
        }
        let berth = local.pool.berth(loan.state(), &cluster.meter);
        request.tally.node = Some(Rc::clone(&berth));
        match on_node(local, connection, request, &mut loan, &berth).await {
            Step::Over(after, outcome) => {
                loan.leave(outcome, request.tally.ended);
                return after;
            }
            Step::Again(after, outcome) => {
                tried.push(loan.state().clone());
                loan.leave(outcome, clock::now());
                sleep(Duration::from_nanos(after.0)).await;
                request.sent = 0;
                request.tally.asked = clock::now();
            }
            Step::Refuse(outcome) => {
                loan.leave(outcome, clock::now());
                return Box::pin(answer::refuse(local, connection, request, None)).await;
            }
        }
    }
}

/// What follows from a try on one node.
enum Step {
    /// The request is over.
    Over(After, Outcome),
    /// Another node is asked after that long.
    Again(Nanos, Outcome),
    /// No node answers it.
    Refuse(Outcome),
}

/// One try on one node: on a connection that waited, if there is one; on a new one if that proves stale.
async fn on_node(
    local: &Local,
    connection: &mut Connection,
    request: &mut Request,
    loan: &mut Loan,
    berth: &Rc<Berth>,
) -> Step {
    let mut waiting = berth.take(request.tally.asked, !request.idempotent);
    loop {
        let (node, reused) = match waiting.take() {
            Some(node) => (node, true),
            None => match Box::pin(connect(local, connection, request, berth)).await {
                Ok(node) => (node, false),
                Err(reason @ Reason::NoDescriptor) => {
                    request.tally.fail(reason, None);
                    return Step::Refuse(Outcome::Cancelled);
                }
                Err(reason) => return failed(local, connection, request, reason, Mishap::Connect),
            },
        };
        request.tally.reused = reused;
        let number = request.tally.tries;
        let mut exchange = Exchange::new(
            local,
            connection,
            request,
            loan,
            (Rc::clone(berth), node, reused),
            number,
        );
        match poll_fn(|cx| exchange.poll(cx)).await {
            End::Done => return done(exchange),
            End::Stale => request.sent = 0,
            End::Again(after) => {
                return Step::Again(after, failure(Reason::NodeStatus, exchange.retry_after));
            }
            other => return Box::pin(ended(exchange, other)).await,
        }
    }
}

/// The answer was passed on whole: both connections may live on.
fn done(exchange: Exchange<'_>) -> Step {
    let Exchange { connection, request, node, berth, rest_for, close, retry_after, .. } = exchange;
    let now = clock::now();
    request.tally.ended = now;
    request.tally.reason = None;
    connection.idle_since = now;
    if let Some(keep) = rest_for
        && request.is_sent()
    {
        berth.give(node, now, keep);
    }
    let status = request.tally.status;
    let outcome =
        if fails(status) { failure(Reason::NodeStatus, retry_after) } else { Outcome::Success };
    let after = match (request.carrier.is_done(), close) {
        (true, false) => After::KeepAlive,
        // With unread bytes a close is a reset, and the client might lose what it was sent.
        (true, true) if connection.rest.is_empty() => After::Close,
        _ => After::Linger,
    };
    Step::Over(after, outcome)
}

/// Every other end.
async fn ended(mut exchange: Exchange<'_>, end: End) -> Step {
    let (local, begun) = (exchange.local, exchange.begun());
    let blame = |reason| match reason {
        Reason::ShuttingDown | Reason::RequestTimeout => Outcome::Cancelled,
        reason => Outcome::failed(reason),
    };
    exchange.request.tally.ended = clock::now();
    match end {
        End::Switch => {
            tunnel(&mut exchange).await;
            Step::Over(After::Close, Outcome::Success)
        }
        End::Failed(reason @ (Reason::ShuttingDown | Reason::RequestTimeout), rule) => {
            exchange.request.tally.fail(reason, rule);
            Step::Refuse(Outcome::Cancelled)
        }
        End::Failed(reason, rule) => {
            let mishap = match reason {
                Reason::ResponseTimeout => Mishap::Timeout,
                Reason::NodeReset if exchange.request.sent == 0 => Mishap::NothingWritten,
                Reason::NodeReset => Mishap::Reset,
                _ => Mishap::Midway,
            };
            let Exchange { connection, request, .. } = exchange;
            request.tally.rule = rule;
            failed(local, connection, request, reason, mishap)
        }
        End::BadBody(rule) if !begun => {
            exchange.request.tally.fail(Reason::BadRequest, Some(rule));
            Step::Refuse(Outcome::Cancelled)
        }
        End::BadBody(rule) => {
            exchange.request.tally.fail(Reason::BadRequest, Some(rule));
            exchange.connection.stream.abort_on_close();
            Step::Over(After::Close, Outcome::Cancelled)
        }
        End::Cut(reason, rule) => {
            exchange.request.tally.fail(reason, rule);
            // A clean end could be taken for the end of the answer.
            exchange.connection.stream.abort_on_close();
            Step::Over(After::Close, blame(reason))
        }
        End::ClientGone | End::Done | End::Stale | End::Again(_) => {
            exchange.request.tally.fail(Reason::ClientGone, None);
            Step::Over(After::Close, Outcome::Cancelled)
        }
    }
}

/// The node failed before a byte of its answer was passed on: asks the core whether another may try.
fn failed(
    local: &Local,
    connection: &Connection,
    request: &mut Request,
    reason: Reason,
    mishap: Mishap,
) -> Step {
    let balancer = &connection.rules.cluster.balancer;
    let rule = request.tally.rule.take();
    request.tally.fail(reason, rule);
    if let Some(berth) = &request.tally.node {
        berth.meter.answers.count(0);
    }
    let attempt = Attempt {
        made: request.tally.tries,
        mishap,
        idempotent: request.idempotent,
        replayable: request.kept,
    };
    match balancer.retry(&attempt, clock::now(), &mut local.rng.borrow_mut()) {
        Verdict::Again { after } => Step::Again(after, Outcome::failed(reason)),
        Verdict::Stop(_) => Step::Refuse(Outcome::failed(reason)),
    }
}

fn failure(reason: Reason, retry_after: Option<u64>) -> Outcome {
    Outcome::Failure(Failure { reason, retry_after: retry_after.map(Nanos::from_secs) })
}

/// A new connection to a node. For want of descriptors it is made again and again, while those are given up that only
/// wait: our want is no fault of the node's.
async fn connect(
    local: &Local,
    connection: &Connection,
    request: &mut Request,
    berth: &Berth,
) -> Result<Stream, Reason> {
    let (began, limit) = (clock::now(), connection.rules.cluster.connect);
    connection.alarm.set(began.plus(limit));
    let stream = loop {
        let mut connecting = pin!(Stream::connect(&berth.address));
        let made = poll_fn(|cx| match connecting.as_mut().poll(cx) {
            Poll::Pending if connection.alarm.rung() => Poll::Ready(Err(Reason::ConnectTimeout)),
            Poll::Pending => Poll::Pending,
            Poll::Ready(made) => Poll::Ready(Ok(made)),
        });
        match made.await? {
            Ok(stream) => break stream,
            Err(fault) if !is_ours(&fault) => return Err(Reason::ConnectFailed),
            Err(_) if connection.alarm.rung() => return Err(Reason::NoDescriptor),
            Err(_) => {
                descriptors::wanted();
                local.pool.shed();
                sleep(SHORTAGE).await;
            }
        }
    };
    berth.meter.connected.add(1);
    request.tally.connecting = clock::now().since(began);
    Ok(stream)
}

/// Joins client and node until one of them ends.
async fn tunnel(exchange: &mut Exchange<'_>) {
    let Exchange { local, connection, request, node, partial, spill, .. } = exchange;
    let mut up = Way::new(Vec::new(), &std::mem::take(&mut connection.rest));
    let mut down = Way::new(std::mem::take(spill), partial);
    request.tally.status = 101;
    // Whatever failed before, this try has not.
    request.tally.reason = None;
    let (idle, listener) = (connection.rules.tunnel_idle, Rc::clone(&connection.rules));
    let ends = (&mut connection.stream, node);
    // Either side may end it as it likes; a reset is an end too.
    let _ =
        tunnel::join(local, (&connection.alarm, &listener.live), idle, ends, (&mut up, &mut down))
            .await;
    request.tally.received += up.moved;
    request.tally.sent += down.moved;
}
