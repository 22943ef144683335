//! The control process is started again when it dies, ends with us, and is never waited for.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use evenly_proxy::control::supervise;
use tokio::sync::watch;

use crate::stage::{shared, soon};

/// A program that notes its number in `file` and then waits for the end of its input.
fn program(file: &Path) -> Vec<String> {
    let script = format!("echo $$ >> '{}'; exec cat", file.display());
    ["sh", "-c", &script].map(str::to_owned).to_vec()
}

/// The numbers of the processes that have been started so far.
fn started(file: &Path) -> Vec<String> {
    fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn signal(name: &str, process: &str) {
    let sent = Command::new("kill").args([name, process]).status();
    assert!(sent.is_ok_and(|status| status.success()), "{process} is not there");
}

fn lives(process: &str) -> bool {
    Path::new("/proc").join(process).exists()
}

/// A killed one is followed by another, which is counted.
#[tokio::test]
async fn a_dead_control_process_is_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, shared) = (folder.path().join("started"), shared());
    let (end, ended) = watch::channel(false);
    let task = tokio::spawn(supervise(program(&file), Arc::clone(&shared), ended));
    soon("the first", || started(&file).len() == 1 && shared.status.has_control()).await;
    signal("-KILL", &started(&file)[0]);
    soon("the second", || started(&file).len() == 2 && shared.status.has_control()).await;
    assert_eq!(shared.status.restarts(), 1);
    end.send_replace(true);
    task.await.expect("it ends");
    assert!(!lives(&started(&file)[1]), "it ended with us");
}

/// One that is stopped does not hold up our end, and does not outlive it.
#[tokio::test]
async fn a_stopped_control_process_holds_nothing_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, shared) = (folder.path().join("started"), shared());
    let (end, ended) = watch::channel(false);
    let task = tokio::spawn(supervise(program(&file), shared, ended));
    soon("the start", || started(&file).len() == 1).await;
    signal("-STOP", &started(&file)[0]);
    end.send_replace(true);
    task.await.expect("it ends");
    assert!(!lives(&started(&file)[0]));
}

/// A program that is not there is tried again and again, and is no reason to fail.
#[tokio::test]
async fn a_missing_program_is_no_reason_to_fail() {
    let (end, ended) = watch::channel(false);
    let shared = shared();
    let task = tokio::spawn(supervise(vec!["/nowhere/at/all".into()], Arc::clone(&shared), ended));
    soon("two tries", || shared.status.restarts() >= 2).await;
    assert!(!shared.status.has_control());
    end.send_replace(true);
    task.await.expect("it ends");
}
