//! Carrying a body from one side to the other: how much of what was read belongs to it, and what is to be written.

use crate::chunked::{CHUNK_RULES, Decoder};
use crate::relaxed::Relaxed;
use crate::rule::Rule;
use crate::terms::Body;

/// Carries one body. Bytes pass as they came wherever possible; only changes of framing go through scratch space.
#[derive(Debug, Clone)]
pub struct Carrier(Way);

#[derive(Debug, Clone)]
enum Way {
    /// As it came, so many bytes more.
    Length(u64),
    /// As it came, checked.
    Chunked(Decoder),
    /// Chunks in, payload out.
    Unchunk(Decoder),
    /// Chunks in, well-formed chunks out; trailers are dropped.
    Rechunk(Decoder),
    /// As it came, to the end of the connection.
    UntilClose,
    /// Anything in, chunks out, to the end of the connection.
    Enchunk,
    /// `Enchunk` after the end of the connection.
    Ended,
}

/// What became of some input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried<'a> {
    /// How many bytes of the input belong to the body; the rest is the next message, or one too many.
    pub consumed: usize,
    /// What is to be written to the other side, maybe nothing.
    pub bytes: &'a [u8],
    /// The body is complete.
    pub done: bool,
}

/// The connection ended before the body did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut;

impl Carrier {
    /// For a message without a body: done from the start.
    pub const fn nothing() -> Self {
        Self::length(0)
    }

    pub(crate) const fn length(length: u64) -> Self {
        Self(Way::Length(length))
    }

    pub(crate) const fn until_close() -> Self {
        Self(Way::UntilClose)
    }

    pub(crate) const fn enchunk() -> Self {
        Self(Way::Enchunk)
    }

    pub(crate) const fn unchunk(relaxed: Relaxed) -> Self {
        Self(Way::Unchunk(Decoder::new(relaxed)))
    }

    /// Verbatim, unless what comes may be malformed.
    pub(crate) const fn chunked(relaxed: Relaxed) -> Self {
        let decoder = Decoder::new(relaxed);
        Self(if relaxed.meets(CHUNK_RULES) { Way::Rechunk(decoder) } else { Way::Chunked(decoder) })
    }

    pub(crate) const fn of_request(body: Body, relaxed: Relaxed) -> Self {
        match body {
            Body::Length(length) => Self::length(length),
            Body::Chunked => Self::chunked(relaxed),
            Body::None | Body::UntilClose => Self::nothing(),
        }
    }

    /// Whether the body is complete. One that ends with its connection is only after [`end`](Self::end).
    #[inline]
    pub fn is_done(&self) -> bool {
        match &self.0 {
            Way::Length(left) => *left == 0,
            Way::Chunked(decoder) | Way::Unchunk(decoder) | Way::Rechunk(decoder) => {
                decoder.is_done()
            }
            Way::Ended => true,
            Way::UntilClose | Way::Enchunk => false,
        }
    }

    /// The relaxed chunk rules the body was excused for; complete when the body is.
    pub fn excused(&self) -> Relaxed {
        match &self.0 {
            Way::Chunked(decoder) | Way::Unchunk(decoder) | Way::Rechunk(decoder) => {
                decoder.excused()
            }
            Way::Length(_) | Way::UntilClose | Way::Enchunk | Way::Ended => Relaxed::NONE,
        }
    }

    /// How many bytes are still to come, if that is known.
    pub const fn left(&self) -> Option<u64> {
        if let Way::Length(left) = self.0 { Some(left) } else { None }
    }

    /// Takes `input`, which follows what was consumed before. `scratch` is cleared and used only when the framing
    /// changes. After an error both connections are of no use any more.
    #[inline]
    pub fn carry<'a>(
        &mut self,
        input: &'a [u8],
        scratch: &'a mut Vec<u8>,
    ) -> Result<Carried<'a>, Rule> {
        let (consumed, changed) = match &mut self.0 {
            Way::Length(left) => {
                let take = usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
                *left -= take as u64;
                (take, false)
            }
            Way::Chunked(decoder) => (decoder.feed(input)?, false),
            Way::UntilClose => (input.len(), false),
            Way::Ended => (0, false),
            Way::Unchunk(decoder) => {
                scratch.clear();
                (pieces(decoder, input, |piece| scratch.extend_from_slice(piece))?, true)
            }
            Way::Rechunk(decoder) => {
                scratch.clear();
                let consumed = pieces(decoder, input, |piece| push_chunk(piece, scratch))?;
                if decoder.is_done() && consumed > 0 {
                    scratch.extend_from_slice(LAST_CHUNK);
                }
                (consumed, true)
            }
            Way::Enchunk => {
                scratch.clear();
                push_chunk(input, scratch);
                (input.len(), true)
            }
        };
        let bytes = if changed { &scratch[..] } else { &input[..consumed] };
        Ok(Carried { consumed, bytes, done: self.is_done() })
    }

    /// The connection it came from has ended: appends what is still to be written to `out`.
    pub fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Cut> {
        match self.0 {
            Way::Enchunk => out.extend_from_slice(LAST_CHUNK),
            Way::UntilClose => {}
            _ if self.is_done() => return Ok(()),
            _ => return Err(Cut),
        }
        self.0 = Way::Ended;
        Ok(())
    }
}

const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Runs the decoder over `input` and hands over each piece of payload.
fn pieces(
    decoder: &mut Decoder,
    input: &[u8],
    mut piece: impl FnMut(&[u8]),
) -> Result<usize, Rule> {
    let mut at = 0;
    while at < input.len() && !decoder.is_done() {
        let step = decoder.step(&input[at..])?;
        piece(&input[at..][step.payload]);
        at += step.consumed;
    }
    Ok(at)
}

/// One chunk. An empty one would end the body, so it is none.
fn push_chunk(payload: &[u8], out: &mut Vec<u8>) {
    if payload.is_empty() {
        return;
    }
    let mut size = [0; 16];
    let mut at = size.len();
    let mut rest = payload.len();
    while rest > 0 {
        at -= 1;
        size[at] = DIGITS[rest & 15];
        rest >>= 4;
    }
    out.extend_from_slice(&size[at..]);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(payload);
    out.extend_from_slice(b"\r\n");
}

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection ended before the body did")
    }
}

impl std::error::Error for Cut {}
