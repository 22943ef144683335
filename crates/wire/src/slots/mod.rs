//! The field lines of a head, as offsets into the caller's buffer.
//!
//! Reading goes strictly from left to right and every decision depends only on the bytes before it, so that it can
//! be taken up again when more bytes arrive, and the result never depends on how the bytes were cut into pieces.

mod field;

use crate::kind::Kind;
use crate::relaxed::Relaxed;
use crate::rule::Rule;
use crate::scan;
use crate::terms::{MAX_FIELDS, MAX_HEAD_BYTES, Terms, Version};

/// A piece of the head. Sixteen bits suffice: [`MAX_HEAD_BYTES`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    pub start: u16,
    pub end: u16,
}

impl Span {
    pub(crate) const fn new(start: usize, end: usize) -> Self {
        Self { start: start as u16, end: end as u16 }
    }

    #[inline]
    pub(crate) fn of(self, buf: &[u8]) -> &[u8] {
        &buf[usize::from(self.start)..usize::from(self.end)]
    }

    #[inline]
    pub(crate) const fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// One field line.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slot {
    pub name: Span,
    pub value: Span,
    pub kind: Kind,
}

/// What the first line said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening {
    pub version: Version,
    /// Of a response.
    pub status: u16,
    /// The method, or the reason.
    pub word: Span,
    /// The target of a request.
    pub target: Span,
}

/// Room for the fields of one head, about a kilobyte. Keep one per connection and direction and use it for message
/// after message: nothing is allocated or cleared in between.
#[derive(Debug, Clone)]
pub struct Slots {
    fields: [Slot; MAX_FIELDS],
    pub(crate) count: usize,
    /// Where the next unread line starts.
    pub(crate) at: usize,
    /// Up to where the incomplete line at `at` was looked at; 0 when there is none.
    seen: usize,
    /// The head was read or refused: the next call is about another one.
    done: bool,
    pub(crate) opening: Opening,
    pub(crate) used: Relaxed,
    pub(crate) opened: bool,
}

impl Default for Slots {
    fn default() -> Self {
        Self::new()
    }
}

/// The first line as a function of the unread bytes: how many bytes it takes, or `None` if it is not complete.
pub(crate) type ReadOpening = fn(&mut Slots, &[u8], &Terms) -> Result<Option<usize>, Rule>;

impl Slots {
    /// Empty room.
    pub const fn new() -> Self {
        const NOTHING: Span = Span { start: 0, end: 0 };
        Self {
            fields: [Slot { name: NOTHING, value: NOTHING, kind: Kind::Other }; MAX_FIELDS],
            count: 0,
            at: 0,
            seen: 0,
            done: false,
            opening: Opening {
                version: Version::Http11,
                status: 0,
                word: NOTHING,
                target: NOTHING,
            },
            used: Relaxed::NONE,
            opened: false,
        }
    }

    /// Forgets a head that was begun. Needed only when a partial head is given up and the room is used again.
    pub const fn reset(&mut self) {
        self.count = 0;
        self.at = 0;
        self.seen = 0;
        self.done = false;
        self.used = Relaxed::NONE;
        self.opened = false;
    }

    #[inline]
    pub(crate) fn all(&self) -> &[Slot] {
        &self.fields[..self.count]
    }

    /// The fields that are not dropped, as name and value.
    pub(crate) fn iter<'a>(&'a self, buf: &'a [u8]) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.all()
            .iter()
            .filter(|slot| slot.kind != Kind::Dropped)
            .map(move |slot| (slot.name.of(buf), slot.value.of(buf)))
    }

    /// Reads on in a head of which `buf` holds the beginning. `Some(length)` once it is complete.
    /// After `None` the caller must come back with the same bytes and more.
    #[inline]
    pub(crate) fn read(
        &mut self,
        buf: &[u8],
        terms: &Terms,
        opening: ReadOpening,
    ) -> Result<Option<usize>, Rule> {
        if self.done {
            self.reset();
        }
        let limit = terms.head_bytes.min(MAX_HEAD_BYTES);
        let cut = &buf[..buf.len().min(limit)];
        let result = self.read_on(cut, terms, opening);
        if matches!(result, Ok(None)) {
            if cut.len() < limit {
                return Ok(None);
            }
            self.done = true;
            return Err(Rule::HeadTooLarge);
        }
        self.done = true;
        result
    }

    #[inline]
    fn read_on(
        &mut self,
        cut: &[u8],
        terms: &Terms,
        opening: ReadOpening,
    ) -> Result<Option<usize>, Rule> {
        if self.seen > 0 && self.nothing_new(cut) {
            return Ok(None);
        }
        if !self.opened {
            let Some(next) = opening(self, cut, terms)? else { return Ok(self.wait(cut)) };
            self.at = next;
            self.opened = true;
        }
        let length = self.read_fields(cut, terms)?;
        if length.is_none() {
            self.wait(cut);
        }
        Ok(length)
    }

    /// Whether the bytes after those already seen leave an incomplete line incomplete. Without this a head that
    /// comes byte by byte would be read again from the start of its line each time.
    #[cold]
    fn nothing_new(&mut self, cut: &[u8]) -> bool {
        let new = &cut[self.seen.min(cut.len())..];
        let dull = if self.opened { scan::value_run(new) } else { scan::target_run(new) };
        let nothing = dull == new.len();
        if nothing {
            self.seen = cut.len();
        }
        nothing
    }

    #[cold]
    fn wait(&mut self, cut: &[u8]) -> Option<usize> {
        // The first byte of a line always decides something, and so does the one after a CR.
        let line = &cut[self.at.min(cut.len())..];
        self.seen = cut.len() - usize::from(line.ends_with(b"\r"));
        if line.len() < 2 {
            self.seen = 0;
        }
        None
    }
}
