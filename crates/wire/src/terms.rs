//! On which terms a message is accepted.

use crate::relaxed::Relaxed;

/// Most fields a head may have, whatever the configuration says: the size of [`Slots`](crate::Slots).
pub const MAX_FIELDS: usize = 100;
/// Longest head, whatever the configuration says: offsets into it are 16 bits wide.
pub const MAX_HEAD_BYTES: usize = u16::MAX as usize;

/// The limits and the relaxed rules of one listener or cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Longest head in bytes, its empty last line included; at most [`MAX_HEAD_BYTES`].
    pub head_bytes: usize,
    /// Most fields of a head; at most [`MAX_FIELDS`].
    pub fields: usize,
    /// The rules that are not enforced.
    pub relaxed: Relaxed,
}

impl Default for Terms {
    /// 32 KiB and 100 fields, as Envoy's edge guide has them; every rule enforced.
    fn default() -> Self {
        Self { head_bytes: 32 * 1024, fields: MAX_FIELDS, relaxed: Relaxed::NONE }
    }
}

/// What became of the bytes at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parsed<T> {
    /// Good so far, but the head is not complete.
    Partial,
    /// The whole head.
    Complete(T),
}

/// The two versions we speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
}

/// How the end of a body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// There is none, whatever the fields say (a GET without framing, HEAD, 1xx, 204, 304).
    None,
    /// Exactly so many bytes.
    Length(u64),
    /// Chunks until the last one and its trailers.
    Chunked,
    /// Until the connection ends; responses only.
    UntilClose,
}

impl Body {
    /// Whether no byte follows the head.
    pub const fn is_empty(self) -> bool {
        matches!(self, Self::None | Self::Length(0))
    }
}
