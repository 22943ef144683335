//! What a run is told: the world, one strategy, and how much of it to play.

use evenly_core::{Fault, Settings, StrategySpec, Value};

use crate::arrivals::Arrivals;
use crate::keys::Keys;
use crate::read::{Fits, Table, unknown};
use crate::service::Law;
use crate::settings;
use crate::timeline;
pub use crate::timeline::{Do, Moment};

/// In which order a node serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// First come, first served.
    Fcfs,
    /// Everybody at once, each at an equal share of the speed.
    Ps,
}

/// A node of the world.
#[derive(Clone, Debug)]
pub struct NodeSpec {
    /// Its name.
    pub id: String,
    /// Its share beside the others.
    pub weight: u32,
    /// Most loans at a time, as its balancer believes; nothing: no limit.
    pub capacity: Option<u32>,
    /// Work done per second and server.
    pub speed: f64,
    /// Servers; nothing: one for every request.
    pub concurrency: Option<u32>,
    /// Requests that may wait for a server; one more is answered 503 at once. Nothing: no limit.
    pub queue_limit: Option<usize>,
    /// In which order it serves.
    pub discipline: Discipline,
    /// A law of its own.
    pub service: Option<Law>,
    /// Whether it is a member from the start.
    pub joins: bool,
}

/// Who chooses.
#[derive(Clone, Debug)]
pub enum Chooser {
    /// A strategy of the engine.
    Engine(StrategySpec),
    /// A strategy that the caller brings along, by its name.
    Custom(String),
}

impl Chooser {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Engine(spec) => &spec.name,
            Self::Custom(name) => name,
        }
    }
}

/// A whole scenario; times in seconds, rates per second.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The nodes.
    pub nodes: Vec<NodeSpec>,
    /// Who chooses.
    pub strategy: Chooser,
    /// When requests come.
    pub arrivals: Arrivals,
    /// How much work they are.
    pub service: Law,
    /// What they are hashed by.
    pub keys: Option<Keys>,
    /// One way through the network.
    pub delay: f64,
    /// Independent balancers, each with a view of its own.
    pub dispatchers: usize,
    /// How often nodes tell their load.
    pub report_every: Option<f64>,
    /// The balancers' settings.
    pub settings: Settings,
    /// How long an active check may take.
    pub check_timeout: f64,
    /// How long a try may take.
    pub timeout: Option<f64>,
    /// How many requests come.
    pub requests: Option<u64>,
    /// How long requests come.
    pub seconds: Option<f64>,
    /// The share of the run that is not counted.
    pub warmup: f64,
    /// Into how many pieces the rest is cut, to see how much the figures vary.
    pub batches: usize,
    /// What befalls the nodes.
    pub timeline: Vec<Moment>,
    /// Length of a slice of the series.
    pub series_every: Option<f64>,
    /// Which quantiles are wanted.
    pub quantiles: Vec<f64>,
    /// Whether the node of every request is wanted.
    pub trace_picks: bool,
}

impl Scenario {
    /// Reads a scenario from JSON.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let value = serde_json::from_str(text)
            .map_err(|error| Fault::new(format!("the scenario is not JSON: {error}")))?;
        let mut table = Table::new("", value)?;
        let nodes: Vec<_> =
            table.tables("nodes")?.into_iter().map(node).collect::<Result<_, _>>()?;
        if nodes.is_empty() {
            return Err(Fault::new("nodes: there is none: write at least one"));
        }
        let (settings, check_timeout) = match table.table("settings")? {
            Some(settings) => settings::read(settings)?,
            None => (Settings::default(), settings::CHECK_TIMEOUT),
        };
        let ids: Vec<&str> = nodes.iter().map(|node: &NodeSpec| &*node.id).collect();
        let timeline = timeline::read(table.tables("timeline")?, &ids)?;
        let keys = table.table("keys")?.map(Keys::read).transpose()?;
        let strategy = strategy(needed(&mut table, "strategy")?)?;
        let arrivals = Arrivals::read(needed(&mut table, "arrivals")?)?;
        let service = Law::read(needed(&mut table, "service")?)?;
        let quantiles = match table.take::<Vec<f64>>("quantiles")? {
            None => vec![0.5, 0.9, 0.95, 0.99, 0.999],
            Some(given) => given
                .into_iter()
                .map(|quantile| Fits::Share.check("quantiles", quantile))
                .collect::<Result<_, _>>()?,
        };
        let mut scenario = Self {
            nodes,
            strategy,
            arrivals,
            service,
            keys,
            delay: table.number("delay", Some(0.0), Fits::FromZero)?,
            dispatchers: table.take("dispatchers")?.unwrap_or(1),
            report_every: table.maybe("report_every", Fits::Positive)?,
            settings,
            check_timeout,
            timeout: table.maybe("timeout", Fits::Positive)?,
            requests: table.take("requests")?,
            seconds: table.maybe("seconds", Fits::Positive)?,
            warmup: table.number("warmup", Some(0.1), Fits::BelowOne)?,
            batches: table.take("batches")?.unwrap_or(32),
            timeline,
            series_every: table.maybe("series_every", Fits::Positive)?,
            quantiles,
            trace_picks: table.take("trace_picks")?.unwrap_or(false),
        };
        table.end()?;
        scenario.settle()?;
        Ok(scenario)
    }

    /// What only the whole shows.
    fn settle(&mut self) -> Result<(), Fault> {
        for (key, count) in [("dispatchers", self.dispatchers), ("batches", self.batches)] {
            if count == 0 || count > 100_000 {
                return Err(Fault::new(format!(
                    "{key} = {count} is not allowed: write a whole number from 1 to 100000"
                )));
            }
        }
        if let Arrivals::Trace { times } = &self.arrivals {
            let most = times.len() as u64;
            if self.seconds.is_none() || self.requests.is_some() {
                self.requests = Some(self.requests.map_or(most, |wanted| wanted.min(most)));
            }
        }
        if self.requests == Some(0) {
            return Err(Fault::new("requests = 0 is not allowed: write a whole number from 1"));
        }
        if self.requests.is_none() && self.seconds.is_none() {
            return Err(Fault::new("requests and seconds are both missing: write one of them"));
        }
        Ok(())
    }
}

fn needed(table: &mut Table, key: &'static str) -> Result<Table, Fault> {
    let found = table.table(key)?;
    found.ok_or_else(|| Fault::new(format!("{key} is missing: write it")))
}

fn node(mut table: Table) -> Result<NodeSpec, Fault> {
    let wanted: String = table.take("discipline")?.unwrap_or_else(|| "fcfs".into());
    let discipline = match &*wanted {
        "fcfs" => Discipline::Fcfs,
        "ps" => Discipline::Ps,
        _ => return Err(unknown(&table.path("discipline"), &wanted, &["fcfs", "ps"])),
    };
    let unlimited = table.has("concurrency");
    let concurrency = table.take("concurrency")?.or((!unlimited).then_some(1));
    if concurrency == Some(0) {
        let path = table.path("concurrency");
        return Err(Fault::new(format!(
            "{path} = 0 is not allowed: write a whole number from 1, or null for no limit"
        )));
    }
    let node = NodeSpec {
        id: table.need("id")?,
        weight: table.take("weight")?.unwrap_or(1),
        capacity: table.take("capacity")?,
        speed: table.number("speed", Some(1.0), Fits::Positive)?,
        concurrency,
        queue_limit: table.take("queue_limit")?,
        discipline,
        service: table.table("service")?.map(Law::read).transpose()?,
        joins: table.take("joins")?.unwrap_or(true),
    };
    table.end()?;
    Ok(node)
}

fn strategy(mut table: Table) -> Result<Chooser, Fault> {
    if let Some(name) = table.take("python")? {
        table.end()?;
        return Ok(Chooser::Custom(name));
    }
    let mut spec = StrategySpec::named(&table.need::<String>("name")?);
    for (key, value) in table.rest() {
        let value = match value {
            serde_json::Value::Bool(yes) => Value::Bool(yes),
            serde_json::Value::String(text) => Value::Text(text),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(whole) => Value::Int(whole),
                None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            other => {
                return Err(Fault::new(format!(
                    "strategy.{key} = {other} is not allowed: write a text, a number, true or false"
                )));
            }
        };
        spec.options.insert(key, value);
    }
    Ok(Chooser::Engine(spec))
}
