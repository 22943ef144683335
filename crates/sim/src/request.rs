//! Requests that are out, in places that are used again: memory goes with how many are out at once.

use evenly_core::{Held, Tried};

/// One request from its arrival to its answer.
#[derive(Debug, Default)]
pub struct Request {
    /// When it came.
    pub arrived: u64,
    /// Its own random number: its work under any law.
    pub lot: u64,
    /// The number of its key.
    pub key: u64,
    /// Its place in the order of arrivals.
    pub number: u64,
    /// When its current try was sent.
    pub sent: u64,
    /// The place it holds on a node.
    pub held: Option<Held>,
    /// Where it has been.
    pub tried: Tried,
    /// The node of its current try.
    pub node: usize,
    /// The dispatcher it came to.
    pub dispatcher: usize,
    /// Tries made.
    pub made: u32,
    /// Changes with every step, so that what was meant for an earlier one is known to be stale.
    pub turn: u32,
    /// Whether it came after the warm-up.
    pub warm: bool,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Requests {
    places: Vec<Request>,
    free: Vec<u32>,
}

impl Requests {
    /// A place for a new request.
    #[inline]
    pub fn open(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.places.push(Request::default());
            (self.places.len() - 1) as u32
        })
    }

    /// The request has its answer.
    #[inline]
    pub fn close(&mut self, slot: u32) {
        let request = &mut self.places[slot as usize];
        request.turn = request.turn.wrapping_add(1);
        if !request.tried.is_empty() {
            request.tried = Tried::default();
        }
        self.free.push(slot);
    }

    /// Requests that are out.
    pub fn count(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// The places of those that are out.
    pub fn open_slots(&self) -> Vec<u32> {
        let mut out = vec![true; self.places.len()];
        self.free.iter().for_each(|&slot| out[slot as usize] = false);
        (0..self.places.len() as u32).filter(|&slot| out[slot as usize]).collect()
    }
}

impl std::ops::Index<u32> for Requests {
    type Output = Request;

    #[inline]
    fn index(&self, slot: u32) -> &Request {
        &self.places[slot as usize]
    }
}

impl std::ops::IndexMut<u32> for Requests {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut Request {
        &mut self.places[slot as usize]
    }
}
