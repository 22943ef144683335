//! Which fields have a meaning for us.

/// What a field name means to a relay. Everything else is passed on as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Kind {
    /// Not ours to understand.
    #[default]
    Other,
    /// Not to be passed on: an underscore in its name, or a line dropped under a relaxed rule.
    Dropped,
    Host,
    ContentLength,
    TransferEncoding,
    Connection,
    Upgrade,
    Expect,
    KeepAlive,
    RetryAfter,
    /// Meant for the next hop only, and of no interest to us.
    HopByHop,
    ForwardedFor,
    ForwardedProto,
    ForwardedHost,
    Forwarded,
    /// Other names under which proxies tell where a request came from (`X-Real-IP`, `X-Forwarded-Port` …).
    Origin,
}

impl Kind {
    /// What `name` means; its case does not matter.
    #[inline]
    pub(crate) fn of(name: &[u8]) -> Self {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        match name.len() {
            2 if is("te") => Self::HopByHop,
            4 if is("host") => Self::Host,
            6 if is("expect") => Self::Expect,
            7 if is("upgrade") => Self::Upgrade,
            9 if is("forwarded") => Self::Forwarded,
            9 if is("x-real-ip") => Self::Origin,
            10 if is("connection") => Self::Connection,
            10 if is("keep-alive") => Self::KeepAlive,
            11 if is("retry-after") => Self::RetryAfter,
            14 if is("content-length") => Self::ContentLength,
            14 if is("http2-settings") => Self::HopByHop,
            15 if is("x-forwarded-for") => Self::ForwardedFor,
            16 if is("x-forwarded-host") => Self::ForwardedHost,
            16 if is("proxy-connection") => Self::HopByHop,
            17 if is("transfer-encoding") => Self::TransferEncoding,
            17 if is("x-forwarded-proto") => Self::ForwardedProto,
            18 if is("proxy-authenticate") => Self::HopByHop,
            19 if is("proxy-authorization") => Self::HopByHop,
            13.. if name[..12].eq_ignore_ascii_case(b"x-forwarded-") => Self::Origin,
            _ => Self::Other,
        }
    }
}
