//! Thin slice: measure tokio's cost of a relayed request. LISTEN_PORT NODE_PORT...
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

struct Local {
    scratch: RefCell<Box<[u8]>>,
    out: RefCell<Vec<u8>>,
    pools: Vec<RefCell<Vec<(TcpStream, Instant)>>>,
    nodes: Vec<SocketAddr>,
    turn: Cell<usize>,
}

fn length_of(headers: &[httparse::Header<'_>]) -> usize {
    for h in headers {
        if h.name.eq_ignore_ascii_case("content-length") {
            return std::str::from_utf8(h.value).unwrap().parse().unwrap();
        }
    }
    0
}

fn rewrite(out: &mut Vec<u8>, first: &[&[u8]], headers: &[httparse::Header<'_>], extra: &[u8]) {
    out.clear();
    for f in first {
        out.extend_from_slice(f);
    }
    for h in headers {
        if h.name.eq_ignore_ascii_case("connection") {
            continue;
        }
        out.extend_from_slice(h.name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(h.value);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(extra);
    out.extend_from_slice(b"\r\n");
}

async fn connection(local: Rc<Local>, mut client: TcpStream) -> Option<()> {
    loop {
        let saved: Vec<u8> = poll_fn(|cx| {
            let mut scratch = local.scratch.borrow_mut();
            let mut buf = ReadBuf::new(&mut scratch);
            match Pin::new(&mut client).poll_read(cx, &mut buf) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Err(_)) => Poll::Ready(None),
                Poll::Ready(Ok(())) if buf.filled().is_empty() => Poll::Ready(None),
                Poll::Ready(Ok(())) => {
                    let mut headers = [httparse::EMPTY_HEADER; 100];
                    let mut r = httparse::Request::new(&mut headers);
                    let _ = r.parse(buf.filled());
                    let mut out = Vec::with_capacity(512);
                    rewrite(
                        &mut out,
                        &[r.method.unwrap().as_bytes(), b" ", r.path.unwrap().as_bytes(), b" HTTP/1.1\r\n"],
                        r.headers,
                        b"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: 127.0.0.1:18080\r\nForwarded: for=127.0.0.1;proto=http;host=\"127.0.0.1:18080\"\r\n",
                    );
                    Poll::Ready(Some(out))
                }
            }
        })
        .await?;
        let started = Instant::now();
        let n = local.turn.get();
        local.turn.set(n + 1);
        let n = n % local.nodes.len();
        let mut node = None;
        loop {
            let Some((s, since)) = local.pools[n].borrow_mut().pop() else { break };
            let mut cx = Context::from_waker(Waker::noop());
            if started - since < std::time::Duration::from_secs(4) && s.poll_read_ready(&mut cx).is_pending() {
                node = Some(s);
                break;
            }
        }
        let mut node = match node {
            Some(s) => s,
            None => {
                let s = TcpStream::connect(local.nodes[n]).await.ok()?;
                s.set_nodelay(true).ok()?;
                s
            }
        };
        if node.try_write(&saved).ok()? != saved.len() {
            return None;
        }
        let _ended = poll_fn(|cx| {
            let mut scratch = local.scratch.borrow_mut();
            let mut buf = ReadBuf::new(&mut scratch);
            if client.poll_read_ready(cx).is_ready() {
                return Poll::Ready(None);
            }
            match Pin::new(&mut node).poll_read(cx, &mut buf) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Err(_)) => Poll::Ready(None),
                Poll::Ready(Ok(())) if buf.filled().is_empty() => Poll::Ready(None),
                Poll::Ready(Ok(())) => {
                    let mut headers = [httparse::EMPTY_HEADER; 100];
                    let mut r = httparse::Response::new(&mut headers);
                    let Ok(httparse::Status::Complete(end)) = r.parse(buf.filled()) else { return Poll::Ready(None) };
                    let len = length_of(r.headers);
                    assert_eq!(buf.filled().len(), end + len);
                    let mut out = local.out.borrow_mut();
                    rewrite(&mut out, &[b"HTTP/1.1 200 OK\r\n"], r.headers, b"");
                    out.extend_from_slice(&buf.filled()[end..]);
                    let ended = Instant::now();
                    if client.try_write(&out).ok() != Some(out.len()) {
                        return Poll::Ready(None);
                    }
                    Poll::Ready(Some(ended))
                }
            }
        })
        .await?;
        local.pools[n].borrow_mut().push((node, _ended));
    }
}

fn main() {
    let ports: Vec<u16> = std::env::args().skip(1).map(|a| a.parse().unwrap()).collect();
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().event_interval(1024).global_queue_interval(1024).build().unwrap();
    let nodes: Vec<SocketAddr> = ports[1..].iter().map(|p| SocketAddr::from(([127, 0, 0, 1], *p))).collect();
    let local = Rc::new(Local {
        scratch: RefCell::new(vec![0; 65536].into_boxed_slice()),
        out: RefCell::new(Vec::with_capacity(65536)),
        pools: nodes.iter().map(|_| RefCell::default()).collect(),
        nodes,
        turn: Cell::new(0),
    });
    let set = tokio::task::LocalSet::new();
    set.block_on(&rt, async move {
        let l = TcpListener::bind(("127.0.0.1", ports[0])).await.unwrap();
        loop {
            let (s, _) = l.accept().await.unwrap();
            s.set_nodelay(true).unwrap();
            let local = local.clone();
            tokio::task::spawn_local(connection(local, s));
        }
    });
}
