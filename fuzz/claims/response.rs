//! What holds for every response.

use super::input::Input;
use evenly_wire::response::{self, Asked, Reply};
use evenly_wire::{Body, Parsed, Relaxed, Rule, Slots, Terms, Version};

/// What is learnt from a head, and what is written for it.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    len: usize,
    status: u16,
    reason: Vec<u8>,
    body: Body,
    keep_alive: bool,
    times: (Option<u64>, Option<u64>),
    excused: Relaxed,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    written: Vec<u8>,
    close: bool,
}

fn read(
    buf: &[u8],
    slots: &mut Slots,
    asked: Asked,
    reply: Reply,
    terms: &Terms,
) -> Result<Option<Read>, Rule> {
    let Parsed::Complete(head) = response::parse(buf, slots, asked, terms)? else {
        return Ok(None);
    };
    let mut written = Vec::new();
    let close = head.write(reply, &mut written).close;
    Ok(Some(Read {
        len: head.len,
        status: head.status,
        reason: head.reason.to_vec(),
        body: head.body,
        keep_alive: head.keep_alive,
        times: (head.keep_alive_timeout, head.retry_after),
        excused: head.excused,
        fields: head.fields().map(|(name, value)| (name.to_vec(), value.to_vec())).collect(),
        written,
        close,
    }))
}

/// Panics if a claim does not hold for the message that `data` stands for.
pub fn hold(data: &[u8]) {
    let input = Input::new(data);
    let asked = Asked { head: input.choice & 1 == 1, websocket: input.choice & 2 == 2 };
    let version = if input.choice & 4 == 4 { Version::Http10 } else { Version::Http11 };
    let reply = Reply { version, close: input.choice & 8 == 8, relaxed: input.terms.relaxed };
    let whole = read(input.message, &mut Slots::new(), asked, reply, &input.terms);
    let mut slots = Slots::new();
    let in_pieces = input
        .beginnings()
        .into_iter()
        .map(|beginning| read(beginning, &mut slots, asked, reply, &input.terms))
        .find(|result| *result != Ok(None))
        .unwrap_or(Ok(None));
    assert_eq!(in_pieces, whole, "cutting changes nothing");
    if let Ok(Some(found)) = &whole {
        assert!(found.len <= input.message.len());
        assert!(found.excused.iter().all(|rule| input.terms.relaxed.has(rule)));
        if found.excused.is_empty() {
            httparse_agrees(&input.message[..found.len], found);
        }
        what_is_written_is_good_and_means_the_same(found, asked, reply);
    }
}

/// An independent parser, more lenient than ours, finds the same fields.
fn httparse_agrees(head: &[u8], found: &Read) {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut response = httparse::Response::new(&mut headers);
    assert_eq!(response.parse(head), Ok(httparse::Status::Complete(head.len())));
    assert_eq!(response.code, Some(found.status));
    let theirs = response.headers.iter().filter(|field| !field.name.contains('_'));
    let ours = found.fields.iter().map(|(name, value)| (name.as_slice(), value.as_slice()));
    // httparse leaves tabs and spaces at the end of a value.
    assert!(ours.eq(theirs.map(|field| (field.name.as_bytes(), field.value.trim_ascii()))));
}

fn what_is_written_is_good_and_means_the_same(found: &Read, asked: Asked, reply: Reply) {
    // Lines about the connection may be added.
    if found.fields.len() > 90 || found.written.len() > 32 * 1024 {
        return;
    }
    // An operator who relaxes these wants the client to see what the node sent.
    let kept = Relaxed::of(&[Rule::Status, Rule::UnderscoreName]);
    let terms = Terms { relaxed: kept, ..Terms::default() };
    let again = read(&found.written, &mut Slots::new(), asked, reply, &terms)
        .expect("it keeps every rule")
        .expect("it is complete");
    assert_eq!(
        (again.len, again.status, &again.reason),
        (found.written.len(), found.status, &found.reason)
    );
    let old = reply.version == Version::Http10;
    let expected = match found.body {
        Body::Chunked if old => Body::UntilClose,
        Body::UntilClose if !old && !reply.close => Body::Chunked,
        body => body,
    };
    assert_eq!(again.body, expected);
    assert_eq!(again.close, found.close);
    if found.status >= 200 {
        assert_eq!(again.keep_alive, !found.close);
        // Writing is a projection: a second proxy of ours changes nothing.
        assert_eq!(
            String::from_utf8_lossy(&again.written),
            String::from_utf8_lossy(&found.written)
        );
    }
}
