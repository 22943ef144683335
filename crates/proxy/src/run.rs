//! A proxy from its start to its end, on the thread that calls.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::signal::unix::Signal;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::access::Access;
use crate::account::{self, Account};
use crate::admin;
use crate::admin::door::Door;
use crate::admin::engine::Desk;
use crate::config::Config;
use crate::edition::Source;
use crate::event::{AdminOn, Event, Words};
use crate::inherited::{self, Opened};
use crate::listener::Crew;
use crate::notify::Manager;
use crate::openings::Openings;
use crate::reload::{Reloader, Wish};
use crate::say::{self, say};
use crate::shared::Shared;
use crate::signals::{self, Signals};
use crate::{control, descriptors, hangup, notices, orphans, watchdog, worker};

/// How often the end of workers is looked for.
const LOOK: Duration = Duration::from_millis(10);
/// What connections get to say goodbye when the drain's time is over.
const GOODBYE: Duration = Duration::from_secs(2);
/// What the access log gets for its last lines.
const LAST_LINES: Duration = Duration::from_secs(2);
/// What standard error gets for them.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// The exit code of a start that failed.
const NOT_STARTED: i32 = 1;
/// The exit code when a worker has died: whoever supervises us starts us anew.
const WORKER_DIED: i32 = 70;

/// Runs the proxy that the JSON text describes until it has drained. `control` is the control process's program and
/// arguments, without the paths that it is given here; empty for none. The answer is the exit code: 0 after a drain,
/// 1 when it could not start, 128 + the signal's number when a second signal ended it at once.
///
/// `document` is JSON text that the engine keeps for the control process and never looks into.
pub fn run_json(text: &str, control: Vec<String>, document: &str) -> i32 {
    let config = Config::from_json(text);
    let read = config.and_then(|config| Ok((config, Source::read(text, document)?)));
    match read {
        Ok((config, source)) => run(config, source, control),
        Err(fault) => not_started(&fault),
    }
}

/// The same with a configuration that has been read.
pub fn run(config: Config, source: Source, control: Vec<String>) -> i32 {
    account::gain_nothing();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(fault) => return not_started(&format!("no poller can be opened: {fault}")),
    };
    say::write_as(config.log.events);
    let access = match Access::open(&config.log.access) {
        Ok(access) => access,
        Err(fault) => {
            return not_started(&format!(
                "log.access: {} cannot be opened: {fault}; choose a path in a folder this user may write to",
                config.log.access
            ));
        }
    };
    let code = runtime.block_on(async {
        match Running::start(config, source, access.clone(), control).await {
            Ok(running) => running.until_the_end().await,
            Err(fault) => not_started(&fault),
        }
    });
    // Connections to the admin listener end here; nothing of ours blocks.
    runtime.shutdown_background();
    finish(&access, code)
}

/// After a drain all that was logged is written; after a second signal nothing is waited for.
fn finish(access: &Access, code: i32) -> i32 {
    if code < 128 {
        access.finish(LAST_LINES);
    }
    say::finish(LAST_WORDS);
    code
}

fn not_started(fault: &str) -> i32 {
    eprintln!("evenly: {fault}");
    NOT_STARTED
}

/// A proxy that serves.
struct Running {
    shared: Arc<Shared>,
    crew: Arc<Crew>,
    signals: Signals,
    manager: Arc<Manager>,
    openings: Openings,
    admin: Door,
    reloader: Reloader,
    wishes: mpsc::Receiver<Wish>,
    /// Everything else; ends with us.
    others: JoinSet<()>,
    control: JoinSet<()>,
    end_control: watch::Sender<bool>,
    _folder: TempDir,
}

impl Running {
    async fn start(
        config: Config,
        source: Source,
        access: Access,
        control: Vec<String>,
    ) -> Result<Self, String> {
        let most = descriptors::room();
        let signals = |fault| format!("signals cannot be received: {fault}");
        let hangup = signals::hangup().map_err(signals)?;
        let renamed = signals::renamed().map_err(signals)?;
        let signals = Signals::listen().map_err(signals)?;
        let shared = Arc::new(Shared::new(config, source, access)?);
        let edition = shared.edition();
        let config = &edition.config;

        let manager = Arc::new(Manager::from_environment());
        let account = Account::find(&config.proxy)?;
        let Opened { listeners: bound, admin: door } = inherited::open(config)?;
        let folder = private_folder()?;
        if let Some(account) = account {
            // No thread has begun yet that could keep its rights.
            account.receive(folder.path(), config, &bound)?;
            account.enter()?;
        }
        let started = Event::Started {
            listeners: Words(bound.iter().map(|bound| bound.address.clone()).collect()),
            admin: AdminOn(door.as_ref().map(|admin| admin.address.clone())),
        };

        let workers = (0..config.proxy.workers).map(|index| worker::spawn(&shared, index));
        let workers = workers
            .collect::<Result<_, _>>()
            .map_err(|fault| format!("a worker cannot be started: {fault}"))?;
        let crew = Arc::new(Crew::new(workers, most));
        let mut openings = Openings::new(Arc::clone(&crew));
        let (engine, serve) =
            (folder.path().join("engine.sock"), folder.path().join("control.sock"));
        let mut admin = Door::new(Arc::clone(&shared), serve.clone());
        let mut others = JoinSet::new();
        others.spawn(reopen(renamed, shared.access.clone()));
        let keeper = notices::upkeep(&shared, &crew);
        let reloader = Reloader::new(&shared, &crew, keeper.clone());
        others.spawn(keeper.keep());
        notices::wait_for_names(&edition).await;

        let state = tokio::net::UnixListener::bind(&engine)
            .map_err(|fault| format!("{}: {fault}", engine.display()))?;
        // One at a time: whoever comes second waits for the first.
        let (ask, wishes) = mpsc::channel(1);
        let desk = Arc::new(Desk { shared: Arc::clone(&shared), wishes: ask });
        others.spawn(admin::engine::serve(state, desk));
        let (runs, socket) = (!control.is_empty(), serve.clone());
        others.spawn(async move { hangup::pass_on(hangup, &socket, runs).await });
        let (end_control, end) = watch::channel(false);
        let mut supervised = JoinSet::new();
        let mut command = control;
        if runs {
            command.extend([
                "--engine".into(),
                engine.display().to_string(),
                "--serve".into(),
                serve.display().to_string(),
            ]);
            supervised.spawn(control::supervise(command, Arc::clone(&shared), end));
        }
        admin.change(config.admin.as_ref(), door);
        openings.begin(&edition, bound);
        others.spawn(watchdog::watch(Arc::clone(&manager), Arc::clone(&crew)));
        if orphans::are_ours() {
            others.spawn(orphans::reap(Arc::clone(&shared)));
        }
        manager.ready(&started.to_string());
        say(started);
        Ok(Self {
            shared: Arc::clone(&shared),
            crew,
            signals,
            manager,
            openings,
            admin,
            reloader,
            wishes,
            others,
            control: supervised,
            end_control,
            _folder: folder,
        })
    }

    /// Serves until a signal, then drains.
    async fn until_the_end(mut self) -> i32 {
        let failed = loop {
            tokio::select! {
                _ = self.signals.next() => break false,
                Some(wish) = self.wishes.recv() => self.change(wish).await,
                () = self.openings.watch() => {}
                () = sleep(Duration::from_secs(1)) => {
                    if self.crew.workers().iter().any(worker::Worker::is_finished) {
                        say(Event::WorkerDied {});
                        break true;
                    }
                }
            }
        };
        let drained = self.drain().await;
        match drained {
            Ok(()) if failed => WORKER_DIED,
            Ok(()) => {
                self.end_the_others().await;
                0
            }
            Err(signal) => 128 + signal,
        }
    }

    /// Carries out a wish for another configuration.
    async fn change(&mut self, wish: Wish) {
        let Wish { config, source, why, answer } = wish;
        let given = config.admin.clone();
        self.manager.reloading();
        let done = match self.admin.prepare(given.as_ref()) {
            Ok(door) => {
                let told = self.reloader.change(&mut self.openings, config, source, &why).await;
                if told.is_ok() {
                    self.admin.change(given.as_ref(), door);
                }
                told
            }
            Err(fault) => Err(fault),
        };
        let number = self.shared.edition().number;
        if let Err(why) = &done {
            say(Event::EditionRefused { edition: number, why: why.clone() });
        }
        self.manager.ready(&match &done {
            Ok(_) => format!("edition {number} is in force"),
            Err(_) => format!("edition {number} stays in force; the last change was refused"),
        });
        // Who asked may have left; the change stands.
        let _ = answer.send(done);
    }

    /// Takes no more connections and waits for those there are. A second signal's number is the error.
    async fn drain(&mut self) -> Result<(), i32> {
        let edition = self.shared.edition();
        say(Event::Draining { seconds: edition.config.proxy.drain.as_secs_f64() });
        self.shared.status.drain();
        self.manager.stopping();
        self.wishes.close();
        while self.wishes.try_recv().is_ok() {}
        self.openings.end().await;
        let patience = edition.config.proxy.drain;
        let workers = || self.crew.workers().iter();
        workers().for_each(worker::Worker::drain);
        let done = async || {
            while !workers().all(worker::Worker::is_finished) {
                sleep(LOOK).await;
            }
        };
        let deadline = Instant::now() + patience;
        tokio::select! {
            () = done() => return Ok(()),
            () = sleep_until(deadline) => {}
            signal = self.signals.next() => return Err(signal),
        }
        let cut: usize = workers().map(worker::Worker::connections).sum();
        say(Event::DrainCut { seconds: patience.as_secs_f64(), connections: cut });
        workers().for_each(worker::Worker::end);
        tokio::select! {
            _ = timeout(GOODBYE, done()) => Ok(()),
            signal = self.signals.next() => Err(signal),
        }
    }

    async fn end_the_others(mut self) {
        self.end_control.send_replace(true);
        while self.control.join_next().await.is_some() {}
        self.others.shutdown().await;
    }
}

/// Where the sockets between the engine and the control process are.
fn private_folder() -> Result<TempDir, String> {
    tempfile::Builder::new().prefix("evenly-").tempdir().map_err(|fault| {
        format!(
            "no private folder can be made in {}: {fault}; set TMPDIR",
            std::env::temp_dir().display()
        )
    })
}

/// Opens the access log anew whenever somebody has renamed it and says so.
async fn reopen(mut renamed: Signal, access: Access) {
    while renamed.recv().await.is_some() {
        access.reopen();
    }
}
