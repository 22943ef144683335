//! What the service manager that started us is told, as sd_notify(3) describes it: one datagram per piece of news.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::event::Event;
use crate::say::say;

/// What the manager sets for the process that it started, and for no other: the control process goes without.
pub const VARIABLES: [&str; 6] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "LISTEN_PID",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
];

/// How long news may wait for a manager that does not read: it matters less than what we do meanwhile.
const PATIENCE: Duration = Duration::from_millis(200);

/// The service manager, if one wants to hear from us.
#[derive(Debug, Default)]
pub struct Manager {
    line: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Manager {
    /// The one that the environment names; nobody when it names none.
    pub fn from_environment() -> Self {
        let Some(name) = std::env::var("NOTIFY_SOCKET").ok().filter(|name| !name.is_empty()) else {
            return Self::default();
        };
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        let meant = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|span| meant && *span > 0);
        match Self::reaching(&name, watchdog.map(Duration::from_micros)) {
            Ok(manager) => manager,
            Err(why) => {
                say(Event::ManagerNotTold { socket: name, why: why.to_string() });
                Self::default()
            }
        }
    }

    /// The one that listens at `name`, a path or `@` and an abstract name.
    pub fn reaching(name: &str, watchdog: Option<Duration>) -> std::io::Result<Self> {
        let address = match name.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(name)?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { line: Some((socket, address)), watchdog })
    }

    /// Connections are accepted; or a reload is over, applied or refused.
    pub fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// A new configuration is being looked at; [`Manager::ready`] ends that.
    pub fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let micros = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={micros}\nSTATUS=reloading"));
    }

    /// The drain begins.
    pub fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=draining");
    }

    /// Everything that serves still answers.
    pub fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    /// How long the manager waits for [`Manager::alive`] before it ends us.
    pub fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    fn tell(&self, news: &str) {
        if let Some((socket, address)) = &self.line {
            // A manager that is being replaced misses this; it asks for nothing twice.
            let _ = socket.send_to_addr(news.as_bytes(), address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// News arrive at a path and at an abstract name, one datagram each.
    #[test]
    fn news_arrive_at_paths_and_abstract_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let path = path.to_str().expect("text");
        let name = format!("evenly-test-{}", std::process::id());
        let by_name = SocketAddr::from_abstract_name(&name).expect("a name");
        let sockets = [
            (path.to_owned(), UnixDatagram::bind(path).expect("bound")),
            (format!("@{name}"), UnixDatagram::bind_addr(&by_name).expect("bound")),
        ];
        for (name, socket) in sockets {
            let manager = Manager::reaching(&name, None).expect("an address");
            manager.ready("listening");
            manager.stopping();
            let mut buffer = [0; 256];
            let mut heard = || {
                let length = socket.recv(&mut buffer).expect("news");
                String::from_utf8_lossy(&buffer[..length]).into_owned()
            };
            assert_eq!(heard(), "READY=1\nSTATUS=listening");
            assert_eq!(heard(), "STOPPING=1\nSTATUS=draining");
        }
    }

    /// Without a manager, or with one that has gone, telling it does nothing.
    #[test]
    fn nobody_needs_to_listen() {
        Manager::default().ready("listening");
        let gone = Manager::reaching("/nowhere/at/all", None).expect("an address");
        gone.alive();
    }
}
