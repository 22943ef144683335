//! What is asked of decisions: why one would be made, and which were made lately.

use hyper::{Request, Response, StatusCode};

use super::reply::{self, Body, fault};
use crate::explain;
use crate::shared::Shared;

/// How many decisions are shown unless more or fewer are asked for.
const SHOWN: usize = 100;

/// `/explain?cluster=users&key=42`.
pub fn explain<B>(request: &Request<B>, shared: &Shared) -> Response<Body> {
    let query = Query::of(request);
    let Some(cluster) = query.value("cluster") else {
        return bad("say which cluster: /explain?cluster=NAME&key=KEY");
    };
    match explain::json(&shared.edition(), &cluster, query.value("key").as_deref()) {
        Some(told) => reply::json(StatusCode::OK, &told),
        None => unknown(shared, &cluster),
    }
}

/// `/decisions?cluster=users&limit=100`.
pub fn decisions<B>(request: &Request<B>, shared: &Shared) -> Response<Body> {
    let query = Query::of(request);
    let cluster = query.value("cluster");
    if let Some(name) = cluster.as_deref().filter(|name| shared.edition().cluster(name).is_none()) {
        return unknown(shared, name);
    }
    let limit = query.value("limit").map_or(Ok(SHOWN), |limit| limit.parse());
    match limit {
        Ok(limit) => reply::json(StatusCode::OK, &shared.decisions.json(cluster.as_deref(), limit)),
        Err(_) => bad("limit is no whole number: write for instance limit=100"),
    }
}

fn bad(message: &str) -> Response<Body> {
    fault(StatusCode::BAD_REQUEST, "bad_request", message)
}

fn unknown(shared: &Shared, name: &str) -> Response<Body> {
    let edition = shared.edition();
    let known: Vec<_> = edition.config.clusters.iter().map(|cluster| &*cluster.name).collect();
    let message = format!("there is no cluster {name:?}: there are {}", known.join(", "));
    fault(StatusCode::NOT_FOUND, "unknown_cluster", &message)
}

/// The part of a target behind `?`.
struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    fn of<B>(request: &'a Request<B>) -> Self {
        Self(request.uri().query().unwrap_or_default())
    }

    fn value(&self, name: &str) -> Option<String> {
        let pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(found, _)| *found == name).map(|(_, value)| decoded(value))
    }
}

/// `%2F` is `/` and `+` is a space, as browsers and curl write them.
fn decoded(text: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 2;
            }
            (b'+', ..) => out.push(b' '),
            _ => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Query, decoded};

    /// A key may hold whatever a key may hold.
    #[test]
    fn values_are_decoded() {
        assert_eq!(decoded("a%2Fb+c%20%D0%BA%zz%"), "a/b c к%zz%");
        let query = Query("cluster=users&key=a%26b=c&key=2");
        assert_eq!(query.value("key").as_deref(), Some("a&b=c"));
        assert_eq!(query.value("clust"), None);
    }
}
