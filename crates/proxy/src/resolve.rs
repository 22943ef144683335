//! Host names to addresses, and how long an answer holds.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;

/// However short an answer's time to live, a name is not asked again sooner: a zero must not become a storm.
pub const SOONEST: Duration = Duration::from_secs(1);
/// However long, it is asked again by then, so that a mistake of a long time to live heals within the hour.
pub const LATEST: Duration = Duration::from_secs(3600);
/// How soon a failed look-up is tried again.
pub const AFTER_FAILURE: Duration = Duration::from_secs(2);
/// How long one server is waited for; the system's 5 s would hold up a start for too long.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its addresses in a stable order, each once.
    pub addresses: Vec<IpAddr>,
    /// How long this holds, between [`SOONEST`] and [`LATEST`].
    pub holds: Duration,
}

/// Looks a name up: in `/etc/hosts` first, then at `server`, or at the system's servers.
///
/// A name's IPv4 addresses stand for it; its IPv6 addresses only when it has no IPv4 one. A machine with both is one
/// node, and counting it twice would give it twice its share.
///
/// Everything is read anew each time, so an edited `/etc/hosts` or `/etc/resolv.conf` counts from the next look-up on.
pub async fn look_up(host: &str, server: Option<SocketAddr>) -> Result<Found, String> {
    let fault = |what: &dyn std::fmt::Display| format!("{host} cannot be resolved: {what}");
    let mut builder = match server {
        Some(server) => {
            TokioResolver::builder_with_config(only(server), TokioRuntimeProvider::default())
        }
        None => TokioResolver::builder_tokio().map_err(|why| fault(&why))?,
    };
    let options: &mut ResolverOpts = builder.options_mut();
    // Answers are kept by whoever asks, together with their time to live.
    options.cache_size = 0;
    options.ip_strategy = LookupIpStrategy::Ipv4thenIpv6;
    options.timeout = options.timeout.min(PATIENCE);
    let resolver = builder.build().map_err(|why| fault(&why))?;
    let answer = resolver.lookup_ip(host).await.map_err(|why| match why {
        why if why.is_nx_domain() => fault(&"there is no such name"),
        why if why.is_no_records_found() => fault(&"its server knows no address"),
        why => fault(&why),
    })?;
    let mut addresses: Vec<IpAddr> = answer.iter().collect();
    addresses.sort_unstable();
    addresses.dedup();
    if addresses.is_empty() {
        return Err(fault(&"it has no address"));
    }
    let holds =
        answer.valid_until().saturating_duration_since(Instant::now()).clamp(SOONEST, LATEST);
    Ok(Found { addresses, holds })
}

/// One server, over UDP and, for what does not fit there, TCP.
fn only(server: SocketAddr) -> ResolverConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()]
        .map(|mut connection| {
            connection.port = server.port();
            connection
        })
        .to_vec();
    let server = NameServerConfig::new(server.ip(), true, connections);
    ResolverConfig::from_parts(None, Vec::new(), vec![server])
}
