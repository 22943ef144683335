//! Lines for the operator on standard error, written by a thread of their own: whoever reads them slowly, or not at
//! all, never holds up the thread that accepts connections.

use std::sync::LazyLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// Lines that may wait; more than that are lost, as the latest matter no more than the first.
const WAITING: usize = 256;

static WRITER: LazyLock<Option<SyncSender<String>>> = LazyLock::new(|| {
    let (sender, lines) = sync_channel::<String>(WAITING);
    let writer = move || lines.iter().for_each(|line| eprintln!("evenly: {line}"));
    thread::Builder::new().name("say".into()).spawn(writer).ok().map(|_| sender)
});

/// Writes a line soon.
pub fn say(line: String) {
    if let Some(writer) = &*WRITER {
        // A full channel means that nobody reads.
        let _ = writer.try_send(line);
    }
}
