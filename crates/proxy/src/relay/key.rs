//! What of a request a hash strategy goes by.

use std::net::IpAddr;
use std::str::FromStr;

use evenly_wire::request::RequestHead;

/// Where the key of a request is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// The strategy asks for none.
    None,
    /// The first value of a field.
    Header(String),
    /// A cookie's value.
    Cookie(String),
    /// The first value of a query parameter, as it was sent.
    Query(String),
    /// The target without its query.
    Path,
    /// The client's address.
    ClientIp,
}

impl FromStr for KeySource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = |name: &str| if name.is_empty() { None } else { Some(name.to_owned()) };
        let found = match text.split_once(':') {
            Some(("header", name)) => named(name).map(Self::Header),
            Some(("cookie", name)) => named(name).map(Self::Cookie),
            Some(("query", name)) => named(name).map(Self::Query),
            None if text == "path" => Some(Self::Path),
            None if text == "client_ip" => Some(Self::ClientIp),
            _ => None,
        };
        found.ok_or_else(|| {
            format!("{text:?} is no part of a request; write \"header:NAME\", \"cookie:NAME\", \"query:NAME\", \"path\" or \"client_ip\"")
        })
    }
}

impl KeySource {
    /// The key of a request; none when the request lacks what is looked for.
    pub fn of(&self, head: &RequestHead<'_>, client: Option<IpAddr>) -> Option<Box<[u8]>> {
        match self {
            Self::None => None,
            Self::Header(name) => head.field(name).map(Into::into),
            Self::Cookie(name) => head
                .fields()
                .filter(|(field, _)| field.eq_ignore_ascii_case(b"cookie"))
                .find_map(|(_, value)| pair(value, b';', name))
                .map(Into::into),
            Self::Query(name) => {
                let mark = head.target.iter().position(|&byte| byte == b'?')?;
                pair(&head.target[mark + 1..], b'&', name).map(Into::into)
            }
            Self::Path => head.target.split(|&byte| byte == b'?').next().map(Into::into),
            Self::ClientIp => client.map(|ip| ip.to_canonical().to_string().into_bytes().into()),
        }
    }
}

/// The value of `name=value` among pairs that `between` separates.
fn pair<'a>(text: &'a [u8], between: u8, name: &str) -> Option<&'a [u8]> {
    text.split(|&byte| byte == between).find_map(|one| {
        let one = one.trim_ascii();
        let equals = one.iter().position(|&byte| byte == b'=')?;
        (one[..equals] == *name.as_bytes()).then(|| &one[equals + 1..])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pair is found by its whole name, wherever it stands, and its value may hold further equals signs.
    #[test]
    fn a_pair_is_found_by_its_whole_name() {
        assert_eq!(pair(b"a=1; sid=x=y; sid2=z", b';', "sid"), Some(&b"x=y"[..]));
        assert_eq!(pair(b"asid=1&u=2", b'&', "u"), Some(&b"2"[..]));
        assert_eq!(pair(b"asid=1", b'&', "sid"), None);
    }

    /// A part of a request that does not exist is refused with those that do.
    #[test]
    fn an_unknown_part_is_refused() {
        for text in ["", "header:", "body", "path:x"] {
            assert!(text.parse::<KeySource>().expect_err(text).contains("client_ip"));
        }
        assert_eq!("cookie:sid".parse(), Ok(KeySource::Cookie("sid".into())));
    }
}
