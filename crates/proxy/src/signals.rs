//! SIGTERM and SIGINT end the proxy, SIGHUP has it read its configuration again, SIGUSR1 opens its access log anew.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What asks the proxy to end.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From here on both signals are ours.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for either; gives its number.
    pub async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate().as_raw_value(),
            _ = self.interrupt.recv() => SignalKind::interrupt().as_raw_value(),
        }
    }
}

/// Comes when the access log's file was renamed and wants to be opened anew.
pub fn renamed() -> io::Result<Signal> {
    signal(SignalKind::user_defined1())
}

/// From here on SIGHUP is ours.
pub fn hangup() -> io::Result<Signal> {
    signal(SignalKind::hangup())
}
