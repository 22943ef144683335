//! Names become addresses, for as long as the answer says.

use std::time::Duration;

use evenly_proxy::resolve::{LATEST, SOONEST, look_up};

use crate::dns::{Dns, ips};

/// All address records of a name count, each once and in a stable order.
#[tokio::test]
async fn a_name_stands_for_all_its_addresses() {
    let dns = Dns::new();
    dns.set("users.test", 60, &["10.0.0.2", "10.0.0.1", "10.0.0.2"]);
    let found = look_up("users.test", Some(dns.address)).await.expect("the name exists");
    assert_eq!(found.addresses, ips(&["10.0.0.1", "10.0.0.2"]));
    assert!(found.holds > Duration::from_secs(50) && found.holds <= Duration::from_secs(60));
}

/// A time to live of 0 does not become a storm of questions, and one of a day is not believed.
#[tokio::test]
async fn the_time_to_live_is_kept_within_bounds() {
    let dns = Dns::new();
    dns.set("short.test", 0, &["10.0.0.1"]);
    dns.set("long.test", 86_000, &["10.0.0.1"]);
    assert_eq!(look_up("short.test", Some(dns.address)).await.expect("exists").holds, SOONEST);
    assert_eq!(look_up("long.test", Some(dns.address)).await.expect("exists").holds, LATEST);
}

/// A name that does not exist is an error that says which name.
#[tokio::test]
async fn an_unknown_name_is_named_in_the_error() {
    let dns = Dns::new();
    let fault = look_up("nobody.test", Some(dns.address)).await.expect_err("the zone is empty");
    assert!(fault.contains("nobody.test"), "{fault}");
}

/// `/etc/hosts` is asked before any server.
#[tokio::test]
async fn the_hosts_file_comes_first() {
    let dns = Dns::new();
    let found = look_up("localhost", Some(dns.address)).await.expect("every machine has localhost");
    assert!(found.addresses.iter().all(std::net::IpAddr::is_loopback));
    assert_eq!(*dns.asked.lock(), 0, "no server was asked");
}
