//! Our own answers are good responses, whatever they are made of.

mod support;

use evenly_wire::refusal::{self, CONTINUE, Refusal, Refused};
use evenly_wire::response::Asked;
use evenly_wire::{Body, RULES, Version};
use support::answer;

const PLAIN: Refusal<'_> =
    Refusal { status: 503, reason: "no_node", named: false, close: false, retry_after: None };

fn written(refusal: &Refusal<'_>, refused: Refused) -> String {
    let mut out = Vec::new();
    refusal::write(refusal, refused, &mut out);
    support::text(&out)
}

#[test]
fn a_refusal_says_its_reason_in_plain_text() {
    assert_eq!(
        written(&PLAIN, Refused::default()),
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 8\r\n\r\nno_node\n"
    );
}

#[test]
fn all_that_may_be_added_is_added() {
    let refusal = Refusal { named: true, close: true, retry_after: Some(2), ..PLAIN };
    assert_eq!(
        written(&refusal, Refused::default()),
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 8\r\nRetry-After: 2\r\nX-Evenly-Reason: no_node\r\nConnection: close\r\n\r\nno_node\n"
    );
}

#[test]
fn a_head_request_is_refused_without_a_body() {
    let head = Refused::by(Version::Http11, Asked { head: true, websocket: false });
    assert!(written(&PLAIN, head).ends_with("Content-Length: 8\r\n\r\n"));
}

#[test]
fn a_client_of_1_0_is_told_that_its_connection_lives_on() {
    let old = Refused::by(Version::Http10, Asked::default());
    assert!(written(&PLAIN, old).contains("\r\nConnection: keep-alive\r\n"));
    assert!(!written(&Refusal { close: true, ..PLAIN }, old).contains("keep-alive"));
}

/// RFC 9110 15.5.6.
#[test]
fn a_405_says_what_is_allowed() {
    let text = written(&Refusal { status: 405, ..PLAIN }, Refused::default());
    assert!(text.contains("\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"));
}

#[test]
fn every_refusal_is_a_good_response_of_exactly_its_length() {
    for &rule in RULES {
        let reason = format!("bad_request:{}", rule.name());
        let refusal = Refusal {
            status: rule.status(),
            reason: &reason,
            named: true,
            close: true,
            retry_after: None,
        };
        let text = written(&refusal, Refused::default());
        let read = answer(&text);
        assert_eq!((read.status, read.keep_alive), (rule.status(), false));
        assert_eq!(read.body, Body::Length((text.len() - read.len) as u64));
    }
}

#[test]
fn neither_an_odd_status_nor_an_odd_reason_breaks_the_head() {
    for status in [0, 99, 200, 304, 399, 418, 599, 600, u16::MAX] {
        let refusal = Refusal { status, reason: "a\r\nb: c\0", named: true, ..PLAIN };
        let text = written(&refusal, Refused::default());
        let read = answer(&text);
        assert!((400..600).contains(&read.status));
        assert_eq!(read.body, Body::Length((text.len() - read.len) as u64));
    }
}

#[test]
fn a_client_that_waits_is_told_to_go_on() {
    assert_eq!(answer(CONTINUE).status, 100);
}
