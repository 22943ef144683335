//! What holds for every request.

use super::input::Input;
use evenly_wire::{Body, Forward, Parsed, Relaxed, Rule, Slots, Terms, request};

/// What is learnt from a head, and what is written for it.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    len: usize,
    method: Vec<u8>,
    host: Option<Vec<u8>>,
    body: Body,
    keep_alive: bool,
    expect_continue: bool,
    websocket: bool,
    excused: Relaxed,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    written: Vec<u8>,
}

fn read(buf: &[u8], slots: &mut Slots, terms: &Terms) -> Result<Option<Read>, Rule> {
    let Parsed::Complete(head) = request::parse(buf, slots, terms)? else { return Ok(None) };
    let forward = Forward::new([192, 0, 2, 7].into(), "http", "203.0.113.1:80", false);
    let mut written = Vec::new();
    head.write(&forward, terms.relaxed, &mut written);
    Ok(Some(Read {
        len: head.len,
        method: head.method.to_vec(),
        host: head.host.map(<[u8]>::to_vec),
        body: head.body,
        keep_alive: head.keep_alive,
        expect_continue: head.expect_continue,
        websocket: head.websocket,
        excused: head.excused,
        fields: head.fields().map(|(name, value)| (name.to_vec(), value.to_vec())).collect(),
        written,
    }))
}

/// Panics if a claim does not hold for the message that `data` stands for.
pub fn hold(data: &[u8]) {
    let input = Input::new(data);
    let whole = read(input.message, &mut Slots::new(), &input.terms);
    cutting_changes_nothing(&input, &whole);
    if let Ok(Some(found)) = &whole {
        assert!(found.len <= input.message.len());
        assert!(found.excused.iter().all(|rule| input.terms.relaxed.has(rule)));
        if found.excused.is_empty() {
            httparse_agrees(&input.message[..found.len], found);
        }
        what_is_written_is_good_and_means_the_same(found);
    }
}

fn cutting_changes_nothing(input: &Input<'_>, whole: &Result<Option<Read>, Rule>) {
    let mut slots = Slots::new();
    for beginning in input.beginnings() {
        match read(beginning, &mut slots, &input.terms) {
            Ok(None) => {}
            result => {
                assert_eq!(&result, whole);
                return;
            }
        }
    }
    assert_eq!(whole, &Ok(None));
}

/// An independent parser, more lenient than ours, finds the same fields.
fn httparse_agrees(head: &[u8], found: &Read) {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut request = httparse::Request::new(&mut headers);
    assert_eq!(request.parse(head), Ok(httparse::Status::Complete(head.len())));
    assert_eq!(request.method.map(str::as_bytes), Some(found.method.as_slice()));
    let theirs = request.headers.iter().filter(|field| !field.name.contains('_'));
    let ours = found.fields.iter().map(|(name, value)| (name.as_slice(), value.as_slice()));
    // httparse leaves tabs and spaces at the end of a value.
    assert!(ours.eq(theirs.map(|field| (field.name.as_bytes(), field.value.trim_ascii()))));
}

fn what_is_written_is_good_and_means_the_same(found: &Read) {
    // The lines about the client are added.
    if found.fields.len() > 90 || found.written.len() > 32 * 1024 {
        return;
    }
    // An operator who relaxes these wants the node to see what the client sent.
    let kept = Relaxed::of(&[
        Rule::MethodTrace,
        Rule::TransferCoding,
        Rule::UnderscoreName,
        Rule::BadHost,
    ]);
    let terms = Terms { relaxed: kept, ..Terms::default() };
    let again = read(&found.written, &mut Slots::new(), &terms)
        .expect("it keeps every rule")
        .expect("it is complete");
    assert_eq!(again.len, found.written.len());
    assert_eq!(again.method, found.method);
    assert_eq!(again.body, found.body);
    assert_eq!(again.websocket, found.websocket);
    assert!(again.keep_alive && !again.expect_continue);
    if found.host.is_some() {
        assert_eq!(again.host, found.host);
        // Writing is a projection: a second proxy of ours changes nothing.
        assert_eq!(
            String::from_utf8_lossy(&again.written),
            String::from_utf8_lossy(&found.written)
        );
    }
}
