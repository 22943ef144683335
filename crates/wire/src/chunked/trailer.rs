//! The fields after the last chunk.

use super::{Decoder, State};
use crate::rule::Rule;
use crate::scan;

/// Longest trailer section in bytes. Trailers carry checksums and statuses, not heads.
pub const MAX_TRAILER_BYTES: usize = 8 * 1024;

/// Longest name that is compared with [`FORBIDDEN`]; a longer one is none of them.
const ROOM: usize = 20;

/// Names that a receiver which merges trailers into the head would act upon: framing, routing, authentication of the
/// hop, and where the request came from (RFC 9110 6.5.1).
const FORBIDDEN: [&str; 15] = [
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-real-ip",
];

/// The name of the trailer field being read, byte by byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    bytes: [u8; ROOM],
    length: usize,
}

impl Name {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; ROOM], length: 0 }
    }

    /// One more byte. Underscores are refused: a field may be dropped from a head, but trailers pass as they are.
    pub(super) fn push(&mut self, byte: u8) -> Result<(), Rule> {
        if !scan::is_token_byte(byte) || byte == b'_' {
            return Err(Rule::Trailer);
        }
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte.to_ascii_lowercase();
        }
        self.length += 1;
        Ok(())
    }

    /// The colon was reached.
    pub(super) fn finish(&mut self) -> Result<(), Rule> {
        let length = std::mem::take(&mut self.length);
        let known = &self.bytes[..length.min(ROOM)];
        let forbidden = length == 0
            || known.starts_with(b"x-forwarded-")
            || FORBIDDEN.iter().any(|name| name.len() == length && name.as_bytes() == known);
        if forbidden { Err(Rule::Trailer) } else { Ok(()) }
    }
}

impl Decoder {
    pub(super) fn in_trailer(&mut self, byte: u8) -> Result<State, Rule> {
        match (self.state, byte) {
            (State::Line, b'\r') => Ok(State::EndLf),
            (State::Line, b'\n') => self.excuse(Rule::ChunkTerminator).map(|()| State::Done),
            (State::TrailerLf, b'\n') => Ok(State::Line),
            (State::TrailerLf, _) => Err(Rule::Trailer),
            (State::TrailerValue, b'\r') => Ok(State::TrailerLf),
            (State::TrailerValue, b'\n') => self.excuse(Rule::Trailer).map(|()| State::Line),
            (State::TrailerValue, _) => self.excuse(Rule::Trailer).map(|()| State::TrailerValue),
            (_, b':') => {
                self.name.finish().or_else(|rule| self.excuse(rule)).map(|()| State::TrailerValue)
            }
            (_, b'\r' | b'\n') => {
                // A line without a colon.
                self.excuse(Rule::Trailer)?;
                self.name = Name::new();
                Ok(if byte == b'\r' { State::TrailerLf } else { State::Line })
            }
            _ => {
                self.name.push(byte).or_else(|rule| self.excuse(rule)).map(|()| State::TrailerName)
            }
        }
    }
}
