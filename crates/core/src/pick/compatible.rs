//! Rings that place keys exactly as other libraries do, so that one may change over without moving a key.

use std::sync::Arc;

use crate::hash::{crc32, crc32_digest, hash64, md5};
use crate::{Fault, Member};

use super::ring::Owner;

/// With whom a ring agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compatible {
    /// Nobody: our own hash, with its seed.
    None,
    /// `uhashring.HashRing(nodes)`: the MD5 of `node-0`, `node-1`, … as one number each.
    Uhashring,
    /// `uhashring.HashRing(nodes, hash_fn="ketama")`: four points from each MD5, as libketama cuts it.
    Ketama,
    /// nginx's `hash KEY consistent`, which is Cache::Memcached::Fast's `ketama_points`: a chain of CRC-32.
    Nginx,
}

impl Compatible {
    pub const NAMES: &'static [&'static str] = &["none", "uhashring", "ketama", "nginx"];

    pub fn named(name: &str) -> Self {
        match name {
            "uhashring" => Self::Uhashring,
            "ketama" => Self::Ketama,
            "nginx" => Self::Nginx,
            _ => Self::None,
        }
    }

    /// Refuses what the other library cannot express.
    pub fn check(self, virtual_nodes: u64) -> Result<(), Fault> {
        if self == Self::Ketama && !virtual_nodes.is_multiple_of(4) {
            return Err(Fault::new(format!(
                "consistent_hash: virtual_nodes = {virtual_nodes} with compatible = \"ketama\": ketama cuts four points from \
                 each MD5, so write a multiple of 4 (uhashring's vnodes = 40 are 160 points)"
            )));
        }
        Ok(())
    }

    /// Who has how many points.
    pub fn owners(self, members: &[Member], virtual_nodes: u64) -> Vec<Owner> {
        let weights: u64 = members.iter().map(|member| u64::from(member.weight)).sum();
        let count = |weight: u64| match self {
            // Ketama deals out as many points as there would be with equal weights, rounded down.
            Self::Ketama => virtual_nodes / 4 * members.len() as u64 * weight / weights * 4,
            _ => virtual_nodes * weight,
        };
        let owner = |member: &Member| (member.state.id().clone(), count(u64::from(member.weight)));
        members.iter().map(owner).collect()
    }

    /// Says the places of a node's points.
    pub fn points(self, seed: u64, (id, count): &Owner, say: &mut dyn FnMut(u64)) {
        match self {
            Self::None => {
                let own = hash64(seed, id.as_bytes());
                (0..*count).for_each(|point| say(hash64(own, &point.to_le_bytes())));
            }
            Self::Uhashring => {
                (0..*count).for_each(|point| say(leading(md5(format!("{id}-{point}").as_bytes()))));
            }
            Self::Ketama => (0..count / 4).for_each(|digest| {
                let digest = md5(format!("{id}-{digest}").as_bytes());
                digest.chunks_exact(4).for_each(|cut| say(high(little(cut))));
            }),
            Self::Nginx => nginx_points(id, *count, say),
        }
    }

    /// Where a key is looked for: the first point at or after this place is its own.
    #[inline]
    pub fn place(self, seed: u64, key: &[u8]) -> u64 {
        match self {
            Self::None => hash64(seed, key),
            // uhashring looks for the first point *after* the key's.
            Self::Uhashring => leading(md5(key)).wrapping_add(1),
            Self::Ketama => high(little(&md5(key)[..4])) + 1,
            Self::Nginx => high(crc32(key)),
        }
    }

    /// Which of several points at one place comes first: the node listed last overwrites in uhashring's dictionary;
    /// nginx keeps the first. Ours does not depend on the list.
    pub fn rank(self, members: &[Member], index: usize) -> (usize, Option<Arc<str>>) {
        match self {
            Self::None | Self::Uhashring => (0, Some(members[index].state.id().clone())),
            Self::Ketama => (members.len() - index, None),
            Self::Nginx => (index, None),
        }
    }
}

/// The first 64 of MD5's 128 bits: two of some million points agree in them once in 10^6 clusters.
fn leading(digest: [u8; 16]) -> u64 {
    digest[..8].iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

fn little(cut: &[u8]) -> u32 {
    cut.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

/// Points of 32 bits stand at the upper end of ours.
fn high(point: u32) -> u64 {
    u64::from(point) << 32
}

/// crc32(HOST \0 PORT PREVIOUS), each point from the one before (`ngx_http_upstream_init_chash`).
fn nginx_points(id: &str, count: u64, say: &mut dyn FnMut(u64)) {
    let (host, port) = match id.get(..5) {
        Some(scheme) if scheme.eq_ignore_ascii_case("unix:") => (&id[5..], ""),
        _ => match id.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
            _ => (id, ""),
        },
    };
    let mut base = crc32_digest();
    base.update(host.as_bytes());
    base.update(&[0]);
    base.update(port.as_bytes());
    let mut point = 0_u32;
    for _ in 0..count {
        let mut next = base.clone();
        next.update(&point.to_le_bytes());
        point = next.finalize();
        say(high(point));
    }
}
