//! A connected socket, TCP or UNIX, of a client or of a node.

use std::io::{self, IoSlice};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use crate::address::Address;

/// Both kinds behave alike from here on.
#[derive(Debug)]
pub enum Stream {
    /// Over IP, without Nagle's delay.
    Tcp(TcpStream),
    /// On this machine.
    Unix(UnixStream),
}

/// Runs the same expression on whichever kind it is.
macro_rules! either {
    ($stream:expr, $inner:ident => $run:expr) => {
        match $stream {
            Stream::Tcp($inner) => $run,
            Stream::Unix($inner) => $run,
        }
    };
}

impl Stream {
    /// Connects to a node. A host name is not an address here: the resolver has made nodes of it.
    pub async fn connect(address: &Address) -> io::Result<Self> {
        match address {
            Address::Ip(ip) => {
                let stream = TcpStream::connect(*ip).await?;
                // Heads and small bodies go out in one write each; waiting for more would only delay them.
                stream.set_nodelay(true)?;
                Ok(Self::Tcp(stream))
            }
            Address::Unix(path) => UnixStream::connect::<&Path>(path).await.map(Self::Unix),
            Address::Name { host, .. } => Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("{host} has not been resolved yet"),
            )),
        }
    }

    /// Reads once into `room`; nothing read means that the other side has ended its stream. No system call is made
    /// while the socket is known to be empty: a short read tells that it is.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(room);
        ready!(either!(self, inner => Pin::new(inner).poll_read(cx, &mut buffer)))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// Writes once, or asks to be woken when there is room.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, inner => Pin::new(inner).poll_write(cx, bytes))
    }

    /// Writes two pieces at once, or asks to be woken when there is room.
    pub fn poll_write_two(
        &mut self,
        cx: &mut Context<'_>,
        first: &[u8],
        second: &[u8],
    ) -> Poll<io::Result<usize>> {
        let pieces = [IoSlice::new(first), IoSlice::new(second)];
        either!(self, inner => Pin::new(inner).poll_write_vectored(cx, &pieces))
    }

    /// Ends our half.
    pub fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, inner => Pin::new(inner).poll_shutdown(cx))
    }

    /// Makes the coming close a reset, so that nobody takes it for a regular end.
    pub fn abort_on_close(&self) {
        if let Self::Tcp(inner) = self {
            // A socket that is gone already needs no reset.
            let _ = inner.set_zero_linger();
        }
    }

    /// Whether nothing has come in since the last read: neither bytes nor the end. Costs no system call, because the
    /// poller has told already.
    pub fn is_quiet(&self) -> bool {
        let mut nobody = Context::from_waker(Waker::noop());
        either!(self, inner => inner.poll_read_ready(&mut nobody)).is_pending()
    }
}
