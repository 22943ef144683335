//! Chunked bodies (RFC 9112 7.1), checked byte by byte while they pass.

mod size_line;
mod trailer;

use std::ops::Range;

pub use trailer::MAX_TRAILER_BYTES;
use trailer::Name;

use crate::relaxed::Relaxed;
use crate::rule::Rule;
use crate::scan;

/// Longest chunk-size line without its CR LF. The longest extension in use, a signature of S3, takes some 170 bytes.
pub const MAX_LINE_BYTES: usize = 256;

/// Rules that make a verbatim copy unsafe when relaxed.
pub(crate) const CHUNK_RULES: Relaxed =
    Relaxed::of(&[Rule::ChunkSize, Rule::ChunkExtension, Rule::ChunkTerminator, Rule::Trailer]);

/// Where in the body the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the digits of a size.
    Size,
    /// After spaces behind the digits (relaxed).
    SizeSpace,
    /// In an extension of which nothing is checked (relaxed).
    AnyExtension,
    /// After `;`: in the name of an extension.
    Name,
    /// After `=`: a token or the opening quote.
    Value,
    /// Inside quotes.
    Quoted,
    /// After a backslash inside quotes.
    Escaped,
    /// After the closing quote.
    Unquoted,
    /// After the CR of a size line.
    SizeLf,
    Data,
    /// After the data of a chunk.
    DataCr,
    DataLf,
    /// At the start of a trailer line.
    Line,
    TrailerName,
    TrailerValue,
    TrailerLf,
    /// After the CR of the last, empty line.
    EndLf,
    Done,
}

/// Reads a chunked body that comes in pieces of any size.
#[derive(Debug, Clone)]
pub struct Decoder {
    state: State,
    /// Bytes left of the chunk; the size while it is read.
    left: u64,
    digits: u8,
    /// Bytes of the present size line, then of the trailers.
    line: usize,
    /// Bytes of the present element of an extension.
    element: bool,
    name: Name,
    relaxed: Relaxed,
    used: Relaxed,
}

/// What [`Decoder::step`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Bytes taken from the input, never zero unless it was empty or the body had ended.
    pub consumed: usize,
    /// Which of them are payload; at most one piece per step, possibly empty.
    pub payload: Range<usize>,
}

impl Decoder {
    /// At the start of a body.
    pub const fn new(relaxed: Relaxed) -> Self {
        Self {
            state: State::Size,
            left: 0,
            digits: 0,
            line: 0,
            element: false,
            name: Name::new(),
            relaxed,
            used: Relaxed::NONE,
        }
    }

    /// Whether the last byte of the body was read.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// The relaxed rules it was excused for.
    pub const fn excused(&self) -> Relaxed {
        self.used
    }

    /// Takes as much of `input` as belongs to the body: how many bytes. After an error nothing of it may be passed on.
    pub fn feed(&mut self, input: &[u8]) -> Result<usize, Rule> {
        let mut at = 0;
        while at < input.len() && !self.is_done() {
            at += self.step(&input[at..])?.consumed;
        }
        Ok(at)
    }

    /// Takes bytes up to the end of one piece of payload, of the input, or of the body.
    #[inline]
    pub fn step(&mut self, input: &[u8]) -> Result<Step, Rule> {
        let mut at = 0;
        while self.state != State::Data {
            if self.state == State::TrailerValue {
                at += self.skip_value(&input[at..])?;
            }
            let Some(&byte) = input.get(at) else {
                return Ok(Step { consumed: at, payload: at..at });
            };
            if self.state == State::Done {
                return Ok(Step { consumed: at, payload: at..at });
            }
            at += 1;
            self.state = self.next(byte)?;
        }
        let here = input.len() - at;
        let take = usize::try_from(self.left).map_or(here, |left| left.min(here));
        self.left -= take as u64;
        if self.left == 0 {
            self.state = State::DataCr;
        }
        Ok(Step { consumed: at + take, payload: at..at + take })
    }

    fn skip_value(&mut self, rest: &[u8]) -> Result<usize, Rule> {
        let run = scan::value_run(rest);
        self.in_trailers(run)?;
        Ok(run)
    }

    fn in_trailers(&mut self, more: usize) -> Result<(), Rule> {
        self.line += more;
        if self.line > MAX_TRAILER_BYTES { Err(Rule::TrailerTooLarge) } else { Ok(()) }
    }

    fn excuse(&mut self, rule: Rule) -> Result<(), Rule> {
        self.relaxed.excuse(rule, &mut self.used)
    }

    /// The state after one byte that is not payload.
    fn next(&mut self, byte: u8) -> Result<State, Rule> {
        match self.state {
            State::Size
            | State::SizeSpace
            | State::AnyExtension
            | State::Name
            | State::Value
            | State::Quoted
            | State::Escaped
            | State::Unquoted => {
                self.line += 1;
                // The CR may follow a line of full length.
                if self.line > MAX_LINE_BYTES + 1 {
                    return Err(Rule::ChunkExtension);
                }
                self.in_size_line(byte)
            }
            State::SizeLf if byte == b'\n' => Ok(self.end_size_line()),
            State::DataCr => match byte {
                b'\r' => Ok(State::DataLf),
                b'\n' => self.excuse(Rule::ChunkTerminator).map(|()| self.start_size_line()),
                _ => Err(Rule::ChunkTerminator),
            },
            State::DataLf if byte == b'\n' => Ok(self.start_size_line()),
            State::Line | State::TrailerName | State::TrailerValue | State::TrailerLf => {
                self.in_trailers(1)?;
                self.in_trailer(byte)
            }
            State::EndLf if byte == b'\n' => self.in_trailers(1).map(|()| State::Done),
            State::SizeLf | State::DataLf | State::EndLf | State::Data | State::Done => {
                Err(Rule::ChunkTerminator)
            }
        }
    }
}

/// Whether `buf`, the first bytes of a chunked body, holds a whole and well-formed chunk-size line. Until it does the
/// head should not be passed on.
pub fn opens_well(buf: &[u8], relaxed: Relaxed) -> Result<bool, Rule> {
    let mut decoder = Decoder::new(relaxed);
    let line = &buf[..buf.len().min(MAX_LINE_BYTES + 2)];
    decoder.step(line)?;
    Ok(matches!(
        decoder.state,
        State::Data
            | State::DataCr
            | State::Line
            | State::TrailerName
            | State::TrailerValue
            | State::TrailerLf
            | State::EndLf
            | State::Done
    ))
}
