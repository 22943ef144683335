//! Accepts connections and hands each to the worker with the fewest.

use std::io;
use std::net::IpAddr;
use std::os::unix::net as unix;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};

use crate::descriptors;
use crate::edition::LiveListener;
use crate::probe::is_ours;
use crate::worker::Worker;

/// How long accepting rests when the process or the machine has no descriptor left.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(100);

/// How long accepting rests when as many clients are connected as can be served.
const FULL: Duration = Duration::from_millis(10);

/// A connection on its way to a worker.
#[derive(Debug)]
pub struct Client {
    /// The socket, not blocking.
    pub socket: Socket,
    /// The listener it came in by.
    pub listener: Arc<LiveListener>,
    /// Who is at the other end; nothing for UNIX sockets.
    pub peer: Option<IpAddr>,
}

/// A connected socket that no runtime knows yet.
#[derive(Debug)]
pub enum Socket {
    /// Over IP.
    Tcp(std::net::TcpStream),
    /// On this machine.
    Unix(unix::UnixStream),
}

/// A socket that listens and does not block, that no runtime knows yet.
#[derive(Debug)]
pub enum Listening {
    /// Over IP.
    Tcp(std::net::TcpListener),
    /// On this machine.
    Unix(unix::UnixListener),
}

impl Listening {
    /// Takes one connection that is waiting already; the error is `WouldBlock` when there is none.
    pub fn accept(&self, listener: &Arc<LiveListener>) -> io::Result<Client> {
        match self {
            Self::Tcp(socket) => {
                let (stream, peer) = socket.accept()?;
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                Ok(Client {
                    socket: Socket::Tcp(stream),
                    listener: Arc::clone(listener),
                    peer: Some(peer.ip()),
                })
            }
            Self::Unix(socket) => {
                let (stream, _) = socket.accept()?;
                stream.set_nonblocking(true)?;
                Ok(Client {
                    socket: Socket::Unix(stream),
                    listener: Arc::clone(listener),
                    peer: None,
                })
            }
        }
    }
}

/// A socket that listens, watched by the runtime of the thread that accepts.
enum Watched {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Watched {
    fn new(socket: Listening) -> io::Result<Self> {
        Ok(match socket {
            Listening::Tcp(socket) => Self::Tcp(TcpListener::from_std(socket)?),
            Listening::Unix(socket) => Self::Unix(UnixListener::from_std(socket)?),
        })
    }

    async fn accept(&self, listener: &Arc<LiveListener>) -> io::Result<Client> {
        match self {
            Self::Tcp(socket) => {
                let (stream, peer) = socket.accept().await?;
                stream.set_nodelay(true)?;
                // Taken from this thread's poller; the worker's own will watch it.
                Ok(Client {
                    socket: Socket::Tcp(stream.into_std()?),
                    listener: Arc::clone(listener),
                    peer: Some(peer.ip()),
                })
            }
            Self::Unix(socket) => {
                let (stream, _) = socket.accept().await?;
                Ok(Client {
                    socket: Socket::Unix(stream.into_std()?),
                    listener: Arc::clone(listener),
                    peer: None,
                })
            }
        }
    }
}

/// All workers of the process.
pub struct Crew {
    workers: Vec<Worker>,
    turn: AtomicUsize,
    most: usize,
}

impl Crew {
    /// The given workers, which together serve at most so many connections.
    pub fn new(workers: Vec<Worker>, most: usize) -> Self {
        Self { workers, turn: AtomicUsize::new(0), most }
    }

    /// Whether one more connection can be served.
    pub fn has_room(&self) -> bool {
        self.workers.iter().map(Worker::connections).sum::<usize>() < self.most
    }

    /// The workers themselves.
    pub fn workers(&self) -> &[Worker] {
        &self.workers
    }

    /// Gives a connection to the worker that has the fewest. Ties go round.
    pub fn hand_over(&self, client: Client) {
        let first = self.turn.fetch_add(1, Relaxed);
        let count = self.workers.len();
        let fewest = (0..count)
            .map(|step| &self.workers[(first + step) % count])
            .min_by_key(|worker| worker.connections());
        if let Some(worker) = fewest {
            worker.serve(client);
        }
    }

    /// Waits for all threads to end.
    pub fn join(self) {
        self.workers.into_iter().for_each(Worker::join);
    }
}

/// Accepts on a listener until the task is dropped. Only a fault of the listening socket itself ends it.
pub async fn accept(
    socket: Listening,
    listener: Arc<LiveListener>,
    crew: Arc<Crew>,
) -> io::Result<()> {
    let socket = Watched::new(socket)?;
    loop {
        while !crew.has_room() {
            tokio::time::sleep(FULL).await;
        }
        match socket.accept(&listener).await {
            Ok(client) => crew.hand_over(client),
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) if is_ours(&error) => {
                descriptors::wanted();
                tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// The client left between its arrival and our call: the next one may be fine.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::NotConnected
            | io::ErrorKind::PermissionDenied
    )
}
