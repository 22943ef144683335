//! The line before each chunk: its size, and extensions that nobody acts upon (RFC 9112 7.1.1).

use super::{Decoder, State};
use crate::rule::Rule;
use crate::scan;

impl Decoder {
    pub(super) fn start_size_line(&mut self) -> State {
        self.left = 0;
        self.digits = 0;
        self.line = 0;
        State::Size
    }

    pub(super) fn end_size_line(&mut self) -> State {
        if self.left > 0 {
            return State::Data;
        }
        self.line = 0;
        State::Line
    }

    #[expect(clippy::match_same_arms, reason = "one line per move, in the order of the grammar")]
    pub(super) fn in_size_line(&mut self, byte: u8) -> Result<State, Rule> {
        match (self.state, byte) {
            (State::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = (byte as char).to_digit(16).unwrap_or(0);
                self.digits += 1;
                if self.digits > 16 {
                    return Err(Rule::ChunkSize);
                }
                self.left = self.left << 4 | u64::from(digit);
                Ok(State::Size)
            }
            (State::Size, _) if self.digits == 0 => Err(Rule::ChunkSize),
            (State::Size | State::SizeSpace, b' ' | b'\t') => {
                self.excuse(Rule::ChunkSize).map(|()| State::SizeSpace)
            }
            (State::Size | State::SizeSpace, b';') => Ok(self.start(State::Name)),
            (State::Size | State::SizeSpace, b'\r' | b'\n') => self.end_of_size(byte),
            (State::Size | State::SizeSpace, _) => Err(Rule::ChunkSize),
            // `;name`, `;name=token`, `;name="text"`, one after the other, with no space between.
            (State::Name | State::Value, _) if scan::is_token_byte(byte) => {
                self.element = true;
                Ok(self.state)
            }
            (State::Name, b'=') if self.element => Ok(self.start(State::Value)),
            (State::Value, b'"') if !self.element => Ok(State::Quoted),
            (State::Name | State::Value, b';') if self.element => Ok(self.start(State::Name)),
            (State::Name | State::Value, b'\r' | b'\n') if self.element => self.end_of_size(byte),
            (State::Quoted, b'"') => Ok(State::Unquoted),
            (State::Quoted, b'\\') => Ok(State::Escaped),
            (State::Quoted, b'\t' | b' '..=0x7e | 0x80..) => Ok(State::Quoted),
            (State::Escaped, b'\t' | b' '..=0x7e | 0x80..) => Ok(State::Quoted),
            (State::Unquoted, b';') => Ok(self.start(State::Name)),
            (State::Unquoted, b'\r' | b'\n') => self.end_of_size(byte),
            (state, _) => {
                self.excuse(Rule::ChunkExtension)?;
                match (state, byte) {
                    (_, b'\r' | b'\n') => self.end_of_size(byte),
                    (_, b'\t' | b' '..=0x7e | 0x80..) => Ok(State::AnyExtension),
                    _ => Err(Rule::ChunkExtension),
                }
            }
        }
    }

    fn start(&mut self, state: State) -> State {
        self.element = false;
        state
    }

    /// At the first byte of the end of a size line.
    fn end_of_size(&mut self, byte: u8) -> Result<State, Rule> {
        if byte == b'\r' {
            return Ok(State::SizeLf);
        }
        self.excuse(Rule::ChunkTerminator)?;
        Ok(self.end_size_line())
    }
}
