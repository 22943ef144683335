//! A tiny real DNS server on loopback, a few bytes by hand.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;

type Zone = HashMap<String, (u32, Vec<Ipv4Addr>)>;

/// Answers A questions from a zone that a test changes; all else does not exist.
pub struct Dns {
    pub address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    pub asked: Arc<Mutex<u32>>,
}

impl Dns {
    pub fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let address = socket.local_addr().expect("a bound socket");
        let (zone, asked) = (Arc::<Mutex<Zone>>::default(), Arc::<Mutex<u32>>::default());
        let (names, count) = (Arc::clone(&zone), Arc::clone(&asked));
        thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
                *count.lock() += 1;
                let _ = socket.send_to(&answer(&buffer[..length], &names.lock()), peer);
            }
        });
        Self { address, zone, asked }
    }

    /// Lets `name` stand for `addresses`, for `ttl` seconds at a time.
    pub fn set(&self, name: &str, ttl: u32, addresses: &[&str]) {
        let addresses = addresses.iter().map(|ip| ip.parse().expect("an IPv4 address")).collect();
        self.zone.lock().insert(name.to_owned(), (ttl, addresses));
    }

    /// Lets `name` be unknown.
    pub fn unset(&self, name: &str) {
        self.zone.lock().remove(name);
    }
}

/// One answer to one question (RFC 1035, section 4).
fn answer(query: &[u8], zone: &Zone) -> Vec<u8> {
    let (mut at, mut name) = (12, Vec::new());
    while query[at] != 0 {
        let length = usize::from(query[at]);
        name.push(String::from_utf8_lossy(&query[at + 1..=at + length]).to_lowercase());
        at += length + 1;
    }
    let question = &query[12..at + 5];
    let is_a = query[at + 1..at + 3] == [0, 1];
    let found = zone.get(&name.join("."));
    let (ttl, addresses) = found.cloned().filter(|_| is_a).unwrap_or_default();
    let mut reply = query[..2].to_vec();
    reply.extend([
        0x81,
        if found.is_some() { 0x80 } else { 0x83 },
        0,
        1,
        0,
        addresses.len() as u8,
        0,
        0,
        0,
        0,
    ]);
    reply.extend(question);
    for address in addresses {
        reply.extend([0xc0, 12, 0, 1, 0, 1]);
        reply.extend(ttl.to_be_bytes());
        reply.extend([0, 4]);
        reply.extend(address.octets());
    }
    reply
}

/// Addresses from their texts.
pub fn ips(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().expect("an address")).collect()
}
