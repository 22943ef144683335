//! The control process: started, started again when it dies, ended with us, and never waited for.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::event::Event;
use crate::notify::VARIABLES;
use crate::say::say;
use crate::shared::Shared;

/// Between the death of a control process and the next one: doubles from the first to the last.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// One that lived this long was well: the next death starts over with the shortest wait.
const WELL: Duration = Duration::from_secs(10);
/// How long it may take to leave by itself at the end.
const FAREWELL: Duration = Duration::from_millis(500);

/// Keeps a control process running until `end` changes. `command` is its program and arguments.
pub async fn supervise(command: Vec<String>, shared: Arc<Shared>, mut end: watch::Receiver<bool>) {
    let Some((program, arguments)) = command.split_first() else { return };
    let mut wait = BACKOFF.0;
    loop {
        let started = Instant::now();
        match start(program, arguments) {
            Ok((mut child, lifeline)) => {
                shared.status.set_control(child.id().map_or(0, u32::cast_signed));
                tokio::select! {
                    status = child.wait() => {
                        shared.status.set_control(0);
                        let how = status.map_or_else(|fault| fault.to_string(), |status| status.to_string());
                        say(Event::ControlEnded { how });
                    }
                    _ = end.changed() => {
                        farewell(child, lifeline).await;
                        shared.status.set_control(0);
                        return;
                    }
                }
            }
            Err(fault) => {
                let (program, why) = (program.clone(), fault.to_string());
                say(Event::ControlNotStarted { program, why });
            }
        }
        wait = if started.elapsed() >= WELL { BACKOFF.0 } else { wait };
        tokio::select! {
            () = sleep(wait) => {}
            _ = end.changed() => return,
        }
        wait = (wait * 2).min(BACKOFF.1);
        shared.status.restarted();
    }
}

/// The child, and the pipe whose end tells it that we are gone, however we went. Nothing is ever written to it.
fn start(program: &str, arguments: &[String]) -> std::io::Result<(Child, Option<ChildStdin>)> {
    let mut command = Command::new(program);
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    let mut child = command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        // Ctrl-C in a terminal is for us; the child ends when we do.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    // Taken out, because waiting for a child closes the input that it still has.
    let lifeline = child.stdin.take();
    Ok((child, lifeline))
}

/// Lets go of the pipe and gives the child a moment; one that is stuck is killed.
async fn farewell(mut child: Child, lifeline: Option<ChildStdin>) {
    drop(lifeline);
    if timeout(FAREWELL, child.wait()).await.is_err() {
        // It cannot be waited for any longer than a kill takes.
        let _ = child.kill().await;
    }
}
