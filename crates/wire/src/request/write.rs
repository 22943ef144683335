//! The head as the node gets it.

use super::RequestHead;
use crate::carrier::Carrier;
use crate::copy;
use crate::forward::{Forward, push_host};
use crate::kind::Kind;
use crate::relaxed::Relaxed;
use crate::rule::Rule;
use crate::scan;
use crate::terms::Body;

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

impl RequestHead<'_> {
    /// Appends the head for a node and says how the body is to be carried there.
    ///
    /// It is HTTP/1.1 without `Connection` (unless it asks for a WebSocket), with Host first, the client's other
    /// end-to-end fields as they came, then the framing, then where the request came from. It does not depend on the
    /// node, so a second try may send the same bytes.
    #[inline]
    pub fn write(&self, forward: &Forward, relaxed: Relaxed, out: &mut Vec<u8>) -> Carrier {
        out.reserve(self.buf.len() + forward.lines.len() + 256);
        self.write_line(out);
        let host = self.host.unwrap_or(&forward.host);
        out.extend_from_slice(b"Host: ");
        out.extend_from_slice(host);
        out.extend_from_slice(b"\r\n");
        let buf = self.buf;
        copy::fields(buf, self.slots, self.excused, out, |slot| match slot.kind {
            Kind::Other | Kind::RetryAfter => {
                let replaced =
                    forward.identified && slot.name.of(buf).eq_ignore_ascii_case(b"x-request-id");
                !replaced && !self.connection.names(slot, self.slots, buf)
            }
            Kind::Origin => forward.trusted,
            Kind::Expect => !slot.value.of(buf).eq_ignore_ascii_case(b"100-continue"),
            _ => false,
        });
        if self.websocket {
            out.extend_from_slice(b"Connection: Upgrade\r\nUpgrade: websocket\r\n");
        }
        match self.body {
            Body::None | Body::UntilClose => {}
            Body::Length(length) => copy::number("Content-Length", length, out),
            Body::Chunked if self.coded => self.write_codings(out),
            Body::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        }
        if forward.trusted {
            self.write_trusted_origin(forward, host, out);
        } else {
            out.extend_from_slice(&forward.lines);
            push_host(host, out);
            if let Some(host) = self.host {
                out.extend_from_slice(b"\r\nX-Forwarded-Host: ");
                out.extend_from_slice(host);
            }
            out.extend_from_slice(b"\r\n\r\n");
        }
        Carrier::of_request(self.body, relaxed)
    }

    #[inline]
    fn write_line(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.method);
        out.push(b' ');
        if !matches!(self.target, [b'/' | b'*', ..]) {
            out.push(b'/');
        }
        if self.excused.has(Rule::NonAsciiTarget) {
            self.write_encoded_target(out);
        } else {
            out.extend_from_slice(self.target);
        }
        out.extend_from_slice(b" HTTP/1.1\r\n");
    }

    #[cold]
    fn write_encoded_target(&self, out: &mut Vec<u8>) {
        for &b in self.target {
            if b.is_ascii() {
                out.push(b);
            } else {
                out.extend_from_slice(&[
                    b'%',
                    DIGITS[usize::from(b >> 4)],
                    DIGITS[usize::from(b & 15)],
                ]);
            }
        }
    }

    /// `Transfer-Encoding` with the codings that were let through.
    #[cold]
    fn write_codings(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"Transfer-Encoding: ");
        for value in self.values(Kind::TransferEncoding) {
            for coding in value.split(|&b| b == b',').map(scan::trim) {
                let known = coding.is_empty()
                    || coding.eq_ignore_ascii_case(b"chunked")
                    || coding.eq_ignore_ascii_case(b"identity");
                if !known {
                    out.extend_from_slice(coding);
                    out.extend_from_slice(b", ");
                }
            }
        }
        out.extend_from_slice(b"chunked\r\n");
    }

    fn values(&self, kind: Kind) -> impl Iterator<Item = &[u8]> {
        self.slots
            .all()
            .iter()
            .filter(move |slot| slot.kind == kind)
            .map(|slot| slot.value.of(self.buf))
            .filter(|value| !value.is_empty())
    }

    /// The lines about the client when the client is a proxy of ours: ours are added to its own.
    #[cold]
    fn write_trusted_origin(&self, forward: &Forward, host: &[u8], out: &mut Vec<u8>) {
        self.write_list("X-Forwarded-For: ", Kind::ForwardedFor, out);
        out.extend_from_slice(&forward.client);
        out.extend_from_slice(b"\r\n");
        self.write_first(
            "X-Forwarded-Proto: ",
            Kind::ForwardedProto,
            Some(forward.proto.as_bytes()),
            out,
        );
        self.write_first("X-Forwarded-Host: ", Kind::ForwardedHost, self.host, out);
        self.write_list("Forwarded: ", Kind::Forwarded, out);
        out.extend_from_slice(&forward.element);
        push_host(host, out);
        out.extend_from_slice(b"\r\n\r\n");
    }

    /// All values of a field, a comma after each.
    fn write_list(&self, name: &str, kind: Kind, out: &mut Vec<u8>) {
        out.extend_from_slice(name.as_bytes());
        for value in self.values(kind) {
            out.extend_from_slice(value);
            out.extend_from_slice(b", ");
        }
    }

    /// The values of a field if there are any, else ours.
    fn write_first(&self, name: &str, kind: Kind, ours: Option<&[u8]>, out: &mut Vec<u8>) {
        let mut any = false;
        for value in self.values(kind) {
            out.extend_from_slice(if any { b", " } else { name.as_bytes() });
            out.extend_from_slice(value);
            any = true;
        }
        if let (false, Some(ours)) = (any, ours) {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(ours);
            any = true;
        }
        if any {
            out.extend_from_slice(b"\r\n");
        }
    }
}
