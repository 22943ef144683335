//! What happens to a running proxy, and how it is told; this is the one table of it.
//!
//! People read the sentence on standard error, machines the same fields as JSON: there with `log.events = "json"`,
//! and on the engine's socket under `/events`.

use std::fmt;
use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Map, Value};

/// How much an event matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good to know.
    Info,
    /// Somebody should look at it some time.
    Warning,
    /// Somebody should look at it now.
    Error,
}

impl Level {
    /// Its word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

macro_rules! events {
    ($(
        $(#[doc = $doc:literal])*
        $variant:ident => $name:literal $level:ident {
            $($(#[doc = $field_doc:literal])* $field:ident: $type:ty,)*
        }
        $sentence:literal,
    )*) => {
        /// Something that happened. Its fields are those of its JSON.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Event {$(
            $(#[doc = $doc])*
            $variant {$($(#[doc = $field_doc])* $field: $type,)*},
        )*}

        impl Event {
            /// Every kind there is, in the order of the table.
            pub const KINDS: &'static [&'static str] = &[$($name,)*];

            /// The stable name of what happened.
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $name,)* }
            }

            /// How much it matters.
            pub const fn level(&self) -> Level {
                match self { $(Self::$variant { .. } => Level::$level,)* }
            }
        }

        /// The sentence for people.
        impl fmt::Display for Event {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Self::$variant { $($field,)* } => write!(f, $sentence),)* }
            }
        }
    };
}

events! {
    /// The proxy listens and serves.
    Started => "started" Info {
        /// Where it listens, in the order of the file.
        listeners: Words,
        /// Where its admin listener is; null when it has none.
        admin: AdminOn,
    }
    "listening on {listeners}{admin}",

    /// The proxy takes no new connections and answers what has begun.
    Draining => "draining" Info {
        /// How long that may take.
        seconds: f64,
    }
    "draining: what has begun is answered, for at most {seconds} s",

    /// The drain's time is over and connections are closed that were still busy.
    DrainCut => "drain_cut" Warning {
        /// How long the drain lasted.
        seconds: f64,
        /// How many connections are closed.
        connections: usize,
    }
    "the drain's {seconds} s are over; {connections} connections are closed",

    /// Another configuration is in force.
    EditionApplied => "edition_applied" Info {
        /// Its number.
        edition: u64,
        /// Who or what asked for it.
        why: String,
        /// What it changes.
        changes: String,
    }
    "edition {edition} is in force ({why}): {changes}",

    /// A new configuration was refused; the one before it stays in force.
    EditionRefused => "edition_refused" Warning {
        /// The number of the one in force.
        edition: u64,
        /// What is wrong with the new one.
        why: String,
    }
    "the new configuration is refused, edition {edition} stays in force: {why}",

    /// A node serves again, serves no more, or does so for another reason.
    NodeChanged => "node_changed" Warning {
        /// Its cluster.
        cluster: String,
        /// The node.
        node: String,
        /// The reason of how it stood before.
        from: &'static str,
        /// The reason of how it stands now.
        to: &'static str,
    }
    "cluster {cluster}, node {node}: {from} -> {to}",

    /// A name of nodes cannot be resolved. Its last addresses stay, and it is looked up again and again.
    NameUnresolved => "name_unresolved" Warning {
        /// Its cluster.
        cluster: String,
        /// What is wrong.
        why: String,
        /// How many addresses stay.
        kept: usize,
    }
    "cluster {cluster}: {why}; {kept} addresses stay, and it is looked up again and again",

    /// SIGHUP came, and the control process did not put another configuration in force.
    ReloadRefused => "reload_refused" Warning {
        /// What the control process says.
        why: String,
    }
    "SIGHUP: {why}",

    /// A listener accepts no more connections because its socket is broken; the others go on.
    ListenerLost => "listener_lost" Error {
        /// Its name.
        listener: String,
        /// What was wrong.
        why: String,
    }
    "listener {listener} is lost: {why}; the others go on",

    /// A worker has died, which is a fault of evenly's. The proxy drains and ends.
    WorkerDied => "worker_died" Error {}
    "a worker has died, which is a fault of evenly's; draining",

    /// The service manager that started the proxy cannot be reached, and hears nothing of it.
    ManagerNotTold => "manager_not_told" Warning {
        /// Where it should be told (`NOTIFY_SOCKET`).
        socket: String,
        /// What is wrong.
        why: String,
    }
    "NOTIFY_SOCKET={socket}: {why}; the service manager is told nothing",

    /// The control process has ended and is started again. Requests are balanced meanwhile.
    ControlEnded => "control_ended" Warning {
        /// How it ended.
        how: String,
    }
    "the control process ended ({how}); it is started again, requests are balanced meanwhile",

    /// The control process cannot be started. It is tried again.
    ControlNotStarted => "control_not_started" Error {
        /// Its program.
        program: String,
        /// What is wrong.
        why: String,
    }
    "the control process cannot be started: {program}: {why}",

    /// The access log cannot be written, or not as fast as requests come. Lines wait; what does not fit is lost and counted.
    AccessLogBehind => "access_log_behind" Warning {
        /// Where it goes.
        target: String,
        /// What is wrong.
        why: String,
    }
    "the access log {target} is behind: {why}; lines wait, and those that do not fit are lost and counted",

    /// The access log is written again, and nothing waits any more.
    AccessLogCaughtUp => "access_log_caught_up" Info {
        /// Where it goes.
        target: String,
        /// How many lines were lost meanwhile.
        lost: u64,
    }
    "the access log {target} is written again; {lost} lines were lost",

    /// The access log was opened anew after SIGUSR1.
    AccessLogReopened => "access_log_reopened" Info {
        /// Where it goes.
        target: String,
    }
    "the access log {target} was opened anew",

    /// The access log could not be opened anew; lines go on where they went.
    AccessLogNotReopened => "access_log_not_reopened" Error {
        /// Where it should go.
        target: String,
        /// What is wrong.
        why: String,
    }
    "the access log {target} cannot be opened anew: {why}; lines go on into the file that is open",

    /// Lines of the access log could not be written before the process ended.
    AccessLogCut => "access_log_cut" Warning {
        /// How many.
        lost: u64,
    }
    "{lost} lines of the access log were lost at the end",

    /// Whoever reads these events was too slow and has missed some.
    Lost => "lost" Warning {
        /// How many.
        count: u64,
    }
    "{count} events were lost, as they were read too slowly",
}

/// Several words: a list for machines, with commas for people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Words(pub Vec<String>);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

/// The admin listener's address, which people need not hear of when there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AdminOn(pub Option<String>);

impl fmt::Display for AdminOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |address| write!(f, ", admin on {address}"))
    }
}

impl Event {
    /// The event as one JSON object, with its moment written as `time` says.
    pub fn json(&self, time: Value) -> Value {
        let mut object = Map::new();
        object.insert("time".into(), time);
        object.insert("level".into(), self.level().name().into());
        object.insert("kind".into(), self.kind().into());
        object.insert("message".into(), self.to_string().into());
        // Plain data, which JSON can always hold.
        if let Ok(Value::Object(fields)) = serde_json::to_value(self) {
            object.extend(fields);
        }
        Value::Object(object)
    }
}

/// Seconds since 1970, to the millisecond.
pub fn unix(time: SystemTime) -> f64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Machines find the fields that the sentence is made of, beside moment, level and kind.
    #[test]
    fn an_event_is_a_sentence_and_an_object() {
        let event = Event::NodeChanged {
            cluster: "users".into(),
            node: "a".into(),
            from: "serving",
            to: "check_failed",
        };
        assert_eq!(event.to_string(), "cluster users, node a: serving -> check_failed");
        let json = event.json(1.5.into());
        assert_eq!(
            json,
            serde_json::json!({
                "time": 1.5, "level": "warning", "kind": "node_changed",
                "message": "cluster users, node a: serving -> check_failed",
                "cluster": "users", "node": "a", "from": "serving", "to": "check_failed",
            })
        );
    }

    /// A kind names one thing, in the spelling of every other name.
    #[test]
    fn kinds_are_names_and_differ() {
        let mut kinds = Event::KINDS.to_vec();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), Event::KINDS.len());
        assert!(kinds.iter().all(|kind| kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }
}
