//! What a node is told about the client: `X-Forwarded-*` and `Forwarded` (RFC 7239).

use std::io::Write as _;
use std::net::IpAddr;

/// Made once per client connection, used for each of its requests.
#[derive(Debug, Clone)]
pub struct Forward {
    /// The client's address as text.
    pub(crate) client: Vec<u8>,
    /// `for=…;proto=…`, the constant part of our element of `Forwarded`.
    pub(crate) element: Vec<u8>,
    /// All lines as they are when the client is not trusted, up to the host in `Forwarded`.
    pub(crate) lines: Vec<u8>,
    pub(crate) proto: &'static str,
    pub(crate) host: Vec<u8>,
    /// Whether what the client says about where its request came from is believed and added to.
    pub trusted: bool,
    /// Whether the client's `X-Request-Id` is left out, because its request gets one of ours.
    pub identified: bool,
}

impl Forward {
    /// `client` is the address of the other end, `proto` is `http` or `https`; `host` stands in where a request names
    /// none (the address that the client connected to).
    pub fn new(client: IpAddr, proto: &'static str, host: &str, trusted: bool) -> Self {
        let client = client.to_canonical();
        let mut element = Vec::new();
        let mut lines = Vec::new();
        let write = |out: &mut Vec<u8>, text: std::fmt::Arguments<'_>| {
            out.write_fmt(text).expect("writing to memory cannot fail");
        };
        match client {
            IpAddr::V4(v4) => write(&mut element, format_args!("for={v4};proto={proto}")),
            IpAddr::V6(v6) => write(&mut element, format_args!("for=\"[{v6}]\";proto={proto}")),
        }
        write(
            &mut lines,
            format_args!("X-Forwarded-For: {client}\r\nX-Forwarded-Proto: {proto}\r\nForwarded: "),
        );
        lines.extend_from_slice(&element);
        Self {
            client: client.to_string().into_bytes(),
            element,
            lines,
            proto,
            host: host.as_bytes().to_vec(),
            trusted,
            identified: false,
        }
    }
}

/// `;host=…`, quoted when it is not a token (a port or a bracket makes it so).
pub(crate) fn push_host(host: &[u8], out: &mut Vec<u8>) {
    let quote: &[u8] = if crate::scan::is_token(host) { b"" } else { b"\"" };
    out.extend_from_slice(b";host=");
    out.extend_from_slice(quote);
    out.extend_from_slice(host);
    out.extend_from_slice(quote);
}
