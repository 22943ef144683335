//! Where the access log goes: a file, a pipe, standard output.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

use crate::config::AccessTo;

/// Bytes that a pipe takes at once when the poller says that it takes any (`PIPE_BUF`).
const PIECE: usize = 4096;
/// How long a pipe is waited for; orders are looked at in between.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// An open log.
#[derive(Debug)]
pub struct Target {
    to: AccessTo,
    file: File,
    /// A regular file, which never makes a writer wait for a reader.
    regular: bool,
    /// Its last line has no end, because whoever wrote it could not finish.
    unfinished: bool,
}

impl Target {
    /// Opens it; nothing when the log is off.
    pub fn open(to: &AccessTo) -> io::Result<Option<Self>> {
        let file = match to {
            AccessTo::Off => return Ok(None),
            // A handle of its own, without the buffer that everybody shares.
            AccessTo::Stdout => File::from(io::stdout().as_fd().try_clone_to_owned()?),
            AccessTo::File(path) => open(path)?,
        };
        let regular = file.metadata()?.is_file();
        let mut target = Self { to: to.clone(), file, regular, unfinished: false };
        target.unfinished = regular && target.ends_midway().unwrap_or(false);
        Ok(Some(target))
    }

    /// The same log under the same name; nothing when it is this very file still.
    pub fn reopened(&self) -> io::Result<Option<Self>> {
        let Some(anew) = Self::open(&self.to)? else { return Ok(None) };
        let (old, new) = (self.file.metadata()?, anew.file.metadata()?);
        Ok(((old.dev(), old.ino()) != (new.dev(), new.ino())).then_some(anew))
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.to.to_string()
    }

    fn ends_midway(&self) -> io::Result<bool> {
        let mut last = *b"\n";
        if let Some(at) = self.file.metadata()?.len().checked_sub(1) {
            self.file.read_exact_at(&mut last, at)?;
        }
        Ok(last != *b"\n")
    }

    /// Writes some of it. The error is `WouldBlock` when nobody makes room.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.unfinished {
            self.file.write_all(b"\n")?;
            self.unfinished = false;
        }
        if self.regular {
            return self.file.write(bytes);
        }
        let mut waited = [PollFd::new(&self.file, PollFlags::OUT)];
        if poll(&mut waited, Some(&PATIENCE))? == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.file.write(&bytes[..bytes.len().min(PIECE)])
    }

    /// Takes the beginning of a line that cannot be finished back out of a file, when it still is what the file ends
    /// with. What cannot be taken back stays; whoever opens the file next ends that line first.
    pub fn take_back(&self, begun: &[u8]) {
        if let AccessTo::File(_) = &self.to
            && self.regular
            && !begun.is_empty()
            && let Ok(length) = self.ends_with(begun)
        {
            let _ = self.file.set_len(length - begun.len() as u64);
        }
    }

    /// The length of the file, if these are its last bytes.
    fn ends_with(&self, bytes: &[u8]) -> io::Result<u64> {
        let length = self.file.metadata()?.len();
        let start = length.checked_sub(bytes.len() as u64).ok_or(io::ErrorKind::InvalidData)?;
        let mut found = vec![0; bytes.len()];
        self.file.read_exact_at(&mut found, start)?;
        if found == bytes { Ok(length) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // Opening a pipe would wait for its reader, and so would writing.
    options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    if fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo()) {
        // With our own hand on its other end it holds 64 KiB for a reader who has yet to come, and outlives one who goes.
        options.read(true).write(true);
    } else {
        options.create(true).append(true);
    }
    // Read only to see how it ends; a log that may not be read can be written all the same.
    options.clone().read(true).open(path).or_else(|why| match why.kind() {
        io::ErrorKind::PermissionDenied => options.open(path),
        _ => Err(why),
    })
}
