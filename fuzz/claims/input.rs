//! How the bytes of a fuzzer become an input: a few that choose, the rest as the message.

use evenly_wire::{Relaxed, Terms};

/// The relaxed rules, how the message is cut into pieces, and the message.
pub struct Input<'a> {
    pub terms: Terms,
    cuts: [usize; 2],
    /// Left for the target.
    pub choice: u8,
    pub message: &'a [u8],
}

impl<'a> Input<'a> {
    /// Eight bytes choose the rules and cuts; without them the message is empty.
    pub fn new(data: &'a [u8]) -> Self {
        let (choice, message) = data.split_at_checked(8).unwrap_or((&[0; 8], &[]));
        // Half of the inputs keep every rule; the others relax a set of their own.
        let relaxed = if choice[0] & 1 == 0 {
            Relaxed::NONE
        } else {
            let bits = u64::from_le_bytes([
                choice[0], choice[1], choice[2], choice[3], choice[4], 0, 0, 0,
            ]) >> 1;
            let all: Vec<_> = Relaxed::all().iter().collect();
            let some: Vec<_> = all
                .iter()
                .copied()
                .enumerate()
                .filter(|(i, _)| bits >> i & 1 == 1)
                .map(|(_, rule)| rule)
                .collect();
            Relaxed::of(&some)
        };
        let place = |byte: u8| usize::from(byte) * (message.len() + 1) / 256;
        let mut cuts = [place(choice[5]), place(choice[6])];
        cuts.sort_unstable();
        Self { terms: Terms { relaxed, ..Terms::default() }, cuts, choice: choice[7], message }
    }

    /// Ever longer beginnings of the message, the last of them all of it: byte by byte when the cuts coincide.
    pub fn beginnings(&self) -> Vec<&'a [u8]> {
        let ends: Vec<_> = if self.cuts[0] == self.cuts[1] {
            (0..=self.message.len()).collect()
        } else {
            vec![self.cuts[0], self.cuts[1], self.message.len()]
        };
        ends.into_iter().map(|end| &self.message[..end]).collect()
    }
}
