//! Which node? One file per strategy; the table at the end is where a strategy is registered.

mod alias;
mod anchor;
mod bounded;
mod compatible;
mod consistent_hash;
mod deadline;
mod first;
mod join_idle;
mod jump;
mod least;
mod least_connections;
mod least_latency;
mod maglev;
mod options;
mod patrol;
mod power_of_two;
mod prequal;
mod probes;
mod random;
mod rendezvous;
mod ring;
mod round_robin;
mod slots;
mod tournament;
mod turns;
mod view;
mod weighted_round_robin;

pub use anchor::Anchor;
pub use consistent_hash::ConsistentHash;
pub use deadline::Deadline;
pub use first::First;
pub use join_idle::JoinIdle;
pub use jump::{Jump, jump};
pub use least_connections::LeastConnections;
pub use least_latency::LeastLatency;
pub use maglev::{Maglev, fill};
pub use options::{OptionEntry, StrategySpec, Value};
pub use power_of_two::PowerOfTwo;
pub use prequal::Prequal;
pub use random::Random;
pub use rendezvous::Rendezvous;
pub use round_robin::RoundRobin;
pub use slots::{SLOTS, Slots, slot};
pub use view::{ASKS, Key, Tried, View};
pub use weighted_round_robin::WeightedRoundRobin;

use options::Options;

use crate::{Fault, Member, Rng};

/// How often a strategy draws again when what it drew cannot be lent. With half the cluster sick, four two-node
/// draws all fail with probability (1/4)^4 = 0.4 %, inside a 1 % budget; then one scan decides.
/// Held by `four_draws_keep_the_budget`.
pub const DRAWS: u32 = 4;

/// What a strategy's tables are made of. They never depend on momentary health.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The members of the snapshot.
    pub members: &'a [Member],
    /// Key of the stable hash.
    pub hash_seed: u64,
    /// Chance for what must differ between balancers, such as where a round begins.
    pub seed: u64,
}

/// Chooses. It proposes a node that looks fit; securing it is not its business.
pub trait Strategy: Send + Sync + std::fmt::Debug {
    /// The name it is registered under.
    fn name(&self) -> &str;

    /// The same strategy with tables for another membership; what it remembers comes along.
    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault>;

    /// The index of a member that looks fit, or nothing when it found none.
    fn pick(&self, view: &View<'_>, key: Key<'_>, rng: &mut Rng) -> Option<usize>;

    /// A copy that chooses as this one would, for who only wants to know: its picks leave this one as it is. `None` for a
    /// strategy that picks leave as it is anyway.
    fn twin(&self) -> Option<Box<dyn Strategy>> {
        None
    }

    /// What the strategy compares, for each member: the less the better, and nothing for a member that it does not
    /// look at. Empty where nothing is compared.
    fn scores(&self, _view: &View<'_>, _key: Key<'_>) -> Vec<Option<f64>> {
        Vec::new()
    }

    /// A member's load or fitness has changed; only told to a strategy that [`tracks`](Self::tracks).
    fn changed(&self, _members: &[Member], _index: usize) {}

    /// Whether the strategy keeps an index that follows every change.
    fn tracks(&self) -> bool {
        false
    }

    /// Whether it looks at the clock.
    fn reads_clock(&self) -> bool {
        false
    }

    /// Whether it wants a key.
    fn uses_key(&self) -> bool {
        false
    }
}

/// One line of the table of strategies.
#[derive(Debug)]
pub struct StrategyEntry {
    /// The name in Python, TOML, metrics and docs.
    pub name: &'static str,
    /// The options it takes.
    pub options: &'static [OptionEntry],
    /// Whether it wants a key.
    pub uses_key: bool,
    source: &'static str,
    build: fn(&Options<'_>) -> Result<Box<dyn Strategy>, Fault>,
}

impl StrategyEntry {
    /// The five headings and the title, as they stand at the top of the strategy's file.
    pub fn headings(&self) -> impl Iterator<Item = &'static str> {
        self.source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim_start)
    }

    /// The title: the first line of the file.
    pub fn summary(&self) -> &'static str {
        self.headings().next().unwrap_or_default()
    }
}

macro_rules! strategies {
    ($($name:literal => $strategy:ident in $file:literal,)*) => {
        static TABLE: &[StrategyEntry] = &[$(StrategyEntry {
            name: $name,
            options: $strategy::OPTIONS,
            uses_key: $strategy::USES_KEY,
            source: include_str!($file),
            build: |options| Ok(Box::new($strategy::from_options(options)?)),
        },)*];
    };
}

// One line registers a strategy everywhere: Python and TOML names, stub, docs page, benchmark row, simulator, laws.
strategies! {
    "round_robin" => RoundRobin in "round_robin.rs",
    "weighted_round_robin" => WeightedRoundRobin in "weighted_round_robin.rs",
    "deadline" => Deadline in "deadline.rs",
    "least_connections" => LeastConnections in "least_connections.rs",
    "least_latency" => LeastLatency in "least_latency.rs",
    "join_idle" => JoinIdle in "join_idle.rs",
    "first" => First in "first.rs",
    "random" => Random in "random.rs",
    "power_of_two" => PowerOfTwo in "power_of_two.rs",
    "prequal" => Prequal in "prequal.rs",
    "consistent_hash" => ConsistentHash in "consistent_hash.rs",
    "rendezvous" => Rendezvous in "rendezvous.rs",
    "maglev" => Maglev in "maglev.rs",
    "slots" => Slots in "slots.rs",
    "jump" => Jump in "jump.rs",
    "anchor" => Anchor in "anchor.rs",
}

/// Every strategy there is.
pub fn strategies() -> &'static [StrategyEntry] {
    TABLE
}

/// The strategy that `spec` describes, without tables yet.
pub fn build(spec: &StrategySpec) -> Result<Box<dyn Strategy>, Fault> {
    let entry = TABLE.iter().find(|entry| entry.name == spec.name).ok_or_else(|| {
        let names: Vec<_> = TABLE.iter().map(|entry| entry.name).collect();
        Fault::new(format!(
            "unknown strategy {:?}: the strategies are {}",
            spec.name,
            names.join(", ")
        ))
    })?;
    (entry.build)(&Options::checked(spec, entry)?)
}
