//! The relay: one task per client connection, which reads its requests, has each answered by a node and passes the
//! answer on.
//!
//! A small request costs two reads, two writes and nothing else: buffers are the worker's and are borrowed for a
//! step, parsing is in place, deadlines are stores, and an idle connection holds no buffer.

mod answer;
mod attempt;
mod download;
mod exchange;
mod frames;
pub mod ids;
mod intake;
pub mod key;
mod tally;
mod tunnel;
mod upload;
mod waiting;
mod watched;

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use evenly_core::{Nanos, Reason};
use evenly_wire::Forward;
use tokio::net::{TcpStream, UnixStream};

use crate::alarm::Alarm;
use crate::clock;
use crate::listener::{Client, Socket};
use crate::phase::Phase;
use crate::rules::ListenerRules;
use crate::stream::Stream;
use crate::worker::Local;
use intake::Intake;

/// Most bytes of following requests that are read while an answer is on its way. More stays in the kernel, and the
/// client waits.
const AHEAD: usize = 32 * 1024;

/// A client's connection.
struct Connection {
    stream: Stream,
    alarm: Alarm,
    /// Bytes that were read and belong to no request yet.
    rest: Vec<u8>,
    forward: Forward,
    /// How its requests are treated; looked up again when a request comes and the edition has changed.
    rules: Rc<ListenerRules>,
    edition: u64,
    peer: Option<IpAddr>,
    number: u64,
    /// When the previous answer ended: the connection has been idle since.
    idle_since: Nanos,
}

/// What becomes of a connection after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// The next request may come.
    KeepAlive,
    /// It is closed at once.
    Close,
    /// It is closed once the client has read what was written: it may still be sending.
    Linger,
}

impl Connection {
    /// How far this connection is from its end: its worker ends, or its listener.
    fn phase(&self, local: &Local) -> Phase {
        local.phase().max(self.rules.live.phase.get())
    }

    /// Whether it ends with its next answer.
    fn is_leaving(&self, local: &Local) -> bool {
        self.phase(local) > Phase::Serving
    }

    /// Takes over the rules of the edition in force. A listener that it has closed keeps its last ones.
    #[cold]
    fn follow(&mut self, local: &Local) {
        let rules = local.rules();
        self.edition = rules.edition;
        let Some(mine) = rules.of(&self.rules.live) else { return };
        if mine.trusted != self.rules.trusted
            && let Ok(forward) = forward(&self.stream, self.peer, mine)
        {
            self.forward = forward;
        }
        self.forward.identified = mine.request_id;
        self.rules = Rc::clone(mine);
    }

    /// Ready when the client has left although it waits for something. What it sends already of its next requests is
    /// kept.
    fn poll_gone(&mut self, cx: &mut Context<'_>, local: &Local) -> Poll<()> {
        while self.rest.len() < AHEAD {
            let scratch = &mut *local.scratch.borrow_mut();
            let room = AHEAD - self.rest.len();
            match ready!(self.stream.poll_read(cx, &mut scratch.input[..room])) {
                Ok(read) if read > 0 => self.rest.extend_from_slice(&scratch.input[..read]),
                _ => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }
}

/// Relays a client's requests until its connection ends.
pub async fn serve(local: Rc<Local>, rules: Rc<ListenerRules>, client: Client) {
    let meter = Arc::clone(&rules.meter);
    meter.opened.add(1);
    if let Ok(mut connection) = open(&local, rules, client).await {
        while let After::KeepAlive = one(&local, &mut connection).await {}
    }
    meter.closed.add(1);
}

async fn open(
    local: &Rc<Local>,
    rules: Rc<ListenerRules>,
    client: Client,
) -> io::Result<Connection> {
    let stream = match client.socket {
        Socket::Tcp(socket) => Stream::Tcp(TcpStream::from_std(socket)?),
        Socket::Unix(socket) => Stream::Unix(UnixStream::from_std(socket)?),
    };
    let alarm = poll_fn(|cx| Poll::Ready(local.alarms.alarm(cx.waker()))).await;
    Ok(Connection {
        forward: forward(&stream, client.peer, &rules)?,
        stream,
        alarm,
        rest: Vec::new(),
        edition: rules.edition,
        rules,
        peer: client.peer,
        number: local.number(),
        idle_since: clock::now(),
    })
}

/// What nodes are told about where requests of this connection come from.
fn forward(stream: &Stream, peer: Option<IpAddr>, rules: &ListenerRules) -> io::Result<Forward> {
    let here = match stream {
        Stream::Tcp(socket) => socket.local_addr()?.to_string(),
        Stream::Unix(_) => "localhost".to_owned(),
    };
    // Who comes in by a UNIX socket is on this machine.
    let peer = peer.unwrap_or(IpAddr::V6(std::net::Ipv6Addr::LOCALHOST));
    let mut forward = Forward::new(peer, "http", &here, rules.trusts(peer));
    forward.identified = rules.request_id;
    Ok(forward)
}

/// One request and its answer.
async fn one(local: &Local, connection: &mut Connection) -> After {
    let mut request = match intake::next(local, connection).await {
        Intake::Request(request) => request,
        Intake::Gone => return After::Close,
        Intake::Refused(reason, rule) => {
            return Box::pin(answer::misread(local, connection, reason, rule)).await;
        }
    };
    if request.wants_care()
        && let Err((reason, rule)) = Box::pin(intake::care(local, connection, &mut request)).await
    {
        if reason == Reason::ClientGone {
            return After::Close;
        }
        return Box::pin(answer::misread(local, connection, reason, rule)).await;
    }
    let after = attempt::run(local, connection, &mut request).await;
    request.tally.finish(local, connection);
    if after == After::Linger {
        Box::pin(answer::linger(local, connection)).await;
        return After::Close;
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of_task<A, B, C, F: Future>(_: fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    /// A connection costs its task for as long as it lasts. With the 0.5 KiB that the runtime keeps of a socket and
    /// 0.4 KiB of prepared fields, this leaves an idle client below 3 KiB.
    #[test]
    fn a_connection_is_small() {
        let size = size_of_task(serve);
        assert!(size <= 1536, "{size} bytes");
    }
}
