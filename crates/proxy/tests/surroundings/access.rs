//! The access log: one line per request, and workers never wait for it.

use std::borrow::Cow;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use evenly_core::Nanos;
use evenly_proxy::access::{Access, Line, Phases};
use evenly_proxy::config::AccessTo;

fn line(path: &str) -> Line {
    Line {
        time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_000_000_000_123),
        listener: Arc::from("web"),
        client: Some([127, 0, 0, 1].into()),
        cluster: Arc::from("users"),
        node: Some(Arc::from("10.0.0.1:80")),
        method: Cow::Borrowed("GET"),
        path: path.into(),
        status: 200,
        reason: None,
        tries: 1,
        bytes_in: 10,
        bytes_out: 20,
        seconds: Phases { total: Nanos::from_millis(5), ..Phases::default() },
    }
}

/// What a client put into its target cannot forge a line: each request is one JSON object on one line.
#[test]
fn each_request_is_one_json_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("access.jsonl");
    let (access, writer) = Access::open(&AccessTo::File(path.clone())).expect("the file opens");
    let targets = ["/plain", "/quote\"", "/break\n{\"status\":500}", "/\u{7f}"];
    for target in targets {
        access.write(line(target));
    }
    drop(access);
    writer.finish(Duration::from_secs(20));
    let text = fs::read_to_string(path).expect("the file is there");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(
        lines.iter().map(|line| line["path"].as_str().expect("a text")).collect::<Vec<_>>(),
        targets
    );
    assert_eq!(lines[0]["time"], "2001-09-09T01:46:40.123Z");
    assert_eq!(lines[0]["seconds"]["total"], 0.005);
    assert_eq!(lines[0]["reason"], serde_json::Value::Null);
}

/// A disk that takes nothing costs lines, which are counted, and never a worker's time.
#[test]
fn a_full_disk_drops_lines_and_counts_them() {
    let full = AccessTo::File("/dev/full".into());
    let (access, writer) = Access::open(&full).expect("the device opens");
    let counted = access.clone();
    let sent: u64 = 20_000;
    (0..sent).for_each(|_| access.write(line("/")));
    drop(access);
    let dropped = || counted.dropped();
    // What fits into the writer's own buffer is lost without a count until the next flush fails.
    let start = std::time::Instant::now();
    while dropped() == 0 && start.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(dropped() > 0 && dropped() <= sent);
    drop(counted);
    writer.finish(Duration::from_secs(20));
}

/// Without a log no line is made and no thread runs.
#[test]
fn off_is_off() {
    let (access, writer) = Access::open(&AccessTo::Off).expect("nothing to open");
    assert!(!access.is_on());
    access.write(line("/"));
    assert_eq!(access.dropped(), 0);
    writer.finish(Duration::from_secs(20));
}

/// A log that cannot be opened is a fault at the start, not a silence.
#[test]
fn a_log_that_cannot_be_opened_is_a_fault() {
    Access::open(&AccessTo::File("/nowhere/at/all.jsonl".into()))
        .expect_err("the folder does not exist");
}
