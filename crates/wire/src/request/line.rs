//! The first line of a request: method, target, version.

use memchr::memchr;

use crate::relaxed::Relaxed;
use crate::rule::Rule;
use crate::scan;
use crate::slots::{Slots, Span};
use crate::terms::{Terms, Version};

/// Reads the line; where the next one starts. Faults that depend on the whole line wait for its end, so that the
/// result is the same however the bytes come in.
#[inline]
pub(super) fn read(slots: &mut Slots, buf: &[u8], terms: &Terms) -> Result<Option<usize>, Rule> {
    let relaxed = terms.relaxed;
    skip_empty_lines(slots, buf, relaxed)?;
    let start = slots.at;
    let (length, _) = scan::token_run(&buf[start..]);
    let method = Span::new(start, start + length);
    let mut at = start + length;
    if length == 0 || buf.get(at) != Some(&b' ') {
        return odd_method(&buf[at..]);
    }
    at += 1;
    if buf.get(at) == Some(&b' ') {
        at = spaces(slots, buf, at, relaxed)?;
    }
    let from = at;
    let mut fragment = None;
    loop {
        at += scan::target_run(&buf[at..]);
        match &buf[at..] {
            [] | [b'\r'] => return Ok(None),
            [b' ', ..] => break,
            [b'#', ..] => {
                relaxed.excuse(Rule::FragmentInTarget, &mut slots.used)?;
                fragment.get_or_insert(at);
            }
            [0x80..=0xff, ..] => relaxed.excuse(Rule::NonAsciiTarget, &mut slots.used)?,
            [b'\r', b'\n', ..] => {
                return Err(if at == from { Rule::RequestLine } else { Rule::Version });
            }
            [b'\r', ..] => return Err(Rule::BareCr),
            [b'\n', ..] => return Err(Rule::BareLf),
            [0, ..] => return Err(Rule::Nul),
            [b'\t', ..] => return Err(Rule::RequestLine),
            [..] => return Err(Rule::ControlByte),
        }
        at += 1;
    }
    if at == from {
        return Err(Rule::RequestLine);
    }
    let target = Span::new(from, fragment.unwrap_or(at));
    at += 1;
    let (version, next) = match &buf[at..] {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1', b'\r', b'\n', ..] => {
            (Version::Http11, at + 10)
        }
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0', b'\r', b'\n', ..] => {
            (Version::Http10, at + 10)
        }
        _ => match odd_version(slots, buf, at, relaxed)? {
            Some(found) => found,
            None => return Ok(None),
        },
    };
    slots.opening.word = method;
    slots.opening.target = target;
    slots.opening.version = version;
    Ok(Some(next))
}

/// RFC 9112 2.2: empty lines before a request are ignored.
#[inline]
fn skip_empty_lines(slots: &mut Slots, buf: &[u8], relaxed: Relaxed) -> Result<(), Rule> {
    loop {
        match &buf[slots.at..] {
            [b'\r', b'\n', ..] => slots.at += 2,
            [b'\n', ..] => {
                relaxed.excuse(Rule::BareLf, &mut slots.used)?;
                slots.at += 1;
            }
            [b'\r', _, ..] => return Err(Rule::BareCr),
            _ => return Ok(()),
        }
    }
}

/// The method does not end in a space.
#[cold]
fn odd_method(rest: &[u8]) -> Result<Option<usize>, Rule> {
    let Some(end) = memchr(b'\n', rest) else { return Ok(None) };
    Err(odd_byte(&rest[..end]).unwrap_or(Rule::RequestLine))
}

/// The rule that the first control byte of a line breaks, its CR at the end apart.
fn odd_byte(line: &[u8]) -> Option<Rule> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.iter().find_map(|&b| match b {
        0 => Some(Rule::Nul),
        b'\r' => Some(Rule::BareCr),
        b'\t' => None,
        _ if b < 0x20 || b == 0x7f => Some(Rule::ControlByte),
        _ => None,
    })
}

/// More than one space: where they end.
#[cold]
fn spaces(slots: &mut Slots, buf: &[u8], mut at: usize, relaxed: Relaxed) -> Result<usize, Rule> {
    relaxed.excuse(Rule::RequestLine, &mut slots.used)?;
    while buf.get(at) == Some(&b' ') {
        at += 1;
    }
    Ok(at)
}

/// What follows the target is not exactly `HTTP/1.0` or `HTTP/1.1` and CR LF.
#[cold]
fn odd_version(
    slots: &mut Slots,
    buf: &[u8],
    mut at: usize,
    relaxed: Relaxed,
) -> Result<Option<(Version, usize)>, Rule> {
    let Some(length) = memchr(b'\n', &buf[at..]) else { return Ok(None) };
    let end = at + length;
    if buf[at] == b' ' {
        at = spaces(slots, buf, at, relaxed)?;
    }
    let line = &buf[at..end];
    if let Some(rule) = odd_byte(line) {
        return Err(rule);
    }
    let text = if let Some(text) = line.strip_suffix(b"\r") {
        text
    } else {
        relaxed.excuse(Rule::BareLf, &mut slots.used)?;
        line
    };
    let version = match text {
        b"HTTP/1.1" => Version::Http11,
        b"HTTP/1.0" => Version::Http10,
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'2'..=b'9'] => {
            relaxed.excuse(Rule::Version, &mut slots.used)?;
            Version::Http11
        }
        _ if text.len() >= 5
            && text[..5].eq_ignore_ascii_case(b"HTTP/")
            && !text.contains(&b' ') =>
        {
            return Err(Rule::Version);
        }
        _ => return Err(Rule::RequestLine),
    };
    Ok(Some((version, end + 1)))
}
