//! Sockets that were opened before us: by systemd (sd_listen_fds(3)), or by whoever keeps that protocol.
//!
//! They outlive this process: connections that come while no process serves them wait in their backlog.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::Path;

use listenfd::ListenFd;
use rustix::net::sockopt::socket_acceptconn;

use crate::address::Address;
use crate::config::Config;
use crate::listener::Listening;
use crate::probe::plain;
use crate::sockets::{self, Bound};

/// What the admin listener's socket is called.
const ADMIN: &str = "admin";

/// Everything that the configuration listens on.
pub struct Opened {
    /// One per configured listener, in its order.
    pub listeners: Vec<Bound>,
    /// The admin listener, if there is one.
    pub admin: Option<Bound>,
}

/// Takes what was handed to us and binds the rest. A socket belongs to the listener that has its name, else to the
/// one that has its address; one that belongs to nobody is a mistake in a unit file, and said.
pub fn open(config: &Config) -> Result<Opened, String> {
    let names = config.listeners.iter().map(|one| (one.name.as_str(), one.address.clone()));
    let admin = config.admin.iter().map(|one| (ADMIN, Address::Ip(one.address)));
    let wanted: Vec<_> = names.chain(admin).collect();
    let mut found = hand_out(received()?, &wanted)?.into_iter();

    let mut listeners = Vec::new();
    for (given, found) in config.listeners.iter().zip(found.by_ref()) {
        let key = format!("listen.{}", given.name);
        listeners.push(found.map_or_else(|| sockets::bind(&key, &given.address), Ok)?);
    }
    let admin = match (&config.admin, found.next().flatten()) {
        (Some(given), Some(bound)) => {
            guarded(&bound, given.token.is_some())?;
            Some(bound)
        }
        (Some(given), None) => Some(sockets::bind("admin.address", &Address::Ip(given.address))?),
        (None, _) => None,
    };
    Ok(Opened { listeners, admin })
}

/// A socket as it came, under its name.
struct Given {
    name: String,
    bound: Bound,
}

/// Everything handed to this process.
fn received() -> Result<Vec<Given>, String> {
    let meant = std::env::var("LISTEN_PID").is_ok_and(|pid| pid == std::process::id().to_string());
    if !meant {
        return Ok(Vec::new());
    }
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':');
    let mut all = ListenFd::from_env();
    let mut given = Vec::new();
    for index in 0..all.len() {
        let name = names.next().filter(|name| !name.is_empty()).unwrap_or("unknown").to_owned();
        let bound = take(&mut all, index).map_err(|why| {
            format!(
                "LISTEN_FDS: the socket {name:?} cannot be listened on: {}; hand over TCP and UNIX stream sockets that listen (ListenStream= without Accept=yes)",
                plain(&why)
            )
        })?;
        given.push(Given { name, bound });
    }
    Ok(given)
}

/// The socket at `index`, closed when the control process is started: the crate sees to that.
fn take(all: &mut ListenFd, index: usize) -> io::Result<Bound> {
    let lost = || io::Error::other("it was taken already");
    let (socket, address) = if let Ok(socket) = all.take_tcp_listener(index) {
        let socket = socket.ok_or_else(lost)?;
        listens(&socket)?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?.to_string();
        (Listening::Tcp(socket), address)
    } else {
        let socket = all.take_unix_listener(index)?.ok_or_else(lost)?;
        listens(&socket)?;
        socket.set_nonblocking(true)?;
        let path = socket.local_addr()?.as_pathname().map(Path::to_path_buf);
        let address = path.map_or("unix:(no path)".into(), |path| Address::Unix(path).to_string());
        (Listening::Unix(socket), address)
    };
    Ok(Bound { socket, address, inherited: true })
}

fn listens(socket: impl AsFd) -> io::Result<()> {
    if socket_acceptconn(socket)? {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it does not listen"))
    }
}

/// Gives each of those who want one its socket: by name first, then by address. The error names what is left.
fn hand_out(
    mut given: Vec<Given>,
    wanted: &[(&str, Address)],
) -> Result<Vec<Option<Bound>>, String> {
    let mut found: Vec<Option<Bound>> = wanted.iter().map(|_| None).collect();
    for by_name in [true, false] {
        for ((name, address), place) in wanted.iter().zip(&mut found) {
            let fits = |one: &Given| {
                if by_name { one.name == *name } else { is_at(&one.bound, address) }
            };
            if place.is_none()
                && let Some(index) = given.iter().position(fits)
            {
                *place = Some(given.remove(index).bound);
            }
        }
    }
    let Some(left) = given.first() else { return Ok(found) };
    let wanted: Vec<_> =
        wanted.iter().map(|(name, address)| format!("{name} ({address})")).collect();
    Err(format!(
        "LISTEN_FDS: the socket {:?} on {} belongs to no listener: give it a listener's name (FileDescriptorName= in the .socket unit) or its exact address; there are {}",
        left.name,
        left.bound.address,
        wanted.join(", ")
    ))
}

fn is_at(bound: &Bound, address: &Address) -> bool {
    match address {
        Address::Ip(wanted) => bound.address.parse::<SocketAddr>().is_ok_and(|at| at == *wanted),
        Address::Unix(_) => bound.address == address.to_string(),
        Address::Name { .. } => false,
    }
}

/// The file's own address was checked with the file; a socket given by name may be somewhere else.
fn guarded(bound: &Bound, has_token: bool) -> Result<(), String> {
    let at = bound.address.parse::<SocketAddr>();
    match at {
        Ok(at) if has_token || at.ip().is_loopback() => Ok(()),
        Ok(at) => Err(format!(
            "LISTEN_FDS: the admin listener was given a socket on {at}, which other machines reach, and admin.token is not set: set it, or listen on 127.0.0.1"
        )),
        Err(_) => Err(format!(
            "LISTEN_FDS: the admin listener was given {}: give it a TCP socket",
            bound.address
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &str) -> (Given, Address) {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let at = socket.local_addr().expect("an address");
        let bound =
            Bound { socket: Listening::Tcp(socket), address: at.to_string(), inherited: true };
        (Given { name: name.into(), bound }, Address::Ip(at))
    }

    /// A socket with a listener's name is that listener's, even at another's address.
    #[test]
    fn a_name_says_more_than_an_address() {
        let (one, at_one) = given("b");
        let (two, at_two) = given("unknown");
        let wanted = [("a", at_one.clone()), ("b", at_two.clone())];
        let error = hand_out(vec![one, two], &wanted).err().expect("b has two, a has none");
        assert!(error.contains("unknown"), "{error}");

        let (one, at_one) = given("unknown");
        let (two, _) = given("b");
        let wanted = [("a", at_one.clone()), ("b", at_two)];
        let found = hand_out(vec![two, one], &wanted).expect("both are wanted");
        let address = found[0].as_ref().expect("by address").address.clone();
        assert_eq!(address, at_one.to_string());
        assert!(found[1].is_some());
    }

    /// The admin listener does not become reachable by a socket unit without a token.
    #[test]
    fn the_admin_listener_stays_guarded() {
        let socket = std::net::TcpListener::bind("0.0.0.0:0").expect("a free port");
        let address = socket.local_addr().expect("an address").to_string();
        let open = Bound { socket: Listening::Tcp(socket), address, inherited: true };
        assert!(guarded(&open, true).is_ok());
        assert!(guarded(&open, false).expect_err("no token").contains("admin.token"));
    }
}
