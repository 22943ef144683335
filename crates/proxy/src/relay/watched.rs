//! Requests that are looked at more closely: on a listener with `debug` every one, elsewhere a few.

use std::sync::Arc;
use std::time::SystemTime;

use evenly_core::{Balancer, Key, Loan, Nanos, Refusal, Trace, Tried};

use super::Connection;
use super::intake::Request;
use super::tally::{Tally, full_name};
use crate::clock;
use crate::decisions::Decision;
use crate::worker::Local;

/// The field that tells.
const NAME: &str = "X-Evenly";

/// What is noted of a request that is looked at.
#[derive(Debug)]
pub struct Watched {
    /// The way of its last pick.
    pub trace: Trace,
    /// It is one of those that are kept.
    kept: bool,
    /// It has a key.
    key: bool,
}

/// A pick, noted when the request is looked at.
#[inline]
pub fn pick(
    local: &Local,
    connection: &Connection,
    request: &mut Request,
    tried: &Tried,
    now: Nanos,
) -> Result<Loan, Box<Refusal>> {
    let balancer = &connection.rules.cluster.balancer;
    let kept = request.tally.watched.is_none() && local.sampler.wants(now);
    if kept || connection.rules.debug || request.tally.watched.is_some() {
        return watch(local, balancer, request, tried, (now, kept));
    }
    let key = request.key.as_deref().map_or(Key::None, Key::Bytes);
    balancer.pick(key, tried, now, &mut local.rng.borrow_mut())
}

#[cold]
fn watch(
    local: &Local,
    balancer: &Arc<Balancer>,
    request: &mut Request,
    tried: &Tried,
    (now, kept): (Nanos, bool),
) -> Result<Loan, Box<Refusal>> {
    let key = request.key.as_deref().map_or(Key::None, Key::Bytes);
    let (picked, trace) = balancer.pick_traced(key, tried, now, &mut local.rng.borrow_mut());
    let kept = kept || request.tally.watched.as_ref().is_some_and(|it| it.kept);
    request.tally.watched = Some(Box::new(Watched { trace, kept, key: request.key.is_some() }));
    picked
}

impl Tally {
    /// The place came free while the request waited: no strategy's proposal, and nobody's fault.
    pub fn got_in_queue(&mut self) {
        if let Some(watched) = &mut self.watched {
            watched.trace = Trace::default();
        }
    }

    /// Keeps it among the last decisions, if it is one of those.
    #[cold]
    pub fn decided(&mut self, local: &Local, connection: &Connection) {
        let Some(watched) = self.watched.take().filter(|watched| watched.kept) else { return };
        local.shared.decisions.keep(Decision {
            time: SystemTime::now(),
            listener: Arc::clone(&connection.rules.live.name),
            cluster: Arc::clone(connection.rules.cluster.balancer.name()),
            key: watched.key,
            trace: watched.trace,
            node: self.node.as_ref().map(|berth| Arc::clone(berth.id())),
            tries: self.tries,
            status: self.status,
            reason: self.reason.map(|reason| full_name(reason, self.rule)),
            took: clock::now().since(self.started),
        });
    }
}

/// Puts our field into the head that begins at `from`, in place of any that a node has sent. `tally` is missing for a
/// request that could not be read.
#[cold]
pub fn label(out: &mut Vec<u8>, from: usize, connection: &Connection, tally: Option<&Tally>) {
    let node = tally.and_then(|tally| tally.node.as_ref()).map_or("-", |berth| berth.id());
    let stage = tally.and_then(|tally| tally.watched.as_ref());
    let stage = stage.map_or("-", |watched| watched.trace.stage.name());
    let rules = &connection.rules;
    let text = format!(
        "cluster={}; node={node}; tries={}; stage={stage}; edition={}",
        rules.cluster.balancer.name(),
        tally.map_or(0, |tally| tally.tries),
        rules.edition,
    );
    put(out, from, &text);
}

fn put(out: &mut Vec<u8>, from: usize, text: &str) {
    const END: &[u8] = b"\r\n\r\n";
    let Some(length) = out[from..].windows(END.len()).position(|four| four == END) else { return };
    let tail = out.split_off(from + length + 2);
    let head = out.split_off(from);
    for (number, line) in head.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let name = line.split(|&byte| byte == b':').next().unwrap_or_default().trim_ascii();
        if number == 0 || !name.eq_ignore_ascii_case(NAME.as_bytes()) {
            out.extend_from_slice(line);
        }
    }
    out.extend_from_slice(NAME.as_bytes());
    out.extend_from_slice(b": ");
    out.extend(text.bytes().map(|byte| if byte.is_ascii_control() { b' ' } else { byte }));
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&tail);
}

#[cfg(test)]
mod tests {
    use super::put;

    fn labelled(head: &str, text: &str) -> String {
        let mut out = [b"before\r\n\r\n", head.as_bytes()].concat();
        put(&mut out, 10, text);
        String::from_utf8(out).expect("ASCII")
    }

    /// Ours is the only one, whatever a node says of itself, and the body stays as it is.
    #[test]
    fn a_nodes_own_field_gives_way_to_ours() {
        let head = "HTTP/1.1 200 x-evenly: x\r\nx-EVENLY: node=z\r\nX-Evenly-Reason: a\r\nX-Evenly : b\r\n\r\nX-Evenly: body\r\n\r\n";
        let want = "before\r\n\r\nHTTP/1.1 200 x-evenly: x\r\nX-Evenly-Reason: a\r\nX-Evenly: node=a\r\n\r\nX-Evenly: body\r\n\r\n";
        assert_eq!(labelled(head, "node=a"), want);
    }

    /// A name may hold what a field may not.
    #[test]
    fn nothing_that_is_told_ends_the_field() {
        let shown = labelled("HTTP/1.1 204 No Content\r\n\r\n", "node=a\r\nSet-Cookie: b");
        assert!(shown.ends_with("\r\nX-Evenly: node=a  Set-Cookie: b\r\n\r\n"), "{shown}");
    }
}
