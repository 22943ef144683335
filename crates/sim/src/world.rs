//! The world as it begins.

use std::collections::VecDeque;

use evenly_core::{Fault, Nanos, Spec};

use crate::arrivals::Source;
use crate::chance::{Purpose, Stream};
use crate::dispatcher::{Custom, Dispatcher, Woken};
use crate::events::{Agenda, Calendar, Event, NEVER};
use crate::keys::Dealer;
use crate::node::Node;
use crate::request::Requests;
use crate::run::{Counts, Run, START};
use crate::scenario::{Chooser, NodeSpec, Scenario};
use crate::series::Series;
use crate::stats::{Books, Stats};

/// What the balancers are told of a node.
pub fn spec(node: &NodeSpec) -> Spec {
    let spec = Spec::new(&node.id).weight(node.weight);
    Spec { capacity: node.capacity, ..spec }
}

/// A moment of the scenario on the clock of the run.
pub fn from_start(nanos: u64) -> u64 {
    START.saturating_add(nanos)
}

fn nanos(seconds: f64) -> u64 {
    Nanos::from_secs_f64(seconds).0
}

impl<'a> Run<'a> {
    /// The world as it begins.
    pub fn new(
        scenario: &'a Scenario,
        seed: u64,
        replication: u64,
        custom: Option<&'a dyn Custom>,
    ) -> Result<Self, Fault> {
        let stream = |purpose| Stream::of(seed, replication, purpose);
        let mut chance = stream(Purpose::Strategy);
        let dispatcher = |number| Dispatcher::new(scenario, number, custom, START, &mut chance);
        let dispatchers =
            (0..scenario.dispatchers).map(dispatcher).collect::<Result<Vec<_>, _>>()?;
        let book = |node: &NodeSpec| Books {
            picks: 0,
            ok: 0,
            failed: 0,
            answered: 0,
            took: 0,
            size: f64::from(node.capacity.unwrap_or(node.weight)),
            member: node.joins,
        };
        let mut run = Self {
            scenario,
            custom,
            now: START,
            nodes: scenario.nodes.iter().map(|node| Node::new(node, START)).collect(),
            calendar: Calendar::new(scenario.nodes.len()),
            agenda: Agenda::default(),
            requests: Requests::default(),
            dispatchers,
            joined: scenario.nodes.iter().map(|node| node.joins).collect(),
            weights: scenario.nodes.iter().map(|node| node.weight).collect(),
            source: Source::new(scenario.arrivals.clone(), stream(Purpose::Arrivals)),
            next_arrival: NEVER,
            sizes: stream(Purpose::Sizes),
            dealer: Dealer::new(scenario.keys.as_ref(), stream(Purpose::Keys))?,
            network: stream(Purpose::Network),
            delay: nanos(scenario.delay),
            timeout: scenario.timeout.map_or(NEVER, nanos),
            sent: VecDeque::new(),
            back: VecDeque::new(),
            patience: VecDeque::new(),
            queued: 0,
            woken: Woken::default(),
            ended: false,
            counts: Counts::default(),
            books: scenario.nodes.iter().map(book).collect(),
            stats: Stats::new(scenario, START),
            series: None,
            picks: scenario.trace_picks.then(Vec::new),
            bound: NEVER,
        };
        run.begin();
        Ok(run)
    }

    /// Enters what is known from the start.
    fn begin(&mut self) {
        for (index, moment) in self.scenario.timeline.iter().enumerate() {
            self.agenda.at(from_start(nanos(moment.at)), Event::Moment(index));
        }
        if self.ticks() {
            for dispatcher in 0..self.dispatchers.len() {
                self.agenda.at(START, Event::Tick(dispatcher));
            }
        }
        if self.scenario.report_every.is_some() {
            self.agenda.at(START, Event::Reports);
        }
        if let Some(every) = self.scenario.series_every {
            let series = Series::new(nanos(every).max(1), START, self.nodes.len());
            self.agenda.at(series.ends(), Event::Slice);
            self.series = Some(series);
        }
        if let Some(seconds) = self.scenario.seconds {
            self.agenda.at(from_start(nanos(seconds)), Event::End);
        }
        if self.stats.plan.timed {
            self.agenda.at(self.stats.bound().map_or(NEVER, from_start), Event::Bound);
        } else {
            self.bound = self.stats.bound().unwrap_or(NEVER);
        }
        for _ in 0..self.source.clients().unwrap_or(0) {
            let think = self.source.think();
            self.agenda.at(from_start(think), Event::Client);
        }
        self.next_arrival = self.source.next().map_or(NEVER, from_start);
        self.ended = self.next_arrival == NEVER && self.source.clients().is_none();
    }

    /// Whether time must pass for the balancers. Not where nothing can fail, wait or be measured by the clock: there a
    /// tick changes nothing that anybody looks at, and it costs as much as several requests.
    fn ticks(&self) -> bool {
        let scenario = self.scenario;
        let limited =
            |node: &NodeSpec| node.queue_limit.is_some() || node.capacity.is_some() || !node.joins;
        self.dispatchers.iter().any(|dispatcher| dispatcher.balancer.reads_clock())
            || matches!(scenario.strategy, Chooser::Custom(_))
            || scenario.timeout.is_some()
            || !scenario.timeline.is_empty()
            || scenario.settings.check.is_some()
            || scenario.nodes.iter().any(limited)
    }
}
