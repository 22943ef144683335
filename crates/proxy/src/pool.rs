//! Connections to nodes that wait for their next request. Each worker keeps its own, so that taking one is no lock.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;
use std::sync::Arc;

use evenly_core::{Nanos, State};

use crate::address::Address;
use crate::meter::{ClusterMeter, NodeMeter};
use crate::stream::Stream;

/// A request that may not be carried out twice goes only where the node cannot have given up the connection: one that
/// rested shorter than this. The shortest keep-alive that common servers use is 2 s.
const FRESH: Nanos = Nanos::from_secs(1);

/// The connections of a worker that wait, by node.
#[derive(Debug, Default)]
pub struct Pool {
    berths: RefCell<HashMap<usize, Rc<Berth>, BuildHasherDefault<Pointer>>>,
}

/// What a worker keeps of one node.
#[derive(Debug)]
pub struct Berth {
    /// The node. Holding it keeps its memory, and so its key in the pool, from being used by another.
    state: Arc<State>,
    /// Where it lives.
    pub address: Address,
    /// What this worker counts about it.
    pub meter: Arc<NodeMeter>,
    idle: RefCell<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    stream: Stream,
    since: Nanos,
    until: Nanos,
}

impl Pool {
    /// The berth of a node.
    pub fn berth(&self, state: &Arc<State>, meter: &ClusterMeter) -> Rc<Berth> {
        let key = Arc::as_ptr(state) as usize;
        if let Some(berth) = self.berths.borrow().get(&key) {
            return Rc::clone(berth);
        }
        self.open(key, state, meter)
    }

    #[cold]
    fn open(&self, key: usize, state: &Arc<State>, meter: &ClusterMeter) -> Rc<Berth> {
        // Addresses were checked when the configuration was read; a bad one is a name that nothing connects to.
        let address = state
            .address()
            .parse()
            .unwrap_or_else(|_| Address::Name { host: state.address().to_string(), port: 0 });
        let berth = Rc::new(Berth {
            state: Arc::clone(state),
            address,
            meter: meter.node(state.id()),
            idle: RefCell::default(),
        });
        self.berths.borrow_mut().insert(key, Rc::clone(&berth));
        berth
    }

    /// Closes what has waited long enough or was ended by its node, and forgets nodes without connections.
    pub fn sweep(&self, now: Nanos) {
        self.berths.borrow_mut().retain(|_, berth| {
            berth.idle.borrow_mut().retain(|idle| now < idle.until && idle.stream.is_quiet());
            Rc::strong_count(berth) > 1 || !berth.idle.borrow().is_empty()
        });
    }

    /// Closes all that wait: somebody needs their descriptors more.
    pub fn shed(&self) {
        self.berths.borrow().values().for_each(|berth| berth.idle.borrow_mut().clear());
    }

    /// Whether no connection waits.
    pub fn is_empty(&self) -> bool {
        self.berths.borrow().is_empty()
    }

    /// Closes the waiting connections of a node, because it has been taken out.
    pub fn close(&self, node: &Arc<State>) {
        if let Some(berth) = self.berths.borrow_mut().remove(&(Arc::as_ptr(node) as usize)) {
            berth.idle.borrow_mut().clear();
        }
    }
}

impl Berth {
    /// The node's stable name.
    pub fn id(&self) -> &Arc<str> {
        self.state.id()
    }

    /// The connection that rested shortest, if it is still good. With `fresh`, only one that rested for less than a
    /// second.
    pub fn take(&self, now: Nanos, fresh: bool) -> Option<Stream> {
        let mut waiting = self.idle.borrow_mut();
        while let Some(idle) = waiting.pop() {
            if fresh && now.since(idle.since) >= FRESH {
                // Those below rested longer still; they are good for other requests.
                waiting.push(idle);
                return None;
            }
            if now < idle.until && idle.stream.is_quiet() {
                return Some(idle.stream);
            }
        }
        None
    }

    /// Puts a connection to rest, for at most `keep`.
    pub fn give(&self, stream: Stream, now: Nanos, keep: Nanos) {
        // Bytes after a response belong to no request: such a connection is not to be trusted.
        if keep > Nanos::ZERO && stream.is_quiet() {
            self.idle.borrow_mut().push(Idle { stream, since: now, until: now.plus(keep) });
        }
    }
}

/// Hashes addresses of nodes. One multiplication spreads them; nobody outside chooses them.
#[derive(Debug, Default)]
struct Pointer(u64);

impl Hasher for Pointer {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_usize(usize::from(byte) ^ self.0 as usize);
        }
    }
    fn write_usize(&mut self, value: usize) {
        // Nodes are aligned to 128 bytes; the rotation brings the well mixed bits to where the table looks.
        self.0 = (value as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }
}
