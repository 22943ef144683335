//! Waiting for a place when every node is at its capacity, in the core's queue.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use evenly_core::{Balancer, Key, Loan, Nanos, Reason, Refusal, Tried};
use tokio::sync::oneshot;

use super::intake::Request;
use super::{After, Connection, answer};
use crate::clock;
use crate::phase::Phase;
use crate::worker::Local;

/// Waits for a place when all nodes are at their capacity; refuses when that cannot help or takes too long.
pub async fn wait(
    local: &Local,
    connection: &mut Connection,
    request: &mut Request,
    balancer: &Arc<Balancer>,
    tried: &Tried,
    refusal: Box<Refusal>,
) -> Result<Loan, After> {
    let refusal = match refusal.reason {
        Reason::AtCapacity => {
            let began = clock::now();
            let got = in_queue(local, connection, request, balancer, tried, *refusal).await;
            request.tally.asked = clock::now();
            request.tally.queued = request.tally.asked.since(began);
            match got {
                Ok(loan) => {
                    request.tally.got_in_queue();
                    return Ok(loan);
                }
                Err(Some(refusal)) => refusal,
                Err(None) => {
                    request.tally.fail(Reason::ClientGone, None);
                    return Err(After::Close);
                }
            }
        }
        _ => *refusal,
    };
    // After a failed try the failure says more than that nobody else is left.
    if request.tally.reason.is_none() {
        request.tally.fail(refusal.reason, None);
    }
    let retry_after = refusal.again_in.map(|wait| wait.0.div_ceil(Nanos::from_secs(1).0));
    Err(answer::refuse(local, connection, request, retry_after).await)
}

/// Waits in the core's queue; `None` when the client left meanwhile.
async fn in_queue(
    local: &Local,
    connection: &mut Connection,
    request: &Request,
    balancer: &Arc<Balancer>,
    tried: &Tried,
    full: Refusal,
) -> Result<Loan, Option<Refusal>> {
    let limit = connection.rules.cluster.queue;
    let now = clock::now();
    let (wake, mut woken) = oneshot::channel();
    let key = request.key.as_deref().map_or(Key::None, Key::Bytes);
    // Nobody listens any more when the client has left; the loan, if it is one, then gives itself back.
    let tell = Box::new(move |result: Result<Loan, Refusal>| drop(wake.send(result)));
    let ticket = balancer
        .enqueue(key, tried, now.plus(limit), now, tell)
        .map_err(|refusal| Some(*refusal))?;
    connection.alarm.set(now.plus(limit));
    poll_fn(|cx| {
        if let Poll::Ready(told) = Pin::new(&mut woken).poll(cx) {
            return Poll::Ready(told.map_err(|_| None).and_then(|told| told.map_err(Some)));
        }
        // The core tells as well when time is over, but only as often as time is let pass.
        let over = if connection.phase(local) == Phase::Ended {
            Some(Reason::ShuttingDown)
        } else {
            connection.alarm.rung().then_some(Reason::QueueTimeout)
        };
        if let Some(reason) = over
            && balancer.cancel(ticket)
        {
            return Poll::Ready(Err(Some(Refusal { reason, ..full.clone() })));
        }
        if request.carrier.is_done() && connection.poll_gone(cx, local).is_ready() {
            balancer.cancel(ticket);
            return Poll::Ready(Err(None));
        }
        Poll::Pending
    })
    .await
}
