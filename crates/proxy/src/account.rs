//! Giving up root: the proxy binds its listeners as whoever started it, and serves as somebody with fewer rights.

use std::ffi::CString;
use std::fs::OpenOptions;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown, fchown, lchown};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use nix::errno::Errno;
use nix::sys::prctl::set_no_new_privs;
use nix::unistd::{
    Gid, Group, Uid, User, getegid, geteuid, initgroups, setgroups, setresgid, setresuid,
};
use rustix::fs::OFlags;

use crate::config::{AccessTo, Config, Proxy};
use crate::sockets::Bound;

/// Rights are given up by the process as a whole, and for good.
static GIVEN_UP: AtomicBool = AtomicBool::new(false);

/// Whether root was given up: what only root may do cannot be done any more.
pub fn given_up() -> bool {
    GIVEN_UP.load(Relaxed)
}

/// Programs that give rights to whoever starts them (sudo) give none to this thread, nor to those it starts.
pub fn gain_nothing() {
    // A kernel older than Linux 3.5 goes without.
    let _ = set_no_new_privs();
}

/// Whom the proxy serves as.
#[derive(Debug)]
pub struct Account {
    /// As configured.
    name: String,
    /// Known to the system, with groups of its own.
    known: Option<CString>,
    user: Uid,
    group: Gid,
}

impl Account {
    /// The configured one; none when the proxy stays who it is.
    pub fn find(proxy: &Proxy) -> Result<Option<Self>, String> {
        let Some(name) = &proxy.user else {
            return match &proxy.group {
                Some(group) => Err(format!(
                    "proxy.group is {group:?}, but proxy.user is not set: a group alone gives up nothing; set both"
                )),
                None => Ok(None),
            };
        };
        let number = name.parse().ok().map(Uid::from_raw);
        let user = User::from_name(name)
            .and_then(|found| match (found, number) {
                (None, Some(number)) => User::from_uid(number),
                (found, _) => Ok(found),
            })
            .map_err(|why| format!("proxy.user: {name:?} cannot be looked up: {}", why.desc()))?;
        let group = match &proxy.group {
            Some(group) => group_named(group)?,
            None => user.as_ref().map(|user| user.gid).ok_or_else(|| unknown(name, number))?,
        };
        let uid =
            user.as_ref().map(|user| user.uid).or(number).ok_or_else(|| unknown(name, None))?;
        let known = user.and_then(|user| CString::new(user.name).ok());
        Ok(Some(Self { name: name.clone(), known, user: uid, group }))
    }

    /// Hands over what was opened on its behalf: the private folder, the access log, the files of UNIX sockets.
    pub fn receive(&self, folder: &Path, config: &Config, bound: &[Bound]) -> Result<(), String> {
        if self.is_us() {
            return Ok(());
        }
        let (user, group) = (Some(self.user.as_raw()), Some(self.group.as_raw()));
        let fault = |path: &Path, why: &std::io::Error| {
            format!("proxy.user: {} cannot be given to {}: {why}", path.display(), self.name)
        };
        chown(folder, user, group).map_err(|why| fault(folder, &why))?;
        if let AccessTo::File(path) = &config.log.access {
            // Whoever may write to its folder must not get another file by putting a link in its place.
            let file = OpenOptions::new()
                .append(true)
                .custom_flags(OFlags::NOFOLLOW.bits().cast_signed() | NONBLOCK)
                .open(path);
            // A link, a pipe and a device stay whose they are: they are open already.
            if let Ok(file) = file
                && file.metadata().is_ok_and(|found| found.is_file() && found.nlink() == 1)
            {
                fchown(&file, user, group).map_err(|why| fault(path, &why))?;
            }
        }
        for path in bound.iter().filter_map(Bound::own_path) {
            lchown(path, user, group).map_err(|why| fault(path, &why))?;
        }
        Ok(())
    }

    /// From here on every thread, and every process started from here, is this user. There is no way back.
    pub fn enter(&self) -> Result<(), String> {
        if !self.is_us() {
            self.change().map_err(|why| {
                format!(
                    "proxy.user: user {} may not become {}: {}; start as root (CAP_SETUID, CAP_SETGID), or as {} without proxy.user",
                    geteuid(), self.name, why.desc(), self.name
                )
            })?;
            GIVEN_UP.store(true, Relaxed);
        }
        Ok(())
    }

    fn change(&self) -> Result<(), Errno> {
        // Groups first: afterwards we may not. glibc changes all threads.
        match &self.known {
            Some(known) => initgroups(known, self.group)?,
            None => setgroups(&[self.group])?,
        }
        setresgid(self.group, self.group, self.group)?;
        // The kernel also switches core dumps off here: they would hold other people's requests.
        setresuid(self.user, self.user, self.user)
    }

    fn is_us(&self) -> bool {
        geteuid() == self.user && getegid() == self.group
    }
}

/// Opening must not wait for the reader of a pipe.
const NONBLOCK: i32 = OFlags::NONBLOCK.bits().cast_signed();

fn unknown(name: &str, number: Option<Uid>) -> String {
    match number {
        Some(_) => format!(
            "proxy.user: the number {name} has no entry in /etc/passwd, so its group is unknown: set proxy.group too"
        ),
        None => format!(
            "proxy.user: there is no user {name:?} on this machine (`getent passwd {name}`): make it, or name another"
        ),
    }
}

fn group_named(name: &str) -> Result<Gid, String> {
    let found = Group::from_name(name)
        .map_err(|why| format!("proxy.group: {name:?} cannot be looked up: {}", why.desc()))?;
    found.map(|group| group.gid).or_else(|| name.parse().ok().map(Gid::from_raw)).ok_or_else(|| {
        format!("proxy.group: there is no group {name:?} on this machine (`getent group {name}`): make it, or name another")
    })
}
