//! The first line of a response: version, status, reason.

use memchr::memchr;

use crate::rule::Rule;
use crate::scan;
use crate::slots::{Slots, Span};
use crate::terms::{Terms, Version};

/// How every response begins.
const PREFIX: &[u8] = b"HTTP/";

/// Reads the line once it is complete; where the next one starts.
#[inline]
pub(super) fn read(slots: &mut Slots, buf: &[u8], terms: &Terms) -> Result<Option<usize>, Rule> {
    // Another protocol is known by its first bytes; it may never send a line end to wait for.
    let known = buf.len().min(PREFIX.len());
    if buf[..known] != PREFIX[..known] {
        return Err(Rule::StatusLine);
    }
    let Some(end) = memchr(b'\n', buf) else { return Ok(None) };
    let line = if let Some(line) = buf[..end].strip_suffix(b"\r") {
        line
    } else {
        terms.relaxed.excuse(Rule::BareLf, &mut slots.used)?;
        &buf[..end]
    };
    let Some((version, rest)) = line.split_at_checked(8) else { return Err(Rule::StatusLine) };
    slots.opening.version = match version {
        b"HTTP/1.1" => Version::Http11,
        b"HTTP/1.0" => Version::Http10,
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'2'..=b'9'] => {
            terms.relaxed.excuse(Rule::Version, &mut slots.used)?;
            Version::Http11
        }
        [b'H', b'T', b'T', b'P', b'/', ..] => return Err(Rule::Version),
        _ => return Err(Rule::StatusLine),
    };
    let [b' ', a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] = rest else {
        return Err(Rule::StatusLine);
    };
    let digit = |d: &u8| u16::from(d - b'0');
    slots.opening.status = digit(a) * 100 + digit(b) * 10 + digit(c);
    match slots.opening.status {
        100..=599 => {}
        600.. => terms.relaxed.excuse(Rule::Status, &mut slots.used)?,
        _ => return Err(Rule::Status),
    }
    // Many servers leave out the space before an empty reason.
    let reason = match rest {
        [] => rest,
        [b' ', reason @ ..] => reason,
        _ => return Err(Rule::StatusLine),
    };
    match reason.get(scan::value_run(reason)) {
        None => {}
        Some(0) => return Err(Rule::Nul),
        Some(b'\r') => return Err(Rule::BareCr),
        Some(_) => return Err(Rule::ControlByte),
    }
    slots.opening.word = Span::new(12 + (rest.len() - reason.len()), 12 + rest.len());
    Ok(Some(end + 1))
}
