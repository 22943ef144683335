//! What must happen between requests: time passes for balancers, nodes are checked, names are resolved again.
//!
//! The proxy runs it as a task of its main thread, the library in one lazy thread per process.

mod keep;
mod names;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::thread;

use evenly_core::{Balancer, Event, State};
use parking_lot::{ArcMutexGuard, Mutex, RawMutex};
use tokio::sync::Notify;

use crate::config::Health;

pub use names::Name;

/// A cluster to look after. It holds its balancer weakly: a balancer that nobody uses any more is not kept alive.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Whose time passes.
    pub balancer: Weak<Balancer>,
    /// How its nodes are checked; its balancer's settings say when.
    pub health: Option<Arc<Health>>,
    /// Nodes given by name: each becomes one node per address.
    pub names: Vec<Name>,
    /// DNS server used instead of the system's.
    pub resolver: Option<SocketAddr>,
}

/// Something that happened while looking after clusters.
#[derive(Debug)]
pub enum Notice {
    /// A node has left: its idle connections may be closed.
    Left {
        /// The cluster's name.
        cluster: Arc<str>,
        /// The node.
        node: Arc<State>,
    },
    /// A node's standing has changed.
    Changed {
        /// The cluster's name.
        cluster: Arc<str>,
        /// What changed.
        event: Event,
    },
    /// A name can no longer be resolved; its last good addresses stay.
    Unresolved {
        /// The cluster's name.
        cluster: Arc<str>,
        /// What was wrong.
        why: String,
        /// How many addresses stay.
        kept: usize,
    },
}

/// Who is told. Called without a lock held.
pub type Tell = Arc<dyn Fn(Notice) + Send + Sync>;

/// The one who looks after clusters. Cloned freely.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Mutex<Shared>>,
    /// Held while balancers are worked on; [`Engine::pause`] takes it, so that no fork happens in the middle.
    gate: Arc<Mutex<()>>,
    tell: Tell,
    own_thread: bool,
}

struct Shared {
    watches: BTreeMap<u64, Entry>,
    next: u64,
    running: bool,
    wake: Arc<Notify>,
}

#[derive(Clone)]
struct Entry {
    watch: Watch,
    /// Counts changes of `watch.names`, so that the loop sees them.
    edition: u64,
}

/// Stops all work on balancers until dropped: held across a fork.
pub struct Pause {
    _gate: ArcMutexGuard<RawMutex, ()>,
    _shared: ArcMutexGuard<RawMutex, Shared>,
}

impl Engine {
    /// An engine whose owner runs [`Engine::keep`].
    pub fn new(tell: Tell) -> Self {
        Self::with(tell, false)
    }

    /// An engine that starts a thread of its own when there is something to look after.
    pub fn lazy(tell: Tell) -> Self {
        Self::with(tell, true)
    }

    fn with(tell: Tell, own_thread: bool) -> Self {
        let shared = Shared {
            watches: BTreeMap::new(),
            next: 0,
            running: false,
            wake: Arc::new(Notify::new()),
        };
        Self { shared: Arc::new(Mutex::new(shared)), gate: Arc::default(), tell, own_thread }
    }

    /// Looks after a cluster from now on. The number names it for [`Engine::forget`].
    pub fn watch(&self, watch: Watch) -> u64 {
        let mut shared = self.shared.lock();
        let number = shared.next;
        shared.next += 1;
        shared.watches.insert(number, Entry { watch, edition: 0 });
        self.start(&mut shared);
        shared.wake.notify_one();
        number
    }

    /// Looks after a cluster no more.
    pub fn forget(&self, number: u64) {
        let gone = self.shared.lock().watches.remove(&number);
        drop(gone);
        self.nudge();
    }

    /// Adds a node given by name, or replaces the one of the same id.
    pub fn add_name(&self, number: u64, name: Name) {
        self.edit_names(number, |names| {
            names.retain(|old| old.id != name.id);
            names.push(name);
        });
    }

    /// Removes a node given by name, with the nodes it stands for. Says whether there was one.
    pub fn remove_name(&self, number: u64, id: &str) -> bool {
        let mut found = false;
        self.edit_names(number, |names| {
            let before = names.len();
            names.retain(|old| &*old.id != id);
            found = names.len() < before;
        });
        found
    }

    /// The nodes given by name, as they were given.
    pub fn names(&self, number: u64) -> Vec<Name> {
        self.shared
            .lock()
            .watches
            .get(&number)
            .map(|entry| entry.watch.names.clone())
            .unwrap_or_default()
    }

    /// Changes a balancer and, with it, the list of its names: the loop never acts between the two, so it cannot put
    /// back what `change` takes away. `number` and `names` are asked after the change.
    pub fn together<R>(
        &self,
        change: impl FnOnce() -> R,
        number: impl FnOnce() -> u64,
        names: impl FnOnce() -> Vec<Name>,
    ) -> R {
        let _gate = self.gate.lock();
        let done = change();
        let (number, names) = (number(), names());
        self.edit_names(number, |old| *old = names);
        done
    }

    /// Changes a balancer and, with it, all that is known of its cluster here; the loop never acts between the two.
    pub fn change<R>(&self, number: u64, watch: Watch, change: impl FnOnce() -> R) -> R {
        let _gate = self.gate.lock();
        let done = change();
        if let Some(entry) = self.shared.lock().watches.get_mut(&number) {
            *entry = Entry { watch, edition: entry.edition + 1 };
        }
        self.nudge();
        done
    }

    fn edit_names(&self, number: u64, change: impl FnOnce(&mut Vec<Name>)) {
        if let Some(entry) = self.shared.lock().watches.get_mut(&number) {
            change(&mut entry.watch.names);
            entry.edition += 1;
        }
        self.nudge();
    }

    /// Looks at all clusters now: after [`Balancer::check_now`], or when somebody waits for less than a tenth of a
    /// second.
    pub fn nudge(&self) {
        self.shared.lock().wake.notify_one();
    }

    /// Before a fork. Waits for the moment's work to end, so the caller must hold nothing that the work may need
    /// (a Python caller releases the interpreter lock around this call).
    pub fn pause(&self) -> Pause {
        Pause { _gate: self.gate.lock_arc(), _shared: self.shared.lock_arc() }
    }

    /// In a forked child, after the [`Pause`] is dropped: the parent's thread is not here, so another one is started.
    pub fn restart(&self) {
        let mut shared = self.shared.lock();
        shared.running = false;
        shared.wake = Arc::new(Notify::new());
        if !shared.watches.is_empty() {
            self.start(&mut shared);
        }
    }

    fn start(&self, shared: &mut Shared) {
        if shared.running || !self.own_thread {
            return;
        }
        shared.running = true;
        let engine = self.clone();
        let spawned = thread::Builder::new().name("evenly-upkeep".into()).spawn(move || {
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(engine.keep()),
                // Descriptors are used up: picks go on, and the next watch tries again.
                Err(_) => engine.shared.lock().running = false,
            }
        });
        if spawned.is_err() {
            shared.running = false;
        }
    }
}
