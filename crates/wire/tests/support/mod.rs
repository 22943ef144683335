//! What the tests share: one message in, what came of it out.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use evenly_wire::{
    Body, Forward, Parsed, Relaxed, Rule, Slots, Terms, Version, request,
    response::{self, Asked, Reply},
};

pub fn terms(relaxed: Relaxed) -> Terms {
    Terms { relaxed, ..Terms::default() }
}

pub fn forward(trusted: bool) -> Forward {
    Forward::new([192, 0, 2, 7].into(), "http", "203.0.113.1:80", trusted)
}

/// A request that was read, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "it mirrors the head it was copied from")]
pub struct Request {
    pub len: usize,
    pub target: String,
    pub version: Version,
    pub host: Option<String>,
    pub body: Body,
    pub keep_alive: bool,
    pub expect_continue: bool,
    pub websocket: bool,
    pub idempotent: bool,
    pub excused: Relaxed,
    pub written: String,
}

/// `None` when more bytes are needed.
pub fn request(bytes: impl AsRef<[u8]>, relaxed: Relaxed) -> Result<Option<Request>, Rule> {
    request_from(bytes, relaxed, &forward(false))
}

pub fn request_from(
    bytes: impl AsRef<[u8]>,
    relaxed: Relaxed,
    forward: &Forward,
) -> Result<Option<Request>, Rule> {
    let mut slots = Slots::new();
    let Parsed::Complete(head) = request::parse(bytes.as_ref(), &mut slots, &terms(relaxed))?
    else {
        return Ok(None);
    };
    let mut out = Vec::new();
    head.write(forward, relaxed, &mut out);
    Ok(Some(Request {
        len: head.len,
        target: text(head.target),
        version: head.version,
        host: head.host.map(text),
        body: head.body,
        keep_alive: head.keep_alive,
        expect_continue: head.expect_continue,
        websocket: head.websocket,
        idempotent: head.idempotent(),
        excused: head.excused,
        written: text(&out),
    }))
}

/// A complete request that keeps every rule.
pub fn good(bytes: impl AsRef<[u8]>) -> Request {
    request(bytes, Relaxed::NONE).expect("it keeps every rule").expect("it is complete")
}

/// A response that was read, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub len: usize,
    pub status: u16,
    pub reason: String,
    pub body: Body,
    pub keep_alive: bool,
    pub keep_alive_timeout: Option<u64>,
    pub retry_after: Option<u64>,
    pub excused: Relaxed,
    pub written: String,
    pub close: bool,
}

pub fn response(
    bytes: impl AsRef<[u8]>,
    asked: Asked,
    relaxed: Relaxed,
    version: Version,
    close: bool,
) -> Result<Option<Response>, Rule> {
    let mut slots = Slots::new();
    let Parsed::Complete(head) =
        response::parse(bytes.as_ref(), &mut slots, asked, &terms(relaxed))?
    else {
        return Ok(None);
    };
    let mut out = Vec::new();
    let written = head.write(Reply { version, close, relaxed }, &mut out);
    Ok(Some(Response {
        len: head.len,
        status: head.status,
        reason: text(head.reason),
        body: head.body,
        keep_alive: head.keep_alive,
        keep_alive_timeout: head.keep_alive_timeout,
        retry_after: head.retry_after,
        excused: head.excused,
        written: text(&out),
        close: written.close,
    }))
}

/// A complete response to a GET of an HTTP/1.1 client that keeps every rule.
pub fn answer(bytes: impl AsRef<[u8]>) -> Response {
    response(bytes, Asked::default(), Relaxed::NONE, Version::Http11, false)
        .expect("it keeps every rule")
        .expect("it is complete")
}

/// Bytes as text, one character per byte, so that nothing is lost.
pub fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|&b| char::from(b)).collect()
}

/// Text as bytes, one byte per character: `\u{e9}` is the byte 0xe9.
pub fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("below 0x100")).collect()
}
