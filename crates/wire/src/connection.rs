//! What the `Connection` fields of a head say.

use crate::kind::Kind;
use crate::rule::Rule;
use crate::scan;
use crate::slots::{Slot, Slots};

/// Most names one message may list. Each is compared with each field, so there must be a bound.
const MOST_NAMES: usize = 32;

/// The options of `Connection`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Connection {
    pub close: bool,
    pub keep_alive: bool,
    pub upgrade: bool,
    /// How many other names are listed, each of which may be a field to be stripped.
    names: usize,
}

impl Connection {
    /// Takes in one `Connection` field.
    #[inline]
    pub(crate) fn read(&mut self, value: &[u8]) -> Result<(), Rule> {
        for option in value.split(|&b| b == b',') {
            let option = scan::trim(option);
            let is = |known: &str| option.eq_ignore_ascii_case(known.as_bytes());
            if is("keep-alive") {
                self.keep_alive = true;
            } else if is("close") {
                self.close = true;
            } else if is("upgrade") {
                self.upgrade = true;
            } else if !option.is_empty() {
                self.names += 1;
                if self.names > MOST_NAMES {
                    return Err(Rule::ConnectionList);
                }
            }
        }
        Ok(())
    }

    /// Whether `slot` is named by a `Connection` field and so ends here.
    #[inline]
    pub(crate) fn names(&self, slot: &Slot, slots: &Slots, buf: &[u8]) -> bool {
        self.names > 0 && lists(slot.name.of(buf), slots, buf)
    }
}

#[cold]
fn lists(name: &[u8], slots: &Slots, buf: &[u8]) -> bool {
    slots
        .all()
        .iter()
        .filter(|slot| slot.kind == Kind::Connection)
        .flat_map(|slot| slot.value.of(buf).split(|&b| b == b','))
        .any(|option| scan::trim(option).eq_ignore_ascii_case(name))
}
