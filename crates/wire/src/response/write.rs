//! The head as the client gets it.

use super::ResponseHead;
use crate::carrier::Carrier;
use crate::copy;
use crate::kind::Kind;
use crate::relaxed::Relaxed;
use crate::terms::{Body, Version};

/// Whom the response is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// The version of the client's request.
    pub version: Version,
    /// The connection ends with this response: the request said so ([`keep_alive`](crate::request::RequestHead::keep_alive)
    /// is false), or the proxy drains.
    pub close: bool,
    /// The relaxed rules of the node's side: chunks are written anew when they may be malformed.
    pub relaxed: Relaxed,
}

/// What a written head means for what follows.
#[derive(Debug)]
pub struct Written {
    /// How the body is to be carried to the client.
    pub carrier: Carrier,
    /// The client's connection must be closed after the body: asked for, or the only way to tell its end.
    pub close: bool,
}

impl ResponseHead<'_> {
    /// Appends the head for the client: HTTP/1.1, the node's end-to-end fields as they came, then our own framing.
    /// An HTTP/1.0 client gets no chunks: they are taken out and the end of the connection ends the body. A body that
    /// ends with the node's connection is chunked for an HTTP/1.1 client, so that its connection lives on.
    #[inline]
    pub fn write(&self, reply: Reply, out: &mut Vec<u8>) -> Written {
        let modern = reply.version == Version::Http11;
        out.reserve(self.buf.len() + 128);
        self.write_line(out);
        let buf = self.buf;
        copy::fields(buf, self.slots, self.excused, out, |slot| match slot.kind {
            Kind::Dropped
            | Kind::ContentLength
            | Kind::TransferEncoding
            | Kind::Connection
            | Kind::Upgrade
            | Kind::KeepAlive
            | Kind::HopByHop => false,
            _ => !self.connection.names(slot, self.slots, buf),
        });
        if self.status < 200 {
            if self.is_switch() {
                out.extend_from_slice(b"Connection: Upgrade\r\nUpgrade: websocket\r\n");
            }
            out.extend_from_slice(b"\r\n");
            return Written { carrier: Carrier::nothing(), close: false };
        }
        let mut close = reply.close;
        let carrier = match self.body {
            Body::None => {
                if let Some(length) = self.described {
                    copy::number("Content-Length", length, out);
                }
                Carrier::nothing()
            }
            Body::Length(length) => {
                copy::number("Content-Length", length, out);
                Carrier::length(length)
            }
            Body::Chunked if modern => {
                out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
                Carrier::chunked(reply.relaxed)
            }
            Body::Chunked => {
                close = true;
                Carrier::unchunk(reply.relaxed)
            }
            Body::UntilClose if modern && !close => {
                out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
                Carrier::enchunk()
            }
            Body::UntilClose => {
                close = true;
                Carrier::until_close()
            }
        };
        out.extend_from_slice(match (close, modern) {
            (true, _) => b"Connection: close\r\n\r\n".as_slice(),
            (false, true) => b"\r\n",
            (false, false) => b"Connection: keep-alive\r\n\r\n",
        });
        Written { carrier, close }
    }

    #[inline]
    fn write_line(&self, out: &mut Vec<u8>) {
        let digit = |n: u16| b'0' + (n % 10) as u8;
        out.extend_from_slice(b"HTTP/1.1 ");
        out.extend_from_slice(&[
            digit(self.status / 100),
            digit(self.status / 10),
            digit(self.status),
            b' ',
        ]);
        out.extend_from_slice(self.reason);
        out.extend_from_slice(b"\r\n");
    }
}
