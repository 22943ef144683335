//! Answers of the admin listener.

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

/// A body, made here or relayed.
pub type Body = BoxBody<Bytes, hyper::Error>;

/// An answer that is there as a whole.
pub fn whole(status: StatusCode, kind: &'static str, content: String) -> Response<Body> {
    let mut answer = Response::new(Full::from(content).map_err(|never| match never {}).boxed());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

/// A line for people.
pub fn text(status: StatusCode, content: String) -> Response<Body> {
    whole(status, "text/plain; charset=utf-8", content)
}

/// A value for programs.
pub fn json(status: StatusCode, value: &Value) -> Response<Body> {
    whole(status, "application/json", format!("{value}\n"))
}

/// A refusal with its name and what to do about it.
pub fn fault(status: StatusCode, name: &str, message: &str) -> Response<Body> {
    json(status, &json!({"error": name, "message": message}))
}
