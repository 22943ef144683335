//! A circle of points, each with the member it belongs to. When the membership changes, the points that stay are merged
//! with the new ones instead of being sorted again.

use std::collections::HashMap;
use std::sync::Arc;

/// Who has how many points: by this a member is known from one ring to the next.
pub(super) type Owner = (Arc<str>, u64);

/// Stands for an owner that is there no more.
const GONE: u32 = u32::MAX;

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
        let mut points = self.merged(&moved, &new);
        let shift = 64 - points.len().next_power_of_two().trailing_zeros().max(1);
        let mut starts = Vec::with_capacity(1 << (64 - shift));
        let (mut last, mut ties) = (None, Vec::new());
        for (at, &(place, _)) in points.iter().enumerate() {
            let bits = (place >> shift) as usize;
            while starts.len() <= bits {
                starts.push(at as u32);
            }
            if last == Some(place) {
                ties.push(at);
            }
            last = Some(place);
        }
        starts.resize(1 << (64 - shift), points.len() as u32);
        for tie in ties {
            let place = points[tie].0;
            let from = points.partition_point(|point| point.0 < place);
            points[from..=tie].sort_by_key(|&(_, index)| rank(index as usize));
        }
        drop(at);
        Self { owners, points, starts, shift }
    }

    /// The points that stay, under their owners' new numbers, with the `new` ones in between; both are in order.
    fn merged(&self, moved: &[u32], new: &[(u64, u32)]) -> Vec<(u64, u32)> {
        let mut merged = Vec::with_capacity(self.points.len() + new.len());
        let same = moved.iter().enumerate().all(|(old, &now)| old as u32 == now);
        let mut done = 0;
        for &point in new.iter().chain(&[(u64::MAX, GONE)]) {
            let ahead = &self.points[done..];
            let until = if point.1 == GONE {
                ahead.len()
            } else {
                ahead.partition_point(|kept| kept.0 <= point.0)
            };
            done += until;
            if same {
                merged.extend_from_slice(&ahead[..until]);
            } else {
                let kept = ahead[..until].iter().map(|&(place, old)| (place, moved[old as usize]));
                merged.extend(kept.filter(|&(_, index)| index != GONE));
            }
            if point.1 != GONE {
                merged.push(point);
            }
        }
        merged
    }

    /// The member of the first point at or after `place`, and how to go on from there.
    #[inline]
    pub fn at(&self, place: u64) -> Option<(usize, usize)> {
        let mut at = self.starts[(place >> self.shift) as usize] as usize;
        while self.points.get(at).is_some_and(|&(point, _)| point < place) {
            at += 1;
        }
        let point = self.points.get(at).or_else(|| self.points.first())?;
        Some((point.1 as usize, at))
    }

    /// The members clockwise from a point on, each as often as it has points.
    pub fn clockwise(&self, from: usize) -> impl Iterator<Item = usize> {
        let (past, ahead) = self.points.split_at(from);
        ahead.iter().chain(past).map(|&(_, index)| index as usize)
    }
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
