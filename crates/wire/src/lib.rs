//! HTTP/1.0 and 1.1 on the wire, without I/O: what a relay reads from one side, and what it writes to the other.
//!
//! A head is read only if all parsers would read it the same way; every way to break that has a name in one table,
//! [`Rule`], and can be relaxed by that name ([`Relaxed`]). What is written is always well formed, whatever was
//! excused. Nothing is allocated per message: offsets live in [`Slots`], output goes into the caller's `Vec<u8>`.
//!
//! # One exchange
//!
//! ```
//! use evenly_wire::{Forward, Parsed, Relaxed, Slots, Terms, Version, request, response};
//!
//! // Per listener or cluster, per connection.
//! let terms = Terms { relaxed: Relaxed::parse(["bare_lf"])?, ..Terms::default() };
//! let forward = Forward::new([192, 0, 2, 7].into(), "http", "203.0.113.1:80", false);
//! let mut slots = Slots::new();
//! let (mut out, mut scratch) = (Vec::new(), Vec::new());
//!
//! // A request: Partial → read more and come back; Err(rule) → rule.status(), `bad_request:<rule.name()>`, close.
//! let from_client = b"POST /a HTTP/1.1\r\nHost: web\r\nContent-Length: 2\r\n\r\nhiGET / HT";
//! let Parsed::Complete(head) = request::parse(from_client, &mut slots, &terms)? else { panic!("it is complete") };
//! assert!(head.excused.is_empty(), "else: count and log each rule in it");
//! let mut carrier = head.write(&forward, terms.relaxed, &mut out);
//! let (asked, version, keep_alive) = (head.asked(), head.version, head.keep_alive);
//!
//! // Its body: write `bytes` to the node, drop `consumed` from the buffer, until done.
//! let carried = carrier.carry(&from_client[head.len..], &mut scratch)?;
//! assert_eq!((carried.bytes, carried.consumed, carried.done), (b"hi".as_slice(), 2, true));
//!
//! // The response: Err(rule) → 502 `bad_response:<rule.name()>`.
//! let from_node = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nho\r\n0\r\n\r\n";
//! let Parsed::Complete(head) = response::parse(from_node, &mut slots, asked, &terms)? else { panic!("it is complete") };
//! let reply = response::Reply { version, close: !keep_alive, relaxed: terms.relaxed };
//! out.clear();
//! let mut written = head.write(reply, &mut out);
//! let carried = written.carrier.carry(&from_node[head.len..], &mut scratch)?;
//! assert!(carried.done && !written.close && head.keep_alive);
//! // When the node's connection ends before `done`: written.carrier.end(&mut out), Err(Cut) → the body was cut off.
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What the caller must do
//!
//! * A chunked request: hold the head back until [`chunked::opens_well`] is true for the bytes after it.
//! * [`RequestHead::expect_continue`]: send [`refusal::CONTINUE`] before waiting for the body; the node is not asked.
//! * A response with [`ResponseHead::is_interim`]: pass it on (to HTTP/1.1 clients only) and parse the next head.
//! * [`ResponseHead::is_switch`]: relay bytes both ways.
//! * A node's connection is used again only if `keep_alive`, the body is done and no byte is left over.
//! * Count and log `head.excused` and `carrier.excused()` when they are not empty.

#![forbid(unsafe_code)]

mod carrier;
pub mod chunked;
mod connection;
mod copy;
mod forward;
mod framing;
mod kind;
pub mod refusal;
mod relaxed;
pub mod request;
pub mod response;
mod rule;
mod scan;
mod slots;
mod terms;

pub use carrier::{Carried, Carrier, Cut};
pub use forward::Forward;
pub use relaxed::{Relaxed, Unrelaxable};
pub use request::RequestHead;
pub use response::ResponseHead;
pub use rule::{RULES, Rule};
pub use slots::Slots;
pub use terms::{Body, MAX_FIELDS, MAX_HEAD_BYTES, Parsed, Terms, Version};
