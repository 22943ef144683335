//! `host[:port]`: what may stand in Host and between `//` and the path.

use crate::relaxed::Relaxed;
use crate::rule::Rule;

/// The authority without user information, if it is one.
#[inline]
pub(super) fn read<'a>(
    value: &'a [u8],
    relaxed: Relaxed,
    used: &mut Relaxed,
) -> Result<&'a [u8], Rule> {
    // Nearly all: letters, digits, dots, dashes and colons.
    if value.iter().all(|&b| NAME[b as usize]) && is_plain(value) {
        return Ok(value);
    }
    odd(value, relaxed, used)
}

/// Bytes of a name, an IPv4 address or a port.
const NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 128 {
        let c = b as u8;
        table[b] =
            c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.' | b'_' | b'~' | b'%' | b':');
        b += 1;
    }
    table
};

/// `name`, `name:` or `name:port`.
fn is_plain(value: &[u8]) -> bool {
    match value.iter().position(|&b| b == b':') {
        None => true,
        Some(colon) => colon > 0 && is_port(&value[colon + 1..]),
    }
}

fn is_port(digits: &[u8]) -> bool {
    digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit)
}

#[cold]
fn odd<'a>(value: &'a [u8], relaxed: Relaxed, used: &mut Relaxed) -> Result<&'a [u8], Rule> {
    if let Some(at) = value.iter().rposition(|&b| b == b'@') {
        relaxed.excuse(Rule::Userinfo, used)?;
        return read(&value[at + 1..], relaxed, used);
    }
    if is_bracketed(value) {
        return Ok(value);
    }
    relaxed.excuse(Rule::BadHost, used)?;
    let visible = |&b: &u8| b.is_ascii_graphic() && !matches!(b, b'/' | b'?' | b'#' | b'\\' | b'"');
    if value.iter().all(visible) { Ok(value) } else { Err(Rule::BadHost) }
}

/// `[address]` with an optional port (RFC 3986 3.2.2).
fn is_bracketed(value: &[u8]) -> bool {
    let Some(inside) = value.strip_prefix(b"[") else { return false };
    let Some(close) = inside.iter().position(|&b| b == b']') else { return false };
    let address = &inside[..close];
    let known = |&b: &u8| b.is_ascii_hexdigit() || b == b':' || b == b'.';
    let port = match &inside[close + 1..] {
        [] => true,
        [b':', digits @ ..] => is_port(digits),
        _ => false,
    };
    port && address.len() >= 2 && address.contains(&b':') && address.iter().all(known)
}

/// Whether two authorities are the same for a scheme whose port is `default`.
pub(super) fn same(a: &[u8], b: &[u8], default: &[u8]) -> bool {
    without(a, default).eq_ignore_ascii_case(without(b, default))
}

fn without<'a>(authority: &'a [u8], default: &[u8]) -> &'a [u8] {
    match authority.iter().rposition(|&b| b == b':') {
        Some(colon) if authority[colon + 1..].is_empty() || &authority[colon + 1..] == default => {
            &authority[..colon]
        }
        _ => authority,
    }
}
