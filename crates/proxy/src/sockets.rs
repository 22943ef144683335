//! The sockets that the proxy listens on, and what to do when one cannot be had.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use socket2::{Domain, Protocol, Socket, Type};

use crate::account;
use crate::address::Address;
use crate::listener::Listening;
use crate::probe::plain;

/// Connections that may wait for being accepted: what the kernel allows by default.
const BACKLOG: i32 = 4096;

/// A bound listener under the address it really has: port 0 has become a number.
pub struct Bound {
    /// The socket.
    pub socket: Listening,
    /// Where it listens.
    pub address: String,
    /// Whether somebody else opened it, and keeps it open when we end.
    pub inherited: bool,
}

impl Bound {
    /// The file that a UNIX socket of ours leaves behind, which would look as if somebody listened.
    pub fn own_path(&self) -> Option<&Path> {
        self.address.strip_prefix("unix:").filter(|_| !self.inherited).map(Path::new)
    }

    /// The same socket once more.
    pub fn duplicate(&self) -> io::Result<Listening> {
        Ok(match &self.socket {
            Listening::Tcp(socket) => Listening::Tcp(socket.try_clone()?),
            Listening::Unix(socket) => Listening::Unix(socket.try_clone()?),
        })
    }
}

/// Binds what `key` of the configuration asks for. The error says what, where, why, and what to do.
pub fn bind(key: &str, address: &Address) -> Result<Bound, String> {
    let fault = |why: &io::Error| {
        format!("{key}: cannot listen on {address}: {}; {}", plain(why), advice(why, address))
    };
    match address {
        Address::Unix(path) => {
            let socket = unix(path).map_err(|why| fault(&why))?;
            Ok(Bound {
                socket: Listening::Unix(socket),
                address: address.to_string(),
                inherited: false,
            })
        }
        Address::Ip(ip) => tcp(*ip).map_err(|why| fault(&why)),
        Address::Name { host, port } => {
            let found = (host.as_str(), *port).to_socket_addrs().map_err(|why| fault(&why))?;
            let first = found
                .min_by_key(SocketAddr::is_ipv6)
                .ok_or_else(|| format!("{key}: {host} has no address"))?;
            tcp(first).map_err(|why| fault(&why))
        }
    }
}

fn tcp(address: SocketAddr) -> io::Result<Bound> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Connections of the proxy that ran here before may still linger; they are no reason to wait.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    let socket = TcpListener::from(socket);
    let address = socket.local_addr()?.to_string();
    Ok(Bound { socket: Listening::Tcp(socket), address, inherited: false })
}

fn unix(path: &Path) -> io::Result<UnixListener> {
    // A socket that a killed proxy left behind is taken over; one that somebody listens on is not, and whatever else
    // stands there is somebody's file: connecting to it is refused just the same.
    let is_socket = std::fs::symlink_metadata(path).map(|found| found.file_type().is_socket());
    if is_socket.unwrap_or(false)
        && UnixStream::connect(path)
            .is_err_and(|why| why.kind() == io::ErrorKind::ConnectionRefused)
    {
        std::fs::remove_file(path)?;
    }
    let socket = UnixListener::bind(path)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn advice(why: &io::Error, address: &Address) -> &'static str {
    match (why.kind(), address) {
        (io::ErrorKind::AddrInUse, Address::Unix(_)) => {
            "a program listens there (`ss -lxp` names it), or a file that is no socket stands there: choose another path"
        }
        (io::ErrorKind::PermissionDenied, Address::Unix(_)) => {
            "this user may not write to its folder: choose another path or grant it"
        }
        (io::ErrorKind::AddrInUse, _) => {
            "another program listens there (`ss -ltnp` names it): stop it or choose another address"
        }
        (io::ErrorKind::PermissionDenied, _) if account::given_up() => {
            "root was given up at the start (proxy.user), and ports below 1024 need it: restart the proxy, or start it as that user with CAP_NET_BIND_SERVICE (AmbientCapabilities= in the unit) and without proxy.user"
        }
        (io::ErrorKind::PermissionDenied, _) => {
            "ports below 1024 need root or CAP_NET_BIND_SERVICE: choose another or grant it"
        }
        (io::ErrorKind::AddrNotAvailable, _) => {
            "no interface of this machine has that address: `ip addr` lists those it has"
        }
        (io::ErrorKind::NotFound, _) => "the folder does not exist: make it first",
        _ => "choose another address",
    }
}
