//! The target of a request: a path, an absolute address, or `*`.

use super::authority;
use crate::relaxed::Relaxed;
use crate::rule::Rule;

/// A target taken apart.
pub(super) struct Target<'a> {
    /// The path and query, or `*`. Empty or starting with `?` when an absolute address had no path.
    pub path: &'a [u8],
    /// The authority of an absolute address and the default port of its scheme.
    pub authority: Option<(&'a [u8], &'static [u8])>,
}

#[inline]
pub(super) fn read<'a>(
    method: &[u8],
    target: &'a [u8],
    relaxed: Relaxed,
    used: &mut Relaxed,
) -> Result<Target<'a>, Rule> {
    match target {
        [b'/', ..] => Ok(Target { path: target, authority: None }),
        b"*" if method == b"OPTIONS" => Ok(Target { path: target, authority: None }),
        _ => absolute(method, target, relaxed, used),
    }
}

#[cold]
fn absolute<'a>(
    method: &[u8],
    target: &'a [u8],
    relaxed: Relaxed,
    used: &mut Relaxed,
) -> Result<Target<'a>, Rule> {
    let is = |scheme: &str| {
        target
            .get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
    };
    let (rest, port): (_, &'static [u8]) = if is("http://") {
        (&target[7..], b"80")
    } else if is("https://") {
        (&target[8..], b"443")
    } else {
        return Err(Rule::Target);
    };
    let end = rest.iter().position(|&b| b == b'/' || b == b'?').unwrap_or(rest.len());
    let host = authority::read(&rest[..end], relaxed, used)?;
    if host.is_empty() {
        return Err(Rule::Target);
    }
    // RFC 9112 3.2.4: the address of a server as a whole is `*` again on the last hop.
    let path = if end == rest.len() && method == b"OPTIONS" { b"*" } else { &rest[end..] };
    Ok(Target { path, authority: Some((host, port)) })
}
