//! Requests: read from a client, written for a node.

mod authority;
mod line;
mod target;
mod write;

use crate::connection::Connection;
use crate::framing::Framing;
use crate::kind::Kind;
use crate::relaxed::Relaxed;
use crate::response::Asked;
use crate::rule::Rule;
use crate::scan;
use crate::slots::Slots;
use crate::terms::{Body, Parsed, Terms, Version};

/// The head of a request that keeps all rules (or is excused).
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "four facts that do not depend on each other")]
pub struct RequestHead<'a> {
    /// How many bytes of the buffer it takes; the body starts there.
    pub len: usize,
    /// The method, as sent: methods are case-sensitive.
    pub method: &'a [u8],
    /// Path and query (also of an absolute target), or `*`. Empty or starting with `?` when an absolute target had no
    /// path: it is written with `/` before it.
    pub target: &'a [u8],
    /// The version the client spoke.
    pub version: Version,
    /// `host[:port]` from the target or from Host; `None` only in HTTP/1.0 or under a relaxed `missing_host`.
    pub host: Option<&'a [u8]>,
    /// What follows the head.
    pub body: Body,
    /// Whether the client's connection may carry another request.
    pub keep_alive: bool,
    /// The client waits for `100 Continue` before it sends the body. Never written to the node: answer it yourself.
    pub expect_continue: bool,
    /// The client asks for a WebSocket. Other upgrades are ignored.
    pub websocket: bool,
    /// The rules it breaks and was excused for: to be counted and logged when not empty.
    pub excused: Relaxed,
    connection: Connection,
    coded: bool,
    buf: &'a [u8],
    slots: &'a Slots,
}

/// Reads the head at the start of `buf`.
///
/// After [`Parsed::Partial`] come back with the same `slots` and the same bytes and more; what was read is not read
/// again. After anything else `slots` is ready for the next head.
#[inline]
pub fn parse<'a>(
    buf: &'a [u8],
    slots: &'a mut Slots,
    terms: &Terms,
) -> Result<Parsed<RequestHead<'a>>, Rule> {
    match slots.read(buf, terms, line::read)? {
        None => Ok(Parsed::Partial),
        Some(len) => understand(&buf[..len], slots, terms.relaxed).map(Parsed::Complete),
    }
}

#[inline]
fn understand<'a>(
    buf: &'a [u8],
    slots: &'a Slots,
    relaxed: Relaxed,
) -> Result<RequestHead<'a>, Rule> {
    let mut used = slots.used;
    let version = slots.opening.version;
    let method = slots.opening.word.of(buf);
    if let [b'C' | b'T', ..] = method {
        check_method(method, relaxed, &mut used)?;
    }
    let mut connection = Connection::default();
    let mut framing = Framing::default();
    let mut named_host = None;
    let (mut asks_continue, mut upgrade) = (false, Upgrade::None);
    for slot in slots.all() {
        let value = slot.value.of(buf);
        match slot.kind {
            Kind::Host => {
                let host = authority::read(value, relaxed, &mut used)?;
                if let Some(before) = named_host {
                    relaxed.excuse(Rule::RepeatedHost, &mut used)?;
                    if before != host {
                        return Err(Rule::RepeatedHost);
                    }
                }
                named_host = Some(host);
            }
            Kind::ContentLength | Kind::TransferEncoding => {
                framing.read(slot.kind, value, relaxed, &mut used)?;
            }
            Kind::Connection => connection.read(value)?,
            Kind::Upgrade => upgrade = upgrade.and(value),
            Kind::Expect => asks_continue |= value.eq_ignore_ascii_case(b"100-continue"),
            _ => {}
        }
    }
    let target = target::read(method, slots.opening.target.of(buf), relaxed, &mut used)?;
    let host = match (target.authority, named_host) {
        (None, named) => named,
        (Some((host, _)), None) => Some(host),
        (Some((host, port)), Some(named)) => {
            if !authority::same(host, named, port) {
                relaxed.excuse(Rule::HostMismatch, &mut used)?;
            }
            Some(host)
        }
    };
    if named_host.is_none() && version == Version::Http11 {
        relaxed.excuse(Rule::MissingHost, &mut used)?;
    }
    let (body, doubtful) = framing.of_request(version, relaxed, &mut used)?;
    let modern = version == Version::Http11;
    Ok(RequestHead {
        len: buf.len(),
        method,
        target: target.path,
        version,
        host,
        body,
        keep_alive: !doubtful && !connection.close && (modern || connection.keep_alive),
        expect_continue: asks_continue && modern && !body.is_empty(),
        websocket: modern
            && connection.upgrade
            && upgrade == Upgrade::WebSocket
            && method == b"GET"
            && body.is_empty(),
        excused: used,
        connection,
        coded: framing.coded,
        buf,
        slots,
    })
}

#[cold]
fn check_method(method: &[u8], relaxed: Relaxed, used: &mut Relaxed) -> Result<(), Rule> {
    match method {
        b"CONNECT" => Err(Rule::MethodConnect),
        b"TRACE" => relaxed.excuse(Rule::MethodTrace, used),
        _ => Ok(()),
    }
}

/// What the `Upgrade` fields ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upgrade {
    None,
    WebSocket,
    Other,
}

impl Upgrade {
    /// With one more field: only one `websocket` and nothing else is one.
    pub(crate) fn and(self, value: &[u8]) -> Self {
        if self == Self::None && scan::trim(value).eq_ignore_ascii_case(b"websocket") {
            Self::WebSocket
        } else {
            Self::Other
        }
    }
}

impl<'a> RequestHead<'a> {
    /// Whether doing it twice is the same as doing it once (RFC 9110 9.2.2), so that it may be tried again.
    pub fn idempotent(&self) -> bool {
        matches!(self.method, b"GET" | b"HEAD" | b"OPTIONS" | b"PUT" | b"DELETE" | b"TRACE")
    }

    /// What the response must be read with.
    pub fn asked(&self) -> Asked {
        Asked { head: self.method == b"HEAD", websocket: self.websocket }
    }

    /// The fields as they came, in order, dropped ones excepted. A value may hold control bytes under relaxed rules.
    pub fn fields(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        self.slots.iter(self.buf)
    }

    /// The first value of the field `name` (its case does not matter).
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        self.fields()
            .find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }
}
