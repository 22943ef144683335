//! Writing heads: fields that pass unchanged are copied in as few pieces as possible.

use crate::relaxed::Relaxed;
use crate::rule::Rule;
use crate::slots::{Slot, Slots};

/// Rules under which a line cannot be copied as it stands.
const UNEVEN: Relaxed = Relaxed::of(&[
    Rule::BareLf,
    Rule::BareCr,
    Rule::Nul,
    Rule::ControlByte,
    Rule::ObsFold,
    Rule::SpaceBeforeColon,
    Rule::NoColon,
    Rule::EmptyName,
    Rule::BadName,
]);

/// Copies the lines of the fields that `keep` wants from the head `buf`.
#[inline]
pub(crate) fn fields(
    buf: &[u8],
    slots: &Slots,
    used: Relaxed,
    out: &mut Vec<u8>,
    mut keep: impl FnMut(&Slot) -> bool,
) {
    if used.meets(UNEVEN) {
        for slot in slots.all() {
            if keep(slot) {
                even(slot.name.of(buf), slot.value.of(buf), out);
            }
        }
        return;
    }
    // Lines that follow each other and are kept make one run.
    let mut run = None;
    for slot in slots.all() {
        let start = usize::from(slot.name.start);
        if keep(slot) {
            run.get_or_insert(start);
        } else if let Some(from) = run.take() {
            out.extend_from_slice(&buf[from..start]);
        }
    }
    if let Some(from) = run {
        out.extend_from_slice(&buf[from..buf.len() - 2]);
    }
}

/// One line, with every byte that may not stand in a value made a space (RFC 9110 5.5).
#[cold]
fn even(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend(value.iter().map(|&b| if (b < 0x20 && b != b'\t') || b == 0x7f { b' ' } else { b }));
    out.extend_from_slice(b"\r\n");
}

/// `name: number`.
pub(crate) fn number(name: &str, number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    out.extend_from_slice(b"\r\n");
}
