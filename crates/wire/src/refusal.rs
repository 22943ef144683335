//! Answers of our own: a status and the name of the reason, in plain text.

use crate::copy;
use crate::response::Asked;
use crate::terms::Version;

/// A refusal as a client sees it.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'a> {
    /// The status, for instance 503.
    pub status: u16,
    /// The name of the reason, for instance `no_node` or `bad_request:bare_lf`: the body, and a line of the head if
    /// `named`.
    pub reason: &'a str,
    /// `X-Evenly-Reason` is added.
    pub named: bool,
    /// The connection ends after it; always so when a request could not be read to its end.
    pub close: bool,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
}

/// Who is refused, as far as it is known; the default is right when no head could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// The version of the request.
    pub version: Version,
    /// It was HEAD: no body is sent.
    pub head: bool,
}

impl Default for Refused {
    fn default() -> Self {
        Self { version: Version::Http11, head: false }
    }
}

impl Refused {
    /// From a request that was read.
    pub const fn by(version: Version, asked: Asked) -> Self {
        Self { version, head: asked.head }
    }
}

/// `100 Continue`, for a client that waits for it.
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Appends the whole answer.
pub fn write(refusal: &Refusal<'_>, refused: Refused, out: &mut Vec<u8>) {
    let (status, phrase) = phrase(refusal.status);
    out.reserve(256);
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(itoa::Buffer::new().format(status).as_bytes());
    out.push(b' ');
    out.extend_from_slice(phrase.as_bytes());
    out.extend_from_slice(b"\r\nContent-Type: text/plain; charset=utf-8\r\n");
    copy::number("Content-Length", refusal.reason.len() as u64 + 1, out);
    if status == 405 {
        out.extend_from_slice(b"Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n");
    }
    if let Some(seconds) = refusal.retry_after {
        copy::number("Retry-After", seconds, out);
    }
    if refusal.named {
        out.extend_from_slice(b"X-Evenly-Reason: ");
        push_even(refusal.reason, out);
        out.extend_from_slice(b"\r\n");
    }
    if refusal.close {
        out.extend_from_slice(b"Connection: close\r\n");
    } else if refused.version == Version::Http10 {
        out.extend_from_slice(b"Connection: keep-alive\r\n");
    }
    out.extend_from_slice(b"\r\n");
    if !refused.head {
        push_even(refusal.reason, out);
        out.push(b'\n');
    }
}

/// Text without control bytes: a reason is ours, but a head must stay whole whatever it holds.
fn push_even(text: &str, out: &mut Vec<u8>) {
    out.extend(text.bytes().map(|b| if b.is_ascii_control() { b' ' } else { b }));
}

/// The status as it may be written, and its words. One that is not within 400 and 599 is a mistake of ours: 500.
const fn phrase(status: u16) -> (u16, &'static str) {
    let words = match status {
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        401..=599 => "Refused",
        _ => return (500, "Internal Server Error"),
    };
    (status, words)
}
