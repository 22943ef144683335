//! A socket that cannot be had says which, where, why, and what to do.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::Duration;

use evenly_proxy::address::Address;
use evenly_proxy::listener::{Crew, accept};
use evenly_proxy::sockets::bind;
use evenly_proxy::worker::spawn;
use tokio::net::TcpStream;

use crate::stage::{listener, shared, soon};

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

/// Connecting to an ordinary file is refused like connecting to a dead socket, but it is somebody's file.
#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "mine").expect("a free path");
    assert!(fault(&Address::Unix(path.clone())).contains("no socket stands there"));
    assert_eq!(std::fs::read_to_string(&path).expect("it is still there"), "mine");
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

/// As many clients are served as have room; the next one waits in the backlog until somebody leaves.
#[tokio::test]
async fn accepting_pauses_while_there_is_no_room() {
    let shared = shared();
    let listener = listener(&shared);
    let worker = spawn(&shared, 0).expect("a thread can be started");
    let crew = Arc::new(Crew::new(vec![worker], 1));
    let any = Address::Ip("127.0.0.1:0".parse().expect("an address"));
    let bound = bind("listen.web", &any).expect("a free port");
    tokio::spawn(accept(bound.socket, Arc::clone(&listener), Arc::clone(&crew)));
    let opened = || listener.meters[0].opened.get();

    let first = TcpStream::connect(&bound.address).await.expect("it listens");
    soon("the first", || opened() == 1).await;
    let _second = TcpStream::connect(&bound.address).await.expect("the backlog takes it");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((opened(), crew.has_room()), (1, false), "the second waits");
    drop(first);
    soon("the second", || opened() == 2).await;
    crew.workers()[0].end();
}
