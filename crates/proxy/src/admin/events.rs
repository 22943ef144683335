//! `/events`: what happens from now on, one JSON object a line, for as long as somebody reads.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body_util::BodyExt;
use hyper::body::{Body as Streamed, Bytes, Frame};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::reply::Body;
use crate::say::{self, Told};

/// An answer without an end.
pub fn stream() -> Response<Body> {
    let mut answer = Response::new(Events::new(say::listen()).boxed());
    *answer.status_mut() = StatusCode::OK;
    let kind = HeaderValue::from_static("application/x-ndjson");
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}

type Next = Pin<Box<dyn Future<Output = (Option<Told>, Receiver<Told>)> + Send + Sync>>;

/// Events of one reader. Who reads too slowly misses some and is told how many.
struct Events {
    next: Next,
}

impl Events {
    fn new(receiver: Receiver<Told>) -> Self {
        Self { next: Box::pin(next(receiver)) }
    }
}

async fn next(mut receiver: Receiver<Told>) -> (Option<Told>, Receiver<Told>) {
    let told = match receiver.recv().await {
        Ok(told) => Some(told),
        Err(RecvError::Lagged(count)) => Some(Told::lost(count)),
        Err(RecvError::Closed) => None,
    };
    (told, receiver)
}

impl Streamed for Events {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let (told, receiver) = ready!(self.next.as_mut().poll(cx));
        self.next = Box::pin(next(receiver));
        Poll::Ready(told.map(|told| Ok(Frame::data(told.line().into()))))
    }
}
