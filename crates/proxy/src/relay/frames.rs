//! Where WebSocket frames begin and end (RFC 6455 5.2), so that a close frame can be put between two of them.

/// "Going away": what a stopping server says (RFC 6455 7.4.1).
const GOING_AWAY: [u8; 2] = 1001_u16.to_be_bytes();

/// Follows the frames of one direction without keeping them.
#[derive(Debug, Default)]
pub struct Frames {
    head: [u8; 10],
    have: u8,
    /// Bytes of the masking key and the payload that are still to come.
    left: u64,
}

impl Frames {
    /// Takes note of bytes that pass.
    pub fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let skipped = self.left.min(bytes.len() as u64);
            self.left -= skipped;
            bytes = &bytes[skipped as usize..];
            let Some((&byte, rest)) = bytes.split_first() else { return };
            if self.left > 0 {
                return;
            }
            self.head[usize::from(self.have)] = byte;
            self.have += 1;
            bytes = rest;
            if let Some(left) = self.length() {
                self.left = left;
                self.have = 0;
            }
        }
    }

    /// Whether the next byte would begin a frame.
    pub fn between(&self) -> bool {
        self.have == 0 && self.left == 0
    }

    /// What follows the length field, once that has been read.
    fn length(&self) -> Option<u64> {
        let have = usize::from(self.have);
        let short = *self.head.get(1).filter(|_| have >= 2)?;
        let key = if short & 0x80 == 0 { 0 } else { 4 };
        let wide = match short & 0x7f {
            126 => 2,
            127 => 8,
            length => return Some(u64::from(length) + key),
        };
        let digits = self.head[2..have].get(..wide)?;
        Some(
            digits
                .iter()
                .fold(0_u64, |sum, &digit| sum << 8 | u64::from(digit))
                .saturating_add(key),
        )
    }
}

/// The close frame that a client gets.
pub fn close_for_client() -> Vec<u8> {
    vec![0x88, 2, GOING_AWAY[0], GOING_AWAY[1]]
}

/// The close frame that a node gets: what clients send is masked.
pub fn close_for_node(key: [u8; 4]) -> Vec<u8> {
    vec![0x88, 0x82, key[0], key[1], key[2], key[3], GOING_AWAY[0] ^ key[0], GOING_AWAY[1] ^ key[1]]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(payload: usize, masked: bool) -> Vec<u8> {
        let mask = if masked { 0x80 } else { 0 };
        let mut bytes = vec![0x82];
        match payload {
            0..0x7e => bytes.push(mask | payload as u8),
            0x7e..0x1_0000 => {
                bytes.push(mask | 0x7e);
                bytes.extend((payload as u16).to_be_bytes());
            }
            _ => {
                bytes.push(mask | 0x7f);
                bytes.extend((payload as u64).to_be_bytes());
            }
        }
        bytes.extend(std::iter::repeat_n(0x88, payload + if masked { 4 } else { 0 }));
        bytes
    }

    /// However the bytes are cut, a boundary is seen after each frame and nowhere else.
    #[test]
    fn boundaries_do_not_depend_on_how_bytes_arrive() {
        for payload in [0, 1, 125, 126, 65535, 65536] {
            for masked in [false, true] {
                let bytes = frame(payload, masked);
                for step in [1, 2, 3, 7, bytes.len()] {
                    let mut frames = Frames::default();
                    for (i, piece) in bytes.chunks(step).enumerate() {
                        assert!(i == 0 || !frames.between(), "inside a frame of {payload} bytes");
                        frames.follow(piece);
                    }
                    assert!(frames.between(), "after a frame of {payload} bytes");
                }
            }
        }
    }

    /// A close frame is itself one whole frame, and says 1001 once unmasked.
    #[test]
    fn a_close_frame_says_going_away() {
        let key = [1, 2, 3, 4];
        let masked = close_for_node(key);
        assert_eq!([masked[6] ^ key[0], masked[7] ^ key[1]], GOING_AWAY);
        for bytes in [masked, close_for_client()] {
            let mut frames = Frames::default();
            frames.follow(&bytes);
            assert!(frames.between());
        }
    }
}
