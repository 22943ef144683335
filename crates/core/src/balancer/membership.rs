//! Who is in the cluster. A new snapshot is built aside and swapped in one store; node state stays.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::reconfigure::Knobs;
use super::{Act, Balancer, Desk};
use crate::budget::Budget;
use crate::cluster::{Cluster, Member, Spec, check_specs};
use crate::health::Admin;
use crate::pick::{self, Ground, Strategy, StrategySpec};
use crate::queue::Queue;
use crate::sync::{AtomicBool, AtomicU32, AtomicU64, Relaxed};
use crate::{Fault, Nanos, Rng, Settings, State};

/// A snapshot made ready aside, and what goes with putting it in force.
pub(super) struct Draft {
    pub cluster: Cluster,
    /// What the administrator wants of each member; `None`: what he wanted before.
    pub admin: Vec<Option<Admin>>,
    pub gone: Vec<Act>,
}

/// How many nodes a fault lists: enough to see how they are named.
const LISTED: usize = 8;

impl Balancer {
    /// A balancer over `nodes` with a registered strategy. `seed` is its chance.
    pub fn new(
        name: &str,
        nodes: Vec<Spec>,
        strategy: &StrategySpec,
        settings: Settings,
        now: Nanos,
        seed: u64,
    ) -> Result<Arc<Self>, Fault> {
        let built = pick::build(strategy)?;
        Self::begin(name, nodes, (&*built, Some(strategy.clone())), settings, now, seed)
    }

    /// The same with a strategy of one's own.
    pub fn with_strategy(
        name: &str,
        nodes: Vec<Spec>,
        strategy: &dyn Strategy,
        settings: Settings,
        now: Nanos,
        seed: u64,
    ) -> Result<Arc<Self>, Fault> {
        Self::begin(name, nodes, (strategy, None), settings, now, seed)
    }

    fn begin(
        name: &str,
        nodes: Vec<Spec>,
        (strategy, described): (&dyn Strategy, Option<StrategySpec>),
        settings: Settings,
        now: Nanos,
        seed: u64,
    ) -> Result<Arc<Self>, Fault> {
        check_specs(&nodes)?;
        if let Some(subset) = settings.subset {
            subset.check()?;
        }
        let (nodes, listed) = kept(nodes, &settings);
        let members: Vec<_> =
            nodes.into_iter().map(|spec| member(spec, None, &settings, now)).collect();
        let mut rng = Rng::seeded(seed);
        let ground =
            Ground { members: &members, hash_seed: settings.hash_seed, seed: rng.next_u64() };
        let strategy = strategy.prepare(&ground)?;
        let balancer = Self {
            name: name.into(),
            budget: Budget::new(now),
            queue: Queue::default(),
            typical_latency: AtomicU64::new(0),
            typical_report: AtomicU64::new(0),
            usual_failures: AtomicU64::new(1.0_f64.to_bits()),
            reads_clock: AtomicBool::new(strategy.reads_clock()),
            tracks: AtomicBool::new(strategy.tracks()),
            epoch: AtomicU32::new(0),
            desk: Mutex::new(Desk { rng, acts: Vec::new() }),
            editing: Mutex::new(()),
            cluster: ArcSwap::from_pointee(Cluster {
                members: Vec::new(),
                listed: None,
                strategy: pick::build(&StrategySpec::named("random"))?,
                described: None,
            }),
            knobs: Knobs::new(&settings),
            settings: ArcSwap::from_pointee(settings),
        };
        balancer.publish(Cluster { members, listed, strategy, described });
        Ok(Arc::new(balancer))
    }

    /// Puts a new snapshot in force.
    pub(super) fn publish(&self, cluster: Cluster) {
        for (index, member) in cluster.members.iter().enumerate() {
            member.state.index.store(index as u32, Relaxed);
        }
        self.reads_clock.store(cluster.strategy.reads_clock(), Relaxed);
        self.tracks.store(cluster.strategy.tracks(), Relaxed);
        let cluster = Arc::new(cluster);
        self.cluster.store(cluster.clone());
        if cluster.strategy.tracks() {
            // Places taken and given back between preparing the index and publishing it.
            for index in 0..cluster.members.len() {
                cluster.strategy.changed(&cluster.members, index);
            }
        }
    }

    /// Changes the membership in one step: all of `change` or, when it leaves a faulty list, none of it.
    pub fn edit(
        self: &Arc<Self>,
        now: Nanos,
        change: impl FnOnce(&mut Vec<Spec>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.rework(now, true, change)
    }

    /// The same while the cluster comes together, so that nobody starts slowly: names that are resolved one after
    /// the other at a start are all new, whoever is first.
    pub fn gather(
        self: &Arc<Self>,
        now: Nanos,
        change: impl FnOnce(&mut Vec<Spec>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.rework(now, false, change)
    }

    fn rework(
        self: &Arc<Self>,
        now: Nanos,
        slowly: bool,
        change: impl FnOnce(&mut Vec<Spec>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let editing = self.editing.lock();
        let before = self.cluster.load_full();
        let mut specs = listed(&before);
        change(&mut specs)?;
        let strategy = (&*before.strategy, before.described.clone());
        let draft = self.draft(&before, specs, strategy, &self.settings.load(), slowly, now)?;
        for (member, admin) in draft.cluster.members.iter().zip(draft.admin) {
            if let Some(admin) = admin {
                member.state.amend(|facts| facts.admin = admin);
            }
        }
        self.publish(draft.cluster);
        self.desk.lock().acts.extend(draft.gone);
        // Whoever is woken may change the membership in turn.
        drop(editing);
        self.serve(now);
        Ok(())
    }

    /// Makes a snapshot ready aside; nothing is to be seen of it before it is [published](Self::publish).
    pub(super) fn draft(
        &self,
        before: &Cluster,
        specs: Vec<Spec>,
        (strategy, described): (&dyn Strategy, Option<StrategySpec>),
        settings: &Settings,
        slowly: bool,
        now: Nanos,
    ) -> Result<Draft, Fault> {
        check_specs(&specs)?;
        let (specs, listed) = kept(specs, settings);
        let known: HashMap<_, _> =
            before.members.iter().map(|old| (&**old.state.id(), old)).collect();
        let known_as = |spec: &Spec| {
            known.get(&*spec.id).filter(|old| old.state.address() == &spec.address).copied()
        };
        // Nodes that all are new have nobody to lean on: then none of them starts slowly.
        let running = slowly && specs.iter().any(|spec| known_as(spec).is_some());
        let admin = specs.iter().map(|spec| spec.admin).collect();
        let members: Vec<_> = specs
            .into_iter()
            .map(|spec| {
                let old = known_as(&spec).cloned();
                let fresh = old.is_none() && running;
                let member = member(spec, old, settings, now);
                if fresh {
                    member.state.start_ramp(now, settings.slow_start);
                }
                member
            })
            .collect();
        let seed = self.desk.lock().rng.next_u64();
        let ground = Ground { members: &members, hash_seed: settings.hash_seed, seed };
        let strategy = strategy.prepare(&ground)?;
        let stays: HashSet<_> = members.iter().map(|new| Arc::as_ptr(&new.state)).collect();
        let gone = before.members.iter().filter(|old| !stays.contains(&Arc::as_ptr(&old.state)));
        let gone = gone.map(|old| Act::Close(old.state.clone())).collect();
        let cluster = Cluster { members, listed, strategy, described };
        Ok(Draft { cluster, admin, gone })
    }

    /// Puts `nodes` in place of all there are; those with the same id and address keep their state.
    pub fn replace(self: &Arc<Self>, nodes: Vec<Spec>, now: Nanos) -> Result<(), Fault> {
        self.edit(now, |specs| {
            *specs = nodes;
            Ok(())
        })
    }

    /// Adds a node.
    pub fn add(self: &Arc<Self>, node: Spec, now: Nanos) -> Result<(), Fault> {
        self.edit(now, |specs| {
            specs.push(node);
            Ok(())
        })
    }

    /// Removes a node; loans that are out go on.
    pub fn remove(self: &Arc<Self>, id: &str, now: Nanos) -> Result<(), Fault> {
        self.knows(id)?;
        self.edit(now, |specs| {
            specs.retain(|spec| &*spec.id != id);
            Ok(())
        })
    }

    /// Changes a node's weight or capacity (`Some(None)`: no limit) in place.
    pub fn update(
        self: &Arc<Self>,
        id: &str,
        weight: Option<u32>,
        capacity: Option<Option<u32>>,
        now: Nanos,
    ) -> Result<(), Fault> {
        self.knows(id)?;
        self.edit(now, |specs| {
            for spec in specs.iter_mut().filter(|spec| &*spec.id == id) {
                spec.weight = weight.unwrap_or(spec.weight);
                spec.capacity = capacity.unwrap_or(spec.capacity);
            }
            Ok(())
        })
    }

    /// Puts another strategy in force; node state stays.
    pub fn set_strategy(
        self: &Arc<Self>,
        strategy: &dyn Strategy,
        now: Nanos,
    ) -> Result<(), Fault> {
        let editing = self.editing.lock();
        let before = self.cluster.load_full();
        let seed = self.desk.lock().rng.next_u64();
        let hash_seed = self.settings.load().hash_seed;
        let ground = Ground { members: &before.members, hash_seed, seed };
        let strategy = strategy.prepare(&ground)?;
        let (members, listed) = (before.members.clone(), before.listed.clone());
        self.publish(Cluster { members, listed, strategy, described: None });
        drop(editing);
        self.serve(now);
        Ok(())
    }

    /// Sets what the administrator wants of a node.
    pub fn administer(self: &Arc<Self>, id: &str, admin: Admin, now: Nanos) -> Result<(), Fault> {
        let editing = self.editing.lock();
        let state = self.find(id)?;
        state.amend(|facts| facts.admin = admin);
        drop(editing);
        self.changed(&state);
        self.serve(now);
        Ok(())
    }

    /// Takes note of the load a node tells: any number from 0.
    pub fn report(&self, id: &str, load: f64) -> Result<(), Fault> {
        if !load.is_finite() || load < 0.0 {
            return Err(Fault::new(format!(
                "load {load} of node {id:?} is not allowed: write a finite number from 0"
            )));
        }
        self.find(id)?.report(load);
        let told: Vec<f64> = self
            .cluster
            .load()
            .members
            .iter()
            .filter_map(|member| member.state.reported())
            .collect();
        let mean = told.iter().sum::<f64>() / told.len().max(1) as f64;
        self.typical_report.store(mean.to_bits(), Relaxed);
        Ok(())
    }

    /// The names of all nodes, also of those that the subset leaves out.
    pub fn ids(&self) -> Vec<Arc<str>> {
        let cluster = self.cluster.load();
        match &cluster.listed {
            Some(all) => all.iter().map(|spec| spec.id.clone()).collect(),
            None => cluster.members.iter().map(|member| member.state.id().clone()).collect(),
        }
    }

    /// Whether there is a node of that name, in the subset or not.
    pub fn knows(&self, id: &str) -> Result<(), Fault> {
        let cluster = self.cluster.load();
        let left_out = |specs: &Vec<Spec>| specs.iter().any(|spec| &*spec.id == id);
        if cluster.listed.as_ref().is_some_and(left_out) { Ok(()) } else { self.find(id).map(drop) }
    }

    /// The node of that name.
    pub fn find(&self, id: &str) -> Result<Arc<State>, Fault> {
        let cluster = self.cluster.load();
        let found = cluster.members.iter().find(|member| &**member.state.id() == id);
        found.map(|member| member.state.clone()).ok_or_else(|| {
            if cluster.listed.iter().flatten().any(|spec| &*spec.id == id) {
                return Fault::new(format!(
                    "cluster {:?} leaves node {id:?} out of this caller's subset: ask one of the callers that keep it",
                    self.name
                ));
            }
            let mut known: Vec<_> =
                cluster.members.iter().take(LISTED).map(|member| &**member.state.id()).collect();
            if known.is_empty() {
                known.push("none: add one");
            } else if cluster.members.len() > LISTED {
                known.push("…");
            }
            Fault::new(format!(
                "cluster {:?} has no node {id:?}: it has {}",
                self.name,
                known.join(", ")
            ))
        })
    }
}

/// All nodes of a snapshot, with the administrator's word for each.
fn listed(cluster: &Cluster) -> Vec<Spec> {
    let members = cluster.members.iter().map(spec);
    let Some(all) = &cluster.listed else { return members.collect() };
    let mut members: HashMap<_, _> = members.map(|spec| (spec.id.clone(), spec)).collect();
    all.iter().map(|one| members.remove(&one.id).unwrap_or_else(|| one.clone())).collect()
}

/// Those that become members, and the whole list when they are not all.
fn kept(specs: Vec<Spec>, settings: &Settings) -> (Vec<Spec>, Option<Vec<Spec>>) {
    let Some(subset) = settings.subset else { return (specs, None) };
    let ids: Vec<_> = specs.iter().map(|spec| &*spec.id).collect();
    let kept = subset.kept(&ids, settings.hash_seed);
    (kept.into_iter().map(|index| specs[index].clone()).collect(), Some(specs))
}

fn member(spec: Spec, old: Option<Member>, settings: &Settings, now: Nanos) -> Member {
    let (state, joined) = old.map_or_else(
        || {
            let state = State::new(spec.id, spec.address, settings, now);
            state.amend(|facts| facts.admin = spec.admin.unwrap_or_default());
            (Arc::new(state), now)
        },
        |old| (old.state, old.joined),
    );
    Member { state, weight: spec.weight, capacity: spec.capacity.unwrap_or(0), joined }
}

fn spec(member: &Member) -> Spec {
    Spec {
        id: member.state.id().clone(),
        address: member.state.address().clone(),
        weight: member.weight,
        capacity: (member.capacity > 0).then_some(member.capacity),
        admin: Some(member.state.facts.lock().admin),
    }
}
