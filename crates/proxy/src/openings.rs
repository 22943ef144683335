//! The sockets that clients connect to, each with the loop that accepts on it.

use std::sync::Arc;

use tokio::task::{AbortHandle, JoinSet};

use crate::address::Address;
use crate::edition::{Edition, LiveListener};
use crate::event::Event;
use crate::listener::{self, Crew};
use crate::phase::Phase;
use crate::say::say;
use crate::sockets::{self, Bound};

/// All of them.
pub struct Openings {
    all: Vec<Opening>,
    crew: Arc<Crew>,
    accepting: JoinSet<(Arc<LiveListener>, std::io::Result<()>)>,
}

struct Opening {
    live: Arc<LiveListener>,
    /// As the configuration has it: port 0 stays 0.
    address: Address,
    bound: Bound,
    accepting: Option<AbortHandle>,
}

impl Opening {
    fn stays(&self, edition: &Edition) -> bool {
        edition.listeners.iter().any(|live| Arc::ptr_eq(live, &self.live))
    }
}

/// A listener that is about to open.
pub struct Opens {
    live: Arc<LiveListener>,
    address: Address,
    /// Nothing when the socket of a listener that closes is taken over.
    bound: Option<Bound>,
}

impl Openings {
    /// Nothing is open yet; connections will go to this crew.
    pub fn new(crew: Arc<Crew>) -> Self {
        Self { all: Vec::new(), crew, accepting: JoinSet::new() }
    }

    /// Binds what an edition listens on and is not open yet. Nothing changes but that new sockets are bound; a fault
    /// gives them back.
    pub fn prepare(&self, edition: &Edition) -> Result<Vec<Opens>, String> {
        let wanted = edition.config.listeners.iter().zip(&edition.listeners);
        let mut closing: Vec<_> = self.all.iter().filter(|open| !open.stays(edition)).collect();
        let new = wanted.filter(|(_, live)| !self.has(live));
        let mut opens = Vec::new();
        for (given, live) in new {
            let heir_of = closing.iter().position(|open| open.address == given.address);
            let bound = match heir_of {
                Some(index) => {
                    closing.swap_remove(index);
                    None
                }
                None => match sockets::bind(&format!("listen.{}", given.name), &given.address) {
                    Ok(bound) => Some(bound),
                    Err(why) => {
                        give_back(&opens);
                        return Err(why);
                    }
                },
            };
            opens.push(Opens { live: Arc::clone(live), address: given.address.clone(), bound });
        }
        Ok(opens)
    }

    fn has(&self, live: &Arc<LiveListener>) -> bool {
        self.all.iter().any(|open| Arc::ptr_eq(&open.live, live))
    }

    /// Stops accepting on what `edition` does not listen on any more, and opens nothing yet. Whoever was connected by
    /// then is handed over; those connections end with their next response.
    pub fn close(&mut self, edition: &Edition, mut opens: Vec<Opens>) -> Change {
        let (all, closed) =
            std::mem::take(&mut self.all).into_iter().partition(|open| open.stays(edition));
        self.all = all;
        let mut gone = Vec::new();
        for Opening { live, address, bound, accepting } in closed {
            if let Some(accepting) = accepting {
                accepting.abort();
            }
            let heir =
                opens.iter_mut().find(|open| open.bound.is_none() && open.address == address);
            if let Some(heir) = heir {
                // Who waits to be accepted is accepted by the heir.
                heir.bound = Some(bound);
            } else {
                self.take_waiting(&live, &bound);
                forget_path(&bound);
            }
            live.phase.enter(Phase::Draining);
            gone.push(live);
        }
        Change { opens, gone }
    }

    /// Accepts on the sockets of the first edition's listeners, in their order.
    pub fn begin(&mut self, edition: &Edition, bound: Vec<Bound>) {
        let listeners = edition.config.listeners.iter().zip(&edition.listeners);
        let opens = listeners.zip(bound).map(|((given, live), bound)| Opens {
            live: Arc::clone(live),
            address: given.address.clone(),
            bound: Some(bound),
        });
        self.open(opens.collect());
    }

    /// Accepts on what was prepared.
    pub fn open(&mut self, opens: Vec<Opens>) {
        for Opens { live, address, bound } in opens {
            // Each has its own or a closed listener's; two new ones never share an address.
            let Some(bound) = bound else { continue };
            let accepting = bound.duplicate().map(|socket| {
                let (live, crew) = (Arc::clone(&live), Arc::clone(&self.crew));
                self.accepting.spawn(async move {
                    let end = listener::accept(socket, Arc::clone(&live), crew).await;
                    (live, end)
                })
            });
            if let Err(why) = &accepting {
                say(Event::ListenerLost { listener: live.name.to_string(), why: why.to_string() });
            }
            self.all.push(Opening { live, address, bound, accepting: accepting.ok() });
        }
    }

    /// Tells of accept loops that ended although nobody asked them to.
    pub async fn watch(&mut self) {
        match self.accepting.join_next().await {
            Some(Ok((live, end))) => {
                let why = end.err().map_or_else(|| "it ended".into(), |why| why.to_string());
                say(Event::ListenerLost { listener: live.name.to_string(), why });
            }
            // A loop that was stopped.
            Some(Err(_)) => {}
            None => std::future::pending().await,
        }
    }

    /// Takes no more connections; whoever was already connected is served as well.
    pub async fn end(&mut self) {
        self.accepting.shutdown().await;
        for open in std::mem::take(&mut self.all) {
            // A socket that goes on without us has its next process: those who wait are his.
            if !open.bound.inherited {
                self.take_waiting(&open.live, &open.bound);
            }
            forget_path(&open.bound);
        }
    }

    fn take_waiting(&self, live: &Arc<LiveListener>, bound: &Bound) {
        while let Ok(client) = bound.socket.accept(live) {
            self.crew.hand_over(client);
        }
    }
}

/// What follows from closing.
pub struct Change {
    /// Ready to be opened.
    pub opens: Vec<Opens>,
    /// Listeners whose connections are ending.
    pub gone: Vec<Arc<LiveListener>>,
}

/// What was prepared is not to be opened after all.
pub fn give_back(opens: &[Opens]) {
    opens.iter().filter_map(|open| open.bound.as_ref()).for_each(forget_path);
}

/// A UNIX socket leaves a file behind, which would look as if somebody listened.
fn forget_path(bound: &Bound) {
    if let Some(path) = bound.own_path() {
        // Somebody else may have removed it already.
        let _ = std::fs::remove_file(path);
    }
}
