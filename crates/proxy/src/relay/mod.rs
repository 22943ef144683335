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
mod intake;
pub mod key;
mod tally;
mod tunnel;
mod upload;
mod waiting;

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use evenly_core::{Nanos, Reason};
use evenly_wire::Forward;
use tokio::net::{TcpStream, UnixStream};

use crate::alarm::Alarm;
use crate::clock;
use crate::listener::{Client, Socket};
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
    listener: usize,
    peer: Option<IpAddr>,
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
    fn rules<'a>(&self, local: &'a Local) -> &'a ListenerRules {
        &local.rules.listeners[self.listener]
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
pub async fn serve(local: Rc<Local>, client: Client) {
    let meter = &local.shard.listeners[client.listener];
    meter.opened.add(1);
    if let Ok(mut connection) = open(&local, client).await {
        while let After::KeepAlive = one(&local, &mut connection).await {}
    }
    meter.closed.add(1);
}

async fn open(local: &Rc<Local>, client: Client) -> io::Result<Connection> {
    let (stream, here) = match client.socket {
        Socket::Tcp(socket) => {
            let here = socket.local_addr()?.to_string();
            (Stream::Tcp(TcpStream::from_std(socket)?), here)
        }
        Socket::Unix(socket) => {
            (Stream::Unix(UnixStream::from_std(socket)?), "localhost".to_owned())
        }
    };
    // Who comes in by a UNIX socket is on this machine.
    let peer = client.peer.unwrap_or(IpAddr::V6(std::net::Ipv6Addr::LOCALHOST));
    let trusted =
        local.rules.listeners[client.listener].trusted.iter().any(|network| network.contains(peer));
    let alarm = poll_fn(|cx| Poll::Ready(local.alarms.alarm(cx.waker()))).await;
    Ok(Connection {
        stream,
        alarm,
        rest: Vec::new(),
        forward: Forward::new(peer, "http", &here, trusted),
        listener: client.listener,
        peer: client.peer,
        idle_since: clock::now(),
    })
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

    fn size_of_task<A, B, F: Future>(_: fn(A, B) -> F) -> usize {
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
