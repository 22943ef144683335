//! A circle of points, each with the member it belongs to. When the membership changes, the points that stay are merged
//! with the new ones instead of being sorted again.

use std::collections::HashMap;
use std::sync::Arc;

/// Who has how many points: by this a member is known from one ring to the next.
pub(super) type Owner = (Arc<str>, u64);

/// The points in the order of the circle.
#[derive(Debug)]
pub(super) struct Ring {
    owners: Vec<Owner>,
    points: Vec<(u64, u32)>,
    /// Where the points with given leading bits begin: about one point an entry, so a search is a step or two.
    starts: Vec<u32>,
    shift: u32,
}

impl Ring {
    pub fn empty() -> Self {
        Self { owners: Vec::new(), points: Vec::new(), starts: vec![0], shift: 63 }
    }

    /// The ring of other owners. `points` writes an owner's places; points at one place are ordered by `rank`.
    pub fn renewed<R: Ord>(
        &self,
        owners: Vec<Owner>,
        points: impl Fn(usize, &mut dyn FnMut(u64)),
        rank: impl Fn(usize) -> R,
    ) -> Self {
        const GONE: u32 = u32::MAX;
        let at: HashMap<&str, usize> =
            owners.iter().enumerate().map(|(index, (id, _))| (&**id, index)).collect();
        let mut fresh = vec![true; owners.len()];
        let moved: Vec<u32> = self
            .owners
            .iter()
            .map(|old| match at.get(&*old.0) {
                Some(&index) if owners[index].1 == old.1 => {
                    fresh[index] = false;
                    index as u32
                }
                _ => GONE,
            })
            .collect();
        let mut new = Vec::new();
        for index in (0..owners.len()).filter(|&index| fresh[index]) {
            points(index, &mut |place| new.push((place, index as u32)));
        }
        new.sort_unstable();
        let kept = self.points.iter().map(|&(place, old)| (place, moved[old as usize]));
        let mut points = merge(kept.filter(|&(_, index)| index != GONE), &new, self.points.len());
        for run in points.chunk_by_mut(|a, b| a.0 == b.0).filter(|run| run.len() > 1) {
            run.sort_by_key(|&(_, index)| rank(index as usize));
        }
        let shift = 64 - points.len().next_power_of_two().trailing_zeros().max(1);
        let mut starts = Vec::with_capacity(1 << (64 - shift));
        for (at, &(place, _)) in points.iter().enumerate() {
            starts.resize(starts.len().max((place >> shift) as usize + 1), at as u32);
        }
        starts.resize(1 << (64 - shift), points.len() as u32);
        drop(at);
        Self { owners, points, starts, shift }
    }

    /// The members clockwise from the first point at or after `place`, each as often as it has points.
    #[inline]
    pub fn clockwise(&self, place: u64) -> impl Iterator<Item = usize> {
        let first = self.starts[(place >> self.shift) as usize] as usize;
        let before = self.points[first..].iter().take_while(|&&(point, _)| point < place).count();
        let (past, ahead) = self.points.split_at(first + before);
        ahead.iter().chain(past).map(|&(_, index)| index as usize)
    }
}

/// Both in one order; they are in order already.
fn merge(
    kept: impl Iterator<Item = (u64, u32)>,
    new: &[(u64, u32)],
    room: usize,
) -> Vec<(u64, u32)> {
    let mut merged = Vec::with_capacity(room + new.len());
    let mut new = new.iter().copied().peekable();
    for point in kept {
        while let Some(before) = new.next_if(|before| before.0 < point.0) {
            merged.push(before);
        }
        merged.push(point);
    }
    merged.extend(new);
    merged
}

#[cfg(test)]
mod tests {
    use super::{Owner, Ring};
    use crate::Rng;

    fn place(id: &str, point: u64) -> u64 {
        // Few places, so that points meet.
        crate::hash64(point, id.as_bytes()) >> 60 << 60
    }

    fn owners(dice: &mut Rng) -> Vec<Owner> {
        let mut ids: Vec<_> = (0..12).filter(|_| dice.below(2) == 0).collect();
        let len = ids.len();
        ids.rotate_left(dice.below(len));
        ids.into_iter().map(|id| (format!("n{id}").into(), 1 + dice.below(3) as u64)).collect()
    }

    fn renewed(ring: &Ring, owners: &[Owner]) -> Ring {
        let points = |index: usize, say: &mut dyn FnMut(u64)| {
            let (id, count) = &owners[index];
            (0..*count).for_each(|point| say(place(id, point)));
        };
        ring.renewed(owners.to_vec(), points, |index| owners[index].0.clone())
    }

    /// Whatever came before, joined, left or was reordered: the ring is the one that a start from nothing gives.
    #[test]
    fn a_merged_ring_is_the_ring_built_anew() {
        let mut dice = Rng::seeded(23);
        let mut ring = Ring::empty();
        for _ in 0..500 {
            let owners = owners(&mut dice);
            ring = renewed(&ring, &owners);
            let anew = renewed(&Ring::empty(), &owners);
            assert_eq!(ring.points, anew.points);
            assert_eq!((&ring.starts, ring.shift), (&anew.starts, anew.shift));
        }
    }
}
