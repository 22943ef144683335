//! Every limit: what just fits is read, one more is refused.

mod support;

use std::fmt::Write as _;

use evenly_wire::{Body, MAX_FIELDS, MAX_HEAD_BYTES, Parsed, Rule, Slots, Terms, request};
use support::good;

fn read(text: &str, terms: &Terms) -> Result<bool, Rule> {
    let mut slots = Slots::new();
    Ok(matches!(request::parse(text.as_bytes(), &mut slots, terms)?, Parsed::Complete(_)))
}

/// A head of exactly `length` bytes.
fn head(length: usize) -> String {
    let frame = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n";
    format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(length - frame.len()))
}

fn fields(count: usize) -> String {
    let mut text = String::from("GET / HTTP/1.1\r\nHost: a\r\n");
    for i in 1..count {
        write!(text, "X-{i}: y\r\n").expect("writing to memory cannot fail");
    }
    text + "\r\n"
}

#[test]
fn a_head_of_32_kib_fits_by_default_and_one_byte_more_does_not() {
    let terms = Terms::default();
    assert_eq!(read(&head(32 * 1024), &terms), Ok(true));
    assert_eq!(read(&head(32 * 1024 + 1), &terms), Err(Rule::HeadTooLarge));
}

#[test]
fn a_limit_beyond_what_offsets_can_hold_is_cut_to_it() {
    let terms = Terms { head_bytes: usize::MAX, fields: usize::MAX, ..Terms::default() };
    assert_eq!(read(&head(MAX_HEAD_BYTES), &terms), Ok(true));
    assert_eq!(read(&head(MAX_HEAD_BYTES + 1), &terms), Err(Rule::HeadTooLarge));
    assert_eq!(read(&fields(MAX_FIELDS), &terms), Ok(true));
    assert_eq!(read(&fields(MAX_FIELDS + 1), &terms), Err(Rule::TooManyFields));
}

/// It need not be complete to be too long.
#[test]
fn an_unfinished_head_is_refused_as_soon_as_it_fills_the_limit() {
    let terms = Terms { head_bytes: 100, ..Terms::default() };
    let long = head(1000);
    assert_eq!(read(&long[..99], &terms), Ok(false));
    assert_eq!(read(&long[..100], &terms), Err(Rule::HeadTooLarge));
    let endless = "\r\n".repeat(100);
    assert_eq!(read(&endless, &terms), Err(Rule::HeadTooLarge));
}

/// The body is not counted.
#[test]
fn a_long_body_behind_a_short_head_is_no_long_head() {
    let terms = Terms { head_bytes: 100, ..Terms::default() };
    assert_eq!(read(&format!("{}{}", head(100), "b".repeat(1000)), &terms), Ok(true));
}

#[test]
fn connection_names_32_fields_and_no_more() {
    let request = |count: usize| {
        let names: Vec<_> = (0..count).map(|i| format!("n{i}")).collect();
        format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close, {}\r\n\r\n", names.join(", "))
    };
    assert_eq!(read(&request(32), &Terms::default()), Ok(true));
    assert_eq!(read(&request(33), &Terms::default()), Err(Rule::ConnectionList));
}

/// The same room serves message after message, whatever the one before was.
#[test]
fn room_is_used_again_after_a_good_and_after_a_bad_head() {
    let mut slots = Slots::new();
    let terms = Terms::default();
    let many = fields(MAX_FIELDS);
    for _ in 0..3 {
        assert!(request::parse(many.as_bytes(), &mut slots, &terms).is_ok());
        assert!(request::parse(b"GET / HTTP/3.0\r\n\r\n", &mut slots, &terms).is_err());
        assert_eq!(
            request::parse(b"GET / HTTP/1.1\r\nHost", &mut slots, &terms).map(|_| ()),
            Ok(())
        );
        slots.reset();
        let Ok(Parsed::Complete(head)) = request::parse(
            b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n",
            &mut slots,
            &terms,
        ) else {
            panic!("it is complete")
        };
        assert_eq!((head.fields().count(), head.body), (2, Body::Length(1)));
    }
}

#[test]
fn fields_are_found_by_name_whatever_the_case() {
    let mut slots = Slots::new();
    let text = b"GET / HTTP/1.1\r\nHost: a\r\nX-User: 42\r\nx-user: 43\r\nx_user: 44\r\n\r\n";
    let Ok(Parsed::Complete(head)) = request::parse(text, &mut slots, &Terms::default()) else {
        panic!("it is complete")
    };
    assert_eq!(head.field("x-USER"), Some(b"42".as_slice()));
    assert_eq!(head.field("x_user"), None, "it is dropped");
    assert_eq!(head.field("y"), None);
    assert_eq!(head.fields().count(), 3);
    assert_eq!(good(text).len, text.len());
}
