//! Where a node or a listener lives: `1.2.3.4:80`, `[::1]:80`, `host:80`, `unix:/path`.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// An address as written, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// A literal IP address: never looked up.
    Ip(SocketAddr),
    /// A host name, looked up again as its records' time to live ends.
    Name {
        /// The name without a trailing port.
        host: String,
        /// The port every address of the name is reached at.
        port: u16,
    },
    /// A UNIX socket.
    Unix(PathBuf),
}

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressFault {
    text: String,
    why: &'static str,
}

impl fmt::Display for AddressFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not an address: {}; write \"10.0.0.1:80\", \"[::1]:80\", \"name:80\" or \"unix:/path\"",
            self.text, self.why
        )
    }
}

impl std::error::Error for AddressFault {}

impl FromStr for Address {
    type Err = AddressFault;

    fn from_str(text: &str) -> Result<Self, AddressFault> {
        let fault = |why| AddressFault { text: text.to_owned(), why };
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.starts_with('/') {
                Ok(Self::Unix(PathBuf::from(path)))
            } else {
                Err(fault("the path of a UNIX socket is absolute"))
            };
        }
        if let Ok(ip) = text.parse::<SocketAddr>() {
            return Ok(Self::Ip(ip));
        }
        let Some((host, port)) = text.rsplit_once(':') else {
            return Err(fault("the port is missing"));
        };
        let port: u16 =
            port.parse().map_err(|_| fault("the port is not a number from 0 to 65535"))?;
        if host.is_empty() {
            return Err(fault("the host is missing"));
        }
        // A bare IPv6 address would be cut at its last group, so it is refused rather than guessed.
        if host.contains([':', '[', ']', '/', '@', ' ']) {
            return Err(fault("the host is not a name (an IPv6 address wants brackets)"));
        }
        Ok(Self::Name { host: host.to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => write!(f, "{ip}"),
            Self::Name { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every form that the configuration allows is read, and written back as it was.
    #[test]
    fn every_allowed_form_reads_and_writes_back() {
        for text in ["1.2.3.4:80", "[::1]:80", "host.example:80", "unix:/run/a.sock"] {
            let address: Address = text.parse().expect(text);
            assert_eq!(address.to_string(), text);
        }
    }

    /// What is ambiguous or incomplete is refused with what to write instead.
    #[test]
    fn what_is_no_address_is_refused() {
        for text in
            ["", "host", "host:", "host:http", ":80", "::1:80", "unix:here", "host:70000", "a b:1"]
        {
            let fault = text.parse::<Address>().expect_err(text);
            assert!(fault.to_string().contains("write \"10.0.0.1:80\""));
        }
    }
}
