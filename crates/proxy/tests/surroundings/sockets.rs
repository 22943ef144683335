//! A socket that cannot be had says which, where, why, and what to do.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use evenly_proxy::address::Address;
use evenly_proxy::sockets::bind;

fn fault(address: &Address) -> String {
    bind("listen.web", address).err().expect("it cannot be had")
}

/// Port 0 becomes a number, and the error for a taken one names listener, address, reason and remedy.
#[test]
fn a_taken_address_is_explained() {
    let free = Address::Ip("127.0.0.1:0".parse().expect("an address"));
    assert!(!bind("listen.web", &free).expect("a free port").address.ends_with(":0"));
    let holder = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = holder.local_addr().expect("bound");
    let said = fault(&Address::Ip(taken));
    for part in ["listen.web", &taken.to_string(), "in use", "choose another address"] {
        assert!(said.contains(part), "{said}");
    }
}

/// An address of another machine is told apart from a taken one.
#[test]
fn a_foreign_address_is_explained() {
    let said = fault(&Address::Ip("192.0.2.1:0".parse().expect("an address")));
    assert!(said.contains("no interface of this machine has that address"), "{said}");
}

/// A UNIX socket that a killed proxy left behind is taken over; one that somebody listens on is not.
#[test]
fn only_a_dead_unix_socket_is_taken_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("web.sock");
    let address = Address::Unix(path.clone());
    let alive = UnixListener::bind(&path).expect("a free path");
    assert!(fault(&address).contains("in use"));
    drop(alive);
    assert!(path.exists(), "what a killed process leaves");
    bind("listen.web", &address).expect("nobody listens any more");
}
