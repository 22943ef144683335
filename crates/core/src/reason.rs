//! Every exclusion, fallback and refusal has a name; this is the one table of them.

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)*) => {
        /// Why something was decided. [`Reason::name`] is what logs, metrics and errors show.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason { $($(#[$doc])* $variant,)* }

        impl Reason {
            /// Every reason there is, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name of this reason.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

reasons! {
    /// Nothing is wrong.
    Serving => "serving",
    /// The cluster has no node that may be lent.
    NoNode => "no_node",
    /// Every node that serves is at its capacity.
    AtCapacity => "at_capacity",
    /// The waiting queue is full, or so long that one's turn would come too late.
    QueueFull => "queue_full",
    /// No place came free in time.
    QueueTimeout => "queue_timeout",
    /// The retry budget is spent.
    RetryBudgetSpent => "retry_budget_spent",
    /// The work's deadline leaves no time for another try.
    DeadlinePassed => "deadline_passed",
    /// All tries that were allowed have been made.
    TriesSpent => "tries_spent",
    /// The request may have been carried out and must not be repeated.
    NotIdempotent => "not_idempotent",
    /// The request's body was not kept and cannot be sent again.
    NotReplayable => "not_replayable",
    /// Passive watching has ejected the node.
    BreakerOpen => "breaker_open",
    /// An ejected node is being tried with a single request.
    BreakerHalfOpen => "breaker_half_open",
    /// The node fails its active check.
    CheckFailed => "check_failed",
    /// The node must pass its first check before it serves.
    NotChecked => "not_checked",
    /// The administrator drains the node.
    Draining => "draining",
    /// The administrator has taken the node down.
    Down => "down",
    /// The node has just joined or come back and takes its share step by step.
    SlowStart => "slow_start",
    /// The node was already tried for this request.
    Tried => "tried",
    /// No healthy node was left, so an unhealthy one was taken.
    Panic => "panic",
    /// The connection to the node could not be made.
    ConnectFailed => "connect_failed",
    /// The connection to the node was not made in time.
    ConnectTimeout => "connect_timeout",
    /// The process had no descriptor left to connect with.
    NoDescriptor => "no_descriptor",
    /// The node closed or reset the connection before its response was complete.
    NodeReset => "node_reset",
    /// The node's response head did not come in time.
    ResponseTimeout => "response_timeout",
    /// The node answered with a status that counts as its failure.
    NodeStatus => "node_status",
    /// The client's request breaks a framing rule.
    BadRequest => "bad_request",
    /// The node's response breaks a framing rule.
    BadResponse => "bad_response",
    /// The client's request head did not come in time.
    RequestTimeout => "request_timeout",
    /// The client went away.
    ClientGone => "client_gone",
    /// The process is shutting down.
    ShuttingDown => "shutting_down",
    /// The control process is not running.
    ControlDown => "control_down",
    /// The control process did not answer in time.
    ControlTimeout => "control_timeout",
    /// The caller said that it failed.
    CallerSaid => "caller_said",
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
