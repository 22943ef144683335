//! A worker: one thread that relays the connections it is given.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use evenly_core::{Rng, State};
use evenly_wire::Slots;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use crate::alarm::Alarms;
use crate::decisions::Sampler;
use crate::edition::Edition;
use crate::listener::Client;
use crate::phase::Phase;
use crate::pool::Pool;
use crate::relay::{self, ids::Ids};
use crate::rules::Rules;
use crate::shared::Shared;
use crate::{clock, descriptors};

/// Bytes read at once. One read of this size keeps a bulk transfer at a few system calls per hundred kilobytes, and
/// it is shared by all connections of the worker, so it stays in the cache.
const SCRATCH: usize = 64 * 1024;
/// Tasks that run between two looks at the poller. A look is a system call; with hundreds of busy connections all
/// that one look brought should run before the next.
const TURN: u32 = 1024;
/// How long a worker that was told to end waits for connections to say goodbye.
const GOODBYE: Duration = Duration::from_millis(1500);

/// What is said to a worker.
enum Order {
    Serve(Client),
    Follow(Arc<Edition>),
    Wake,
    Drain,
    End,
    CloseNode(Arc<State>),
    Ping(oneshot::Sender<()>),
}

/// Buffers that a step borrows and gives back before it yields.
pub struct Scratch {
    /// What was read.
    pub input: Box<[u8]>,
    /// A head, with a small body, on its way out.
    pub out: Vec<u8>,
    /// A body whose framing changes.
    pub piece: Vec<u8>,
    /// Room for the fields of the head at hand.
    pub slots: Slots,
}

/// What the connections of one worker share. It never leaves its thread.
pub struct Local {
    /// What all workers share.
    pub shared: Arc<Shared>,
    /// The edition in force in the relay's own terms.
    rules: RefCell<Rc<Rules>>,
    /// Its number.
    edition: Cell<u64>,
    /// Deadlines.
    pub alarms: Rc<Alarms>,
    /// Waiting connections to nodes.
    pub pool: Pool,
    /// Buffers for a step.
    pub scratch: RefCell<Scratch>,
    /// Chance.
    pub rng: RefCell<Rng>,
    /// Which decisions are kept.
    pub sampler: Sampler,
    /// Names for requests.
    pub ids: Ids,
    /// The number of the last connection: no other worker gives the same.
    serial: Cell<u64>,
    phase: Cell<Phase>,
}

impl Local {
    /// How far this worker is from its end.
    pub fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// The number of the edition in force.
    pub fn edition(&self) -> u64 {
        self.edition.get()
    }

    /// The edition in force.
    pub fn rules(&self) -> Rc<Rules> {
        Rc::clone(&self.rules.borrow())
    }

    /// A number for a client connection that no other of this process has.
    pub fn number(&self) -> u64 {
        let number = self.serial.get();
        self.serial.set(number + self.shared.connections.len() as u64);
        number
    }

    /// From here on the next request of each connection is served by that edition.
    fn follow(&self, rules: Rules) {
        self.edition.set(rules.edition);
        *self.rules.borrow_mut() = Rc::new(rules);
        // Who is idle on a listener that is closed now should know.
        self.alarms.wake_all();
    }
}

/// The handle of a running worker.
pub struct Worker {
    orders: UnboundedSender<Order>,
    connections: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

/// Starts worker `index` of the configured ones.
pub fn spawn(shared: &Arc<Shared>, index: usize) -> io::Result<Worker> {
    let edition = shared.edition();
    let (orders, inbox) = unbounded_channel();
    let connections = Arc::clone(&shared.connections[index]);
    let (shared, open) = (Arc::clone(shared), Arc::clone(&connections));
    let thread = thread::Builder::new().name(format!("worker-{index}")).spawn(move || {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .event_interval(TURN)
            .global_queue_interval(TURN)
            .build_local(LocalOptions::default())
            .expect("a process that may open sockets may open a poller");
        runtime.block_on(run(shared, edition, index, inbox, open));
    })?;
    Ok(Worker { orders, connections, thread: Some(thread) })
}

impl Worker {
    /// Hands over an accepted connection. Given back if the worker has ended.
    pub fn serve(&self, client: Client) {
        self.connections.fetch_add(1, Relaxed);
        if self.orders.send(Order::Serve(client)).is_err() {
            self.connections.fetch_sub(1, Relaxed);
        }
    }

    /// How many connections it has.
    pub fn connections(&self) -> usize {
        self.connections.load(Relaxed)
    }

    /// From now on each next response ends its connection; the thread ends with the last of them.
    pub fn drain(&self) {
        // A worker that has ended has drained.
        let _ = self.orders.send(Order::Drain);
    }

    /// Every connection ends now; tunnels say goodbye.
    pub fn end(&self) {
        let _ = self.orders.send(Order::End);
    }

    /// The next request of each connection is served by this edition.
    pub fn follow(&self, edition: &Arc<Edition>) {
        let _ = self.orders.send(Order::Follow(Arc::clone(edition)));
    }

    /// Every connection looks at its listener's phase.
    pub fn wake(&self) {
        let _ = self.orders.send(Order::Wake);
    }

    /// A node has left: waiting connections to it are closed.
    pub fn close_node(&self, node: &Arc<State>) {
        let _ = self.orders.send(Order::CloseNode(Arc::clone(node)));
    }

    /// Answers when the worker has got to it; at once when the worker has ended.
    pub fn ping(&self) -> oneshot::Receiver<()> {
        let (answer, answered) = oneshot::channel();
        let _ = self.orders.send(Order::Ping(answer));
        answered
    }

    /// Whether its thread has ended.
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for its thread to end.
    pub fn join(mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic has been printed by the thread itself.
            let _ = thread.join();
        }
    }
}

/// What a worker's thread does until it is drained.
async fn run(
    shared: Arc<Shared>,
    edition: Arc<Edition>,
    index: usize,
    mut inbox: UnboundedReceiver<Order>,
    open: Arc<AtomicUsize>,
) {
    let read = |edition: &Edition| {
        Rules::read(edition, index).expect("it was read when the edition was made")
    };
    let rules = read(&edition);
    drop(edition);
    let mut period = Alarms::period(rules.shortest());
    let seed = clock::now().0
        ^ (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ u64::from(std::process::id());
    let local = Rc::new(Local {
        shared,
        edition: Cell::new(rules.edition),
        rules: RefCell::new(Rc::new(rules)),
        alarms: Rc::default(),
        pool: Pool::default(),
        scratch: RefCell::new(Scratch {
            input: vec![0; SCRATCH].into_boxed_slice(),
            out: Vec::new(),
            piece: Vec::new(),
            slots: Slots::new(),
        }),
        rng: RefCell::new(Rng::seeded(seed)),
        sampler: Sampler::default(),
        ids: Ids::default(),
        serial: Cell::new(index as u64 + 1),
        phase: Cell::new(Phase::Serving),
    });
    let mut next = Instant::now() + period;
    let mut last_moment = None;
    let mut shortages = descriptors::shortages();
    loop {
        // Counted from the hand-over on: a connection that has not set its alarm yet will.
        let busy = open.load(Relaxed) > 0 || !local.pool.is_empty();
        let order = tokio::select! {
            order = inbox.recv() => Some(order),
            () = sleep_until(next), if busy || local.phase() > Phase::Serving => None,
        };
        match order {
            Some(Some(Order::Serve(client))) => {
                let leaving = Leaving(Arc::clone(&open));
                // A listener's clients are handed over before an edition closes it.
                if let Some(rules) = local.rules().of(&client.listener).cloned() {
                    let local = Rc::clone(&local);
                    tokio::task::spawn_local(async move {
                        let _leaving = leaving;
                        relay::serve(local, rules, client).await;
                    });
                }
            }
            Some(Some(Order::Follow(edition))) => {
                let rules = read(&edition);
                period = Alarms::period(rules.shortest());
                next = Instant::now() + period;
                local.follow(rules);
            }
            Some(Some(Order::Wake)) => local.alarms.wake_all(),
            Some(Some(Order::CloseNode(node))) => local.pool.close(&node),
            Some(Some(Order::Ping(answer))) => {
                // Whoever asked may be gone.
                let _ = answer.send(());
            }
            Some(Some(Order::Drain)) => enter(&local, Phase::Draining),
            Some(Some(Order::End) | None) => {
                enter(&local, Phase::Ended);
                last_moment.get_or_insert(Instant::now() + GOODBYE);
            }
            None => {
                let now = clock::now();
                local.alarms.sweep(now);
                local.pool.sweep(now);
                if shortages != descriptors::shortages() {
                    shortages = descriptors::shortages();
                    local.pool.shed();
                }
                next = Instant::now() + period;
            }
        }
        let over = last_moment.is_some_and(|moment| Instant::now() >= moment);
        if local.phase() > Phase::Serving && (over || open.load(Relaxed) == 0) {
            return;
        }
    }
}

fn enter(local: &Local, phase: Phase) {
    if phase > local.phase() {
        local.phase.set(phase);
        local.alarms.wake_all();
    }
}

/// Counts a connection out, however its task ends.
struct Leaving(Arc<AtomicUsize>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
