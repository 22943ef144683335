//! A tiny real HTTP node: one thread, one answer per connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;

/// A node that answers every request with the same bytes and remembers what it was asked.
pub struct Node {
    pub address: SocketAddr,
    pub asked: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<Vec<u8>>>,
}

impl Node {
    /// Answers with `status` and `body`.
    pub fn new(status: u16, body: &str) -> Self {
        Self::saying(&response(status, body))
    }

    /// Answers with exactly these bytes.
    pub fn saying(bytes: &[u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let (asked, answer) =
            (Arc::<Mutex<Vec<String>>>::default(), Arc::new(Mutex::new(bytes.to_vec())));
        let (heard, said) = (Arc::clone(&asked), Arc::clone(&answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, heard, said) =
                    (stream.expect("a client"), heard.clone(), said.lock().clone());
                thread::spawn(move || {
                    let mut request = Vec::new();
                    let mut byte = [0];
                    while !request.ends_with(b"\r\n\r\n")
                        && stream.read(&mut byte).is_ok_and(|n| n == 1)
                    {
                        request.push(byte[0]);
                    }
                    heard.lock().push(String::from_utf8_lossy(&request).into_owned());
                    let _ = stream.write_all(&said);
                });
            }
        });
        Self { address, asked, answer }
    }

    /// Answers otherwise from now on.
    pub fn now_says(&self, status: u16, body: &str) {
        *self.answer.lock() = response(status, body);
    }
}

fn response(status: u16, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
