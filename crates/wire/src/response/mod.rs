//! Responses: read from a node, written for a client.

mod line;
mod write;

pub use write::{Reply, Written};

use crate::connection::Connection;
use crate::framing::Framing;
use crate::kind::Kind;
use crate::relaxed::Relaxed;
use crate::request::Upgrade;
use crate::rule::Rule;
use crate::scan;
use crate::slots::Slots;
use crate::terms::{Body, Parsed, Terms, Version};

/// What of a request decides how its response is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// It was HEAD: no body follows, whatever the fields say.
    pub head: bool,
    /// It asked for a WebSocket: 101 is allowed.
    pub websocket: bool,
}

/// The head of a response that keeps all rules (or is excused).
#[derive(Debug, Clone)]
pub struct ResponseHead<'a> {
    /// How many bytes of the buffer it takes; the body starts there.
    pub len: usize,
    /// 100 to 599.
    pub status: u16,
    /// The words after it, often empty.
    pub reason: &'a [u8],
    /// The version the node spoke.
    pub version: Version,
    /// What follows the head.
    pub body: Body,
    /// Whether the node's connection may carry another request once the body is read. Bytes beyond the end of the
    /// body mean that it may not.
    pub keep_alive: bool,
    /// `Keep-Alive: timeout=`, in seconds.
    pub keep_alive_timeout: Option<u64>,
    /// `Retry-After` in seconds; dates are not read.
    pub retry_after: Option<u64>,
    /// The rules it breaks and was excused for: to be counted and logged when not empty.
    pub excused: Relaxed,
    /// `Content-Length` of a response without a body (HEAD, 304), which describes the body of another.
    described: Option<u64>,
    connection: Connection,
    buf: &'a [u8],
    slots: &'a Slots,
}

/// Reads the head at the start of `buf`; see [`request::parse`](crate::request::parse) for how to come back.
#[inline]
pub fn parse<'a>(
    buf: &'a [u8],
    slots: &'a mut Slots,
    asked: Asked,
    terms: &Terms,
) -> Result<Parsed<ResponseHead<'a>>, Rule> {
    match slots.read(buf, terms, line::read)? {
        None => Ok(Parsed::Partial),
        Some(len) => understand(&buf[..len], slots, asked, terms.relaxed).map(Parsed::Complete),
    }
}

#[inline]
fn understand<'a>(
    buf: &'a [u8],
    slots: &'a Slots,
    asked: Asked,
    relaxed: Relaxed,
) -> Result<ResponseHead<'a>, Rule> {
    let mut used = slots.used;
    let version = slots.opening.version;
    let status = slots.opening.status;
    let mut connection = Connection::default();
    let mut framing = Framing::default();
    let mut upgrade = Upgrade::None;
    let (mut keep_alive_timeout, mut retry_after) = (None, None);
    for slot in slots.all() {
        let value = slot.value.of(buf);
        match slot.kind {
            Kind::ContentLength | Kind::TransferEncoding => {
                framing.read(slot.kind, value, relaxed, &mut used)?;
            }
            Kind::Connection => connection.read(value)?,
            Kind::Upgrade => upgrade = upgrade.and(value),
            Kind::KeepAlive => keep_alive_timeout = keep_alive_timeout.or_else(|| timeout(value)),
            Kind::RetryAfter => retry_after = retry_after.or_else(|| scan::decimal(value)),
            _ => {}
        }
    }
    if status == 101 && !(asked.websocket && connection.upgrade && upgrade == Upgrade::WebSocket) {
        return Err(Rule::UnaskedUpgrade);
    }
    // Read also where no body follows: a node that contradicts itself is not to be trusted with the next response.
    let (framed, ends) = framing.of_response(version, relaxed, &mut used)?;
    let bodiless = status < 200 || status == 204;
    let (body, ends) = if bodiless || status == 304 || asked.head {
        (Body::None, ends && framed != Body::UntilClose)
    } else {
        (framed, ends)
    };
    let modern = version == Version::Http11;
    Ok(ResponseHead {
        len: buf.len(),
        status,
        reason: slots.opening.word.of(buf),
        version,
        body,
        keep_alive: !ends
            && !connection.close
            && (modern || connection.keep_alive)
            && status != 101,
        keep_alive_timeout,
        retry_after,
        excused: used,
        described: match (body, framed) {
            (Body::None, Body::Length(length)) if !bodiless => Some(length),
            _ => None,
        },
        connection,
        buf,
        slots,
    })
}

/// The `timeout=` of a `Keep-Alive` value.
fn timeout(value: &[u8]) -> Option<u64> {
    value.split(|&b| b == b',').find_map(|parameter| {
        let (name, number) = scan::trim(parameter).split_at_checked(8)?;
        if name.eq_ignore_ascii_case(b"timeout=") { scan::decimal(number) } else { None }
    })
}

impl<'a> ResponseHead<'a> {
    /// 100 to 199 but 101: the real response is still to come. Write it only for clients of HTTP/1.1.
    pub fn is_interim(&self) -> bool {
        self.status < 200 && self.status != 101
    }

    /// 101: from here on bytes are relayed both ways until either side ends.
    pub fn is_switch(&self) -> bool {
        self.status == 101
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
