//! The access log: one line per request, and workers never wait for it.

use std::borrow::Cow;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use evenly_core::Nanos;
use evenly_proxy::access::{Access, Line, Phases};
use evenly_proxy::config::AccessTo;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::stage::{PATIENCE, until};

fn line(path: &str) -> Line {
    Line {
        time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_000_000_000_123),
        id: None,
        edition: 1,
        listener: Arc::from("web"),
        connection: 1,
        client: Some([127, 0, 0, 1].into()),
        cluster: Arc::from("users"),
        node: Some(Arc::from("10.0.0.1:80")),
        reused: false,
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

/// The lines of a file, each of which must be one whole JSON object: their paths.
fn paths(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).expect("the file is there");
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is whole");
    let path = |line| {
        let line: serde_json::Value = serde_json::from_str(line).expect("one JSON object");
        line["path"].as_str().expect("a text").to_owned()
    };
    text.lines().map(path).collect()
}

fn numbered(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|number| format!("/{number}")).collect()
}

/// Hands in numbered lines, never more at a time than may wait.
fn send(access: &Access, from: usize, to: usize) {
    for path in numbered(from, to) {
        let taken = |access: &Access| access.written() + access.dropped() + 4096;
        until("the writer keeps up", || taken(access) > from as u64);
        access.write(line(&path));
    }
}

/// What a client put into its target cannot forge a line: each request is one JSON object on one line.
#[test]
fn each_request_is_one_json_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("access.jsonl");
    let access = Access::open(&AccessTo::File(path.clone())).expect("the file opens");
    let targets = ["/plain", "/quote\"", "/break\n{\"status\":500}", "/\u{7f}"];
    for target in targets {
        access.write(line(target));
    }
    access.finish(PATIENCE);
    assert_eq!(paths(&path), targets);
    assert_eq!((access.written(), access.dropped()), (4, 0));
    let text = fs::read_to_string(path).expect("the file is there");
    let first: serde_json::Value =
        serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["time"], "2001-09-09T01:46:40.123Z");
    assert_eq!(first["seconds"]["total"], 0.005);
    assert_eq!(first["reason"], serde_json::Value::Null);
}

/// A disk that takes nothing costs every line, each is counted once, and neither a worker nor the end waits for it.
#[test]
fn a_full_disk_drops_lines_and_counts_each() {
    let access = Access::open(&AccessTo::File("/dev/full".into())).expect("the device opens");
    let sent = 20_000;
    (0..sent).for_each(|_| access.write(line("/")));
    access.finish(Duration::from_millis(200));
    assert_eq!((access.written(), access.dropped()), (0, sent));
}

/// Nobody reads the pipe: lines are dropped, nobody waits. Then somebody reads it: what comes is whole lines.
#[test]
fn a_pipe_without_a_reader_holds_up_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("access.pipe");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe can be made");
    let access = Access::open(&AccessTo::File(path.clone())).expect("opening waits for nobody");
    let sent = 20_000;
    for path in numbered(0, sent) {
        access.write(line(&path));
    }
    until("lines are dropped", || access.dropped() > 0);
    let dropped = access.dropped();
    let reader = std::thread::spawn(move || {
        let mut lines = BufReader::new(fs::File::open(path).expect("the pipe is there")).lines();
        let last = lines.by_ref().map(|line| line.expect("text")).inspect(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("a whole line");
        });
        last.take_while(|line| !line.contains("\"/last\"")).count()
    });
    until("what waited is read", || access.written() + access.dropped() == sent as u64);
    access.write(line("/last"));
    let read = reader.join().expect("the reader ends");
    assert_eq!(read as u64 + dropped, sent as u64);
    access.finish(PATIENCE);
}

/// At the end nobody reads it either: what does not fit into the pipe is lost after the patience, and counted.
#[test]
fn a_pipe_without_a_reader_does_not_hold_up_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("access.pipe");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe can be made");
    let access = Access::open(&AccessTo::File(path)).expect("opening waits for nobody");
    (0..2000).for_each(|_| access.write(line("/")));
    access.finish(Duration::from_millis(200));
    assert!(access.written() > 0 && access.dropped() > 0);
    assert_eq!(access.written() + access.dropped(), 2000);
}

/// Whoever rotates logs renames the file and asks for it to be opened anew: no line is lost, none is torn.
#[test]
fn a_renamed_log_is_opened_anew_without_losing_a_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("access.jsonl");
    let access = Access::open(&AccessTo::File(path.clone())).expect("the file opens");
    let rounds = 20;
    let mut files = vec![path.clone()];
    for round in 0..rounds {
        send(&access, round * 1000, round * 1000 + 1000);
        let old = folder.path().join(format!("access.jsonl.{round}"));
        fs::rename(&path, &old).expect("the file is there");
        files.insert(files.len() - 1, old);
        access.reopen();
        until("the new file is there", || path.exists());
    }
    access.finish(PATIENCE);
    let found: Vec<_> = files.iter().flat_map(|file| paths(file)).collect();
    assert_eq!(found, numbered(0, rounds * 1000));
}

/// Another file, none, and another again: what is made while the log is on is in one of the files, in its order.
#[test]
fn the_log_moves_while_it_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let access = Access::open(&AccessTo::Off).expect("nothing to open");
    access.write(line("/before"));
    let to = |access: &Access, name: &str| {
        access.switch(&AccessTo::File(file(name))).expect("the file opens");
    };
    to(&access, "one");
    send(&access, 0, 1000);
    to(&access, "two");
    send(&access, 1000, 2000);
    access
        .switch(&AccessTo::File("/nowhere/at/all.jsonl".into()))
        .expect_err("the folder does not exist");
    send(&access, 2000, 3000);
    access.switch(&AccessTo::Off).expect("nothing to open");
    assert!(!access.is_on());
    access.write(line("/between"));
    to(&access, "three");
    send(&access, 3000, 4000);
    access.finish(PATIENCE);
    let found: Vec<_> =
        ["one", "two", "three"].iter().flat_map(|name| paths(&file(name))).collect();
    assert_eq!(found, numbered(0, 4000));
    assert_eq!((access.written(), access.dropped()), (4000, 0));
}

/// Whoever was killed in the middle of a line leaves a line without an end; the next line begins after it.
#[test]
fn half_a_line_of_a_predecessor_spoils_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("access.jsonl");
    fs::write(&path, "{\"whole\":1}\n{\"time\":\"20").expect("the folder is ours");
    let access = Access::open(&AccessTo::File(path.clone())).expect("the file opens");
    access.write(line("/next"));
    access.finish(PATIENCE);
    let text = fs::read_to_string(path).expect("the file is there");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..2], ["{\"whole\":1}", "{\"time\":\"20"]);
    assert!(lines[2].starts_with("{\"time\":") && lines[2].contains("/next"), "{text}");
}

/// Without a log no line is made and no thread runs.
#[test]
fn off_is_off() {
    let access = Access::open(&AccessTo::Off).expect("nothing to open");
    assert!(!access.is_on());
    access.write(line("/"));
    access.finish(PATIENCE);
    assert_eq!((access.written(), access.dropped()), (0, 0));
}

/// A log that cannot be opened is a fault at the start, not a silence.
#[test]
fn a_log_that_cannot_be_opened_is_a_fault() {
    Access::open(&AccessTo::File("/nowhere/at/all.jsonl".into()))
        .expect_err("the folder does not exist");
}
