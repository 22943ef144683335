//! What the first process of a container owes the others: whoever loses its parent becomes our child, and stays as a
//! zombie until we have asked how it ended.

use std::sync::Arc;
use std::time::Duration;

use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use crate::shared::Shared;

/// How long the control process may take to be asked by whoever started it.
const MOMENT: Duration = Duration::from_millis(10);

/// Whether orphans come to us.
pub fn are_ours() -> bool {
    std::process::id() == 1
}

/// Asks every dead child but the control process, whose end concerns whoever supervises it. Never ends.
pub async fn reap(shared: Arc<Shared>) {
    let Ok(mut died) = signal(SignalKind::child()) else { return };
    loop {
        while let Some(pid) = dead() {
            if shared.status.is_control(pid.as_raw()) {
                sleep(MOMENT).await;
            } else {
                // It is dead, so this does not wait.
                let _ = waitpid(pid, Some(WaitPidFlag::WNOHANG));
            }
        }
        died.recv().await;
    }
}

/// A dead child that nobody has asked yet; it stays so.
fn dead() -> Option<Pid> {
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    match waitid(Id::All, look) {
        Ok(WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, _, _)) => Some(pid),
        _ => None,
    }
}
