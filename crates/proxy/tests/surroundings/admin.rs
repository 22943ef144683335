//! The admin listener answers by itself, asks for its token, and names what is wrong with the control process.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use evenly_core::Admin as Wish;
use evenly_proxy::admin::engine::{self, Desk};
use evenly_proxy::admin::{Admin, serve};
use evenly_proxy::clock;
use evenly_proxy::event::Event;
use evenly_proxy::say::{self, Told, say};
use evenly_proxy::shared::Shared;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::broadcast::error::RecvError;

use crate::stage::{cluster, shared};

/// A listener in front of `control`; gives where it listens.
async fn start(shared: &Arc<Shared>, token: Option<&str>, control: &Path) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    let admin = Admin::new(Arc::clone(shared), token, control.to_owned());
    tokio::spawn(serve(listener, Arc::new(admin)));
    address
}

/// Asks once: the status, and everything that came.
async fn ask(address: &str, target: &str, more: &str) -> (u16, String) {
    ask_by("GET", address, target, more).await
}

/// The same with another method.
async fn ask_by(method: &str, address: &str, target: &str, more: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request =
        format!("{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    (answer[9..12].parse().expect("a status"), answer)
}

/// The engine's own socket at `path`.
fn engine_at(path: &Path, shared: &Arc<Shared>) {
    let (wishes, _nobody) = tokio::sync::mpsc::channel(1);
    let desk = Desk { shared: Arc::clone(shared), wishes };
    let socket = UnixListener::bind(path).expect("a free path");
    tokio::spawn(engine::serve(socket, Arc::new(desk)));
}

fn nowhere() -> PathBuf {
    PathBuf::from("/nowhere/control.sock")
}

/// The engine's own pages answer although there is no control process.
#[tokio::test]
async fn its_own_pages_need_nobody_else() {
    let shared = shared();
    let address = start(&shared, None, &nowhere()).await;
    assert_eq!(ask(&address, "/healthz", "").await.0, 200);
    assert_eq!(ask(&address, "/readyz", "").await.0, 200);
    let (status, page) = ask(&address, "/metrics", "").await;
    assert!(
        status == 200
            && page.contains("text/plain; version=0.0.4")
            && page.contains("# TYPE evenly_"),
        "{page}"
    );
    let (status, fault) = ask(&address, "/v1/clusters", "").await;
    assert!(status == 503 && fault.contains(r#""error":"control_down""#), "{fault}");
}

/// Ready means that every cluster has a node that serves, and that the proxy is not ending.
#[tokio::test]
async fn readiness_follows_nodes_and_the_drain() {
    let shared = shared();
    let address = start(&shared, None, &nowhere()).await;
    let wish = |wish| {
        cluster(&shared)
            .balancer
            .administer("10.0.0.1:8000", wish, clock::now())
            .expect("a member");
    };
    wish(Wish::Down);
    let (status, why) = ask(&address, "/readyz", "").await;
    assert!(status == 503 && why.contains("no node serves: users"), "{why}");
    wish(Wish::Serve);
    assert_eq!(ask(&address, "/readyz", "").await.0, 200);
    shared.status.drain();
    let (status, why) = ask(&address, "/readyz", "").await;
    assert!(status == 503 && why.contains("draining"), "{why}");
    assert_eq!(ask(&address, "/healthz", "").await.0, 200);
}

/// With a token everything but liveness and readiness is closed to those who do not have it.
#[tokio::test]
async fn a_token_closes_what_tells_or_changes_anything() {
    let address = start(&shared(), Some("secret"), &nowhere()).await;
    for (field, status) in [
        ("", 401),
        ("Authorization: Bearer wrong\r\n", 401),
        ("Authorization: secret\r\n", 401),
        ("Authorization: Bearer secret\r\n", 200),
    ] {
        assert_eq!(ask(&address, "/metrics", field).await.0, status, "{field:?}");
    }
    assert_eq!(ask(&address, "/v1/clusters", "").await.0, 401);
    assert_eq!(ask(&address, "/healthz", "").await.0, 200);
    assert_eq!(ask(&address, "/readyz", "").await.0, 200);
}

/// A control process that accepts and says nothing, as a stopped one does, is 504 after a bounded time.
#[tokio::test]
async fn a_stuck_control_process_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("control.sock");
    let _silent = UnixListener::bind(&path).expect("a free path");
    let address = start(&shared(), None, &path).await;
    let (status, fault) = ask(&address, "/v1/clusters", "").await;
    assert!(status == 504 && fault.contains(r#""error":"control_timeout""#), "{fault}");
}

/// A control process that dies over a request was asked in vain; over a change, nobody knows: whoever heard 503 would
/// ask again without looking.
#[tokio::test]
async fn a_change_that_may_be_in_force_is_not_said_to_be_unheard() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("control.sock");
    let control = UnixListener::bind(&path).expect("a free path");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = control.accept().await {
            let heard = stream.read(&mut [0; 4096]).await.expect("a request");
            assert!(heard > 0, "it was sent");
        }
    });
    let address = start(&shared(), None, &path).await;
    for (method, status, name) in [("GET", 503, "control_down"), ("POST", 504, "control_timeout")] {
        let (found, fault) = ask_by(method, &address, "/v1/reload", "").await;
        assert!(found == status && fault.contains(&format!(r#""error":"{name}""#)), "{fault}");
    }
}

/// A door that is closed lets those go who came in by it.
#[tokio::test]
async fn a_closed_door_ends_a_connection_with_its_next_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    let admin = Arc::new(Admin::new(shared(), None, nowhere()));
    tokio::spawn(serve(listener, Arc::clone(&admin)));
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(request).await.expect("it reads");
    let first = stream.read(&mut [0; 4096]).await.expect("it answers");
    assert!(first > 0, "it stays open");
    admin.close();
    stream.write_all(request).await.expect("it reads");
    let mut last = String::new();
    stream.read_to_string(&mut last).await.expect("it answers and ends");
    assert!(last.starts_with("HTTP/1.1 200") && last.contains("connection: close"), "{last}");
}

/// What a control process answers comes through as it is; the engine's state is where it gets it from.
#[tokio::test]
async fn the_state_can_be_had_through_a_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("engine.sock");
    let shared = shared();
    engine_at(&path, &shared);
    let address = start(&shared, None, &path).await;
    let (status, answer) = ask(&address, "/state", "").await;
    assert_eq!(status, 200);
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let state: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let node = &state["clusters"][0]["nodes"][0];
    assert_eq!(state["clusters"][0]["strategy"], "power_of_two");
    assert_eq!(
        (node["id"].as_str(), node["health"].as_str()),
        (Some("10.0.0.1:8000"), Some("unknown"))
    );
    assert_eq!(ask(&address, "/else", "").await.0, 404);
}

/// Whoever asks for events gets each from then on, as one JSON object a line, and so does everybody else who asks.
#[tokio::test]
async fn events_are_told_to_all_who_listen() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("engine.sock");
    engine_at(&path, &shared());
    let mut readers = Vec::new();
    for _ in 0..2 {
        let mut stream = UnixStream::connect(&path).await.expect("it listens");
        stream.write_all(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it reads");
        let mut lines = BufReader::new(stream).lines();
        let head = lines.next_line().await.expect("text").expect("an answer");
        assert!(head.contains(" 200 "), "{head}");
        readers.push(lines);
    }
    for number in [7, 8] {
        say(Event::EditionApplied {
            edition: number,
            why: "a test".into(),
            changes: String::new(),
        });
    }
    for lines in &mut readers {
        let mut found = Vec::new();
        while found.len() < 2 {
            let line = lines.next_line().await.expect("text").expect("the stream has no end");
            // Other tests of this process may say something too.
            let event = serde_json::from_str::<serde_json::Value>(&line).unwrap_or_default();
            if event["kind"] == "edition_applied" {
                assert!(event["time"].as_f64().expect("seconds") > 1e9);
                found.push(event["edition"].as_u64().expect("a number"));
            }
        }
        assert_eq!(found, [7, 8]);
    }
}

/// Who does not read misses events, is told how many, and hears the next ones again. Nobody else waits meanwhile.
#[tokio::test]
async fn a_slow_reader_is_told_what_it_missed() {
    let mut events = say::listen();
    for edition in 0..300 {
        say(Event::EditionApplied { edition, why: "a test".into(), changes: String::new() });
    }
    let (mut missed, mut read) = (0, 0);
    while missed + read < 300 {
        match events.recv().await {
            Ok(_) => read += 1,
            Err(RecvError::Lagged(count)) => missed += count,
            Err(RecvError::Closed) => panic!("the hub lives as long as the process"),
        }
    }
    assert!(missed >= 300 - 256 && read >= 256, "{missed} missed, {read} read");
    let lost: serde_json::Value =
        serde_json::from_str(&Told::lost(missed).line()).expect("one JSON object");
    assert_eq!((lost["kind"].as_str(), lost["count"].as_u64()), (Some("lost"), Some(missed)));
}
