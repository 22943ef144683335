//! A stage for the claims: a real proxy between real sockets, its nodes and clients played by the test.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use evenly_core::Balancer;
use evenly_proxy::access::Access;
use evenly_proxy::clock;
use evenly_proxy::config::{AccessTo, Config};
use evenly_proxy::edition::Source;
use evenly_proxy::listener::{Crew, Listening, accept};
use evenly_proxy::shared::Shared;
use evenly_proxy::worker;
use serde_json::{Value, json};

/// Nothing here takes long; a read that lasts this long would last for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running proxy with one worker.
pub struct Proxy {
    pub address: SocketAddr,
    pub shared: Arc<Shared>,
    pub crew: Arc<Crew>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

/// The defaults, before a test changes what it is about.
pub fn settings(nodes: &[&Node]) -> Value {
    let nodes: Vec<_> = nodes.iter().map(|node| address(node.address)).collect();
    json!({
        "proxy": {"workers": 1, "drain": 30.0}, "admin": null, "log": {"access": "off", "events": "text"},
        "listeners": [{"name": "web", "address": "127.0.0.1:0", "to": "nodes", "relaxed": [], "trusted": [], "request_id": false, "debug": false,
            "timeouts": {"head": 10.0, "idle": 60.0, "tunnel_idle": 3600.0},
            "limits": {"head_bytes": 32768, "fields": 100}}],
        "clusters": [{"name": "nodes", "nodes": nodes, "strategy": {"name": "round_robin"}, "hash_seed": 0,
            "health": null, "ejection": null, "slow_start": 0.0,
            "retries": {"extra": 1, "backoff": 0.025, "body_bytes": 65536, "budget_share": 0.2, "budget_per_second": 10.0},
            "queue": {"length": 1024, "timeout": 1.0},
            "timeouts": {"connect": 2.0, "response_head": 30.0, "node_idle": 4.0}, "resolver": null}]
    })
}

/// A node of the configuration.
pub fn address(address: SocketAddr) -> Value {
    json!({"id": address.to_string(), "address": address.to_string(), "weight": 1, "capacity": null, "admin": "serve"})
}

/// Texts that nobody asks for here.
fn source() -> Source {
    Source::read("{}", "null").expect("both are JSON")
}

/// An address that nobody listens on.
pub fn nobody() -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    socket.local_addr().expect("it is bound")
}

impl Proxy {
    /// With defaults in front of these nodes.
    pub fn before(nodes: &[&Node]) -> Self {
        Self::with(&settings(nodes))
    }

    /// With settings of its own.
    pub fn with(settings: &Value) -> Self {
        let config = Config::from_json(&settings.to_string()).expect("the settings are whole");
        let access = Access::open(&AccessTo::Off).expect("no log is opened");
        let shared = Arc::new(Shared::new(config, source(), access).expect("the cluster is sound"));
        let crew = Arc::new(Crew::new(
            vec![worker::spawn(&shared, 0).expect("a thread can be started")],
            usize::MAX,
        ));
        let socket = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        socket.set_nonblocking(true).expect("any socket can be");
        let address = socket.local_addr().expect("it is bound");
        let (stop, mut stopped) = tokio::sync::oneshot::channel();
        let live = Arc::clone(&shared.edition().listeners[0]);
        let (taken, balancer) =
            (Arc::clone(&crew), Arc::clone(&shared.edition().clusters[0].balancer));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a poller");
            runtime.block_on(async {
                let accepting = tokio::spawn(accept(Listening::Tcp(socket), live, taken));
                while stopped.try_recv() == Err(tokio::sync::oneshot::error::TryRecvError::Empty) {
                    balancer.tick(clock::now());
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                accepting.abort();
            });
        });
        Self { address, shared, crew, _stop: stop }
    }

    /// Who picks its nodes.
    pub fn balancer(&self) -> Arc<Balancer> {
        Arc::clone(&self.shared.edition().clusters[0].balancer)
    }

    /// A new client.
    pub fn client(&self) -> Peer {
        Peer::new(TcpStream::connect(self.address).expect("the proxy listens"))
    }

    /// One request on a connection of its own.
    pub fn get(&self, path: &str) -> Message {
        let mut client = self.client();
        client.send(format!("GET {path} HTTP/1.1\r\nHost: web\r\n\r\n"));
        client.message()
    }
}

/// A node whose connections the test plays.
pub struct Node {
    pub address: SocketAddr,
    connections: Receiver<Peer>,
}

impl Node {
    /// Listens; connections wait until the test takes them.
    pub fn new() -> Self {
        let (sender, connections) = channel();
        let address = listen(move |peer| drop(sender.send(peer)));
        Self { address, connections }
    }

    /// Answers every request of every connection by itself.
    pub fn answering(answer: impl Fn(&Message) -> String + Send + Sync + 'static) -> Self {
        let (sender, connections): (Sender<Peer>, _) = channel();
        let answer = Arc::new(answer);
        let address = listen(move |mut peer| {
            let (answer, _alive) = (Arc::clone(&answer), sender.clone());
            thread::spawn(move || {
                while let Some(request) = peer.try_message() {
                    peer.send(answer(&request));
                }
            });
        });
        Self { address, connections }
    }

    /// The next connection that the proxy makes.
    pub fn connection(&self) -> Peer {
        self.connections.recv_timeout(PATIENCE).expect("the proxy connects")
    }

    /// A connection, if the proxy makes one within a moment.
    pub fn try_connection(&self) -> Option<Peer> {
        self.connections.recv_timeout(Duration::from_millis(200)).ok()
    }

    /// Whether no connection is waiting to be taken.
    pub fn is_alone(&self) -> bool {
        self.connections.try_recv().is_err()
    }
}

fn listen(mut take: impl FnMut(Peer) + Send + 'static) -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let address = socket.local_addr().expect("it is bound");
    thread::spawn(move || {
        for stream in socket.incoming().map_while(Result::ok) {
            take(Peer::new(stream));
        }
    });
    address
}

/// A message: its first line, its fields, its body as it came.
#[derive(Debug, Clone, Default)]
pub struct Message {
    pub first: String,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Message {
    /// The only value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} is given twice in {self:?}");
        value
    }

    /// The status of a response.
    pub fn status(&self) -> u16 {
        self.first.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One end of a connection, read as HTTP/1.
pub struct Peer {
    pub stream: TcpStream,
    read: Vec<u8>,
}

impl Peer {
    fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("any socket has one");
        stream.set_nodelay(true).expect("any TCP socket can");
        Self { stream, read: Vec::new() }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the other end reads");
    }

    /// The next message, with its body.
    pub fn message(&mut self) -> Message {
        self.try_message().expect("a whole message comes")
    }

    /// The next message, or nothing when the connection ends before it.
    pub fn try_message(&mut self) -> Option<Message> {
        let mut message = self.head()?;
        if let Some(length) =
            message.field("content-length").and_then(|text| text.parse::<usize>().ok())
        {
            message.body = self.exactly(length)?;
        } else if message.field("transfer-encoding") == Some("chunked") {
            message.body = self.until(b"0\r\n\r\n")?;
        }
        Some(message)
    }

    /// The next head alone.
    pub fn head(&mut self) -> Option<Message> {
        let head = self.until(b"\r\n\r\n")?;
        let text = String::from_utf8(head).expect("heads are text");
        let mut lines = text.trim_end().split("\r\n");
        let first = lines.next()?.to_owned();
        let fields = lines.map(|line| {
            let (name, value) = line.split_once(": ").expect("every line is a field");
            (name.to_owned(), value.to_owned())
        });
        Some(Message { first, fields: fields.collect(), body: Vec::new() })
    }

    /// Everything up to and with `end`.
    pub fn until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.read.windows(end.len()).position(|window| window == end) {
                return Some(self.read.drain(..at + end.len()).collect());
            }
            if !self.more() {
                return None;
            }
        }
    }

    /// So many bytes.
    pub fn exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.read.len() < length {
            if !self.more() {
                return None;
            }
        }
        Some(self.read.drain(..length).collect())
    }

    /// Everything up to the end of the connection, and whether that end was regular.
    pub fn rest(&mut self) -> (Vec<u8>, bool) {
        let ended = self.stream.read_to_end(&mut self.read);
        (std::mem::take(&mut self.read), ended.is_ok())
    }

    fn more(&mut self) -> bool {
        let mut room = vec![0; 65536];
        match self.stream.read(&mut room) {
            Ok(0) => false,
            Ok(read) => {
                self.read.extend_from_slice(&room[..read]);
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => false,
            Err(error) => panic!("nothing came for {PATIENCE:?}: {error}"),
        }
    }
}

/// A small answer.
pub fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
