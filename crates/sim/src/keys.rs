//! What requests are hashed by.

use std::sync::Arc;

use evenly_core::{Fault, Key};
use rand_distr::{Distribution, Zipf};

use crate::chance::Stream;
use crate::read::{Fits, Table, unknown};

/// The law of keys.
#[derive(Clone, Debug)]
pub enum Keys {
    /// Whole numbers from 1: number r with probability proportional to r^-exponent (0: all as likely).
    Zipf {
        /// How many keys there are.
        count: u64,
        /// How much the first are favoured.
        exponent: f64,
    },
    /// These, one for each request, from the start again at the end.
    Trace {
        /// The keys.
        keys: Arc<[String]>,
    },
}

impl Keys {
    pub(crate) fn read(mut table: Table) -> Result<Self, Fault> {
        let kind: String = table.need("kind")?;
        let keys = match &*kind {
            "zipf" => {
                let count: u64 = table.need("count")?;
                if count == 0 {
                    let path = table.path("count");
                    return Err(Fault::new(format!("{path} = 0 is not allowed: write one from 1")));
                }
                Self::Zipf { count, exponent: table.number("exponent", None, Fits::FromZero)? }
            }
            "trace" => {
                let keys: Vec<String> = table.need("keys")?;
                if keys.is_empty() {
                    let path = table.path("keys");
                    return Err(Fault::new(format!("{path} is empty: write at least one")));
                }
                Self::Trace { keys: keys.into() }
            }
            _ => return Err(unknown(&table.path("kind"), &kind, &["zipf", "trace"])),
        };
        table.end()?;
        Ok(keys)
    }
}

/// Draws keys. A request carries the number; the bytes are made when they are hashed.
#[derive(Debug)]
pub enum Dealer {
    None,
    Zipf(Zipf<f64>, Stream),
    Trace(Arc<[String]>, usize),
}

impl Dealer {
    pub fn new(keys: Option<&Keys>, stream: Stream) -> Result<Self, Fault> {
        Ok(match keys {
            None => Self::None,
            Some(Keys::Zipf { count, exponent }) => Self::Zipf(
                Zipf::new(*count as f64, *exponent)
                    .map_err(|error| Fault::new(format!("keys: {error}")))?,
                stream,
            ),
            Some(Keys::Trace { keys }) => Self::Trace(keys.clone(), 0),
        })
    }

    /// The number of the next request's key.
    #[inline]
    pub fn deal(&mut self) -> u64 {
        match self {
            Self::None => 0,
            Self::Zipf(law, stream) => law.sample(stream) as u64,
            Self::Trace(keys, next) => {
                let own = *next;
                *next = (own + 1) % keys.len();
                own as u64
            }
        }
    }

    /// Runs `use_it` with the key of that number: the decimal digits of a rank, the text of a trace.
    #[inline]
    pub fn with<R>(&self, number: u64, use_it: impl FnOnce(Key<'_>) -> R) -> R {
        match self {
            Self::None => use_it(Key::None),
            Self::Zipf(..) => {
                let mut digits = [0; 20];
                let mut from = digits.len();
                let mut left = number;
                while left > 0 || from == digits.len() {
                    from -= 1;
                    digits[from] = b'0' + (left % 10) as u8;
                    left /= 10;
                }
                use_it(Key::Bytes(&digits[from..]))
            }
            Self::Trace(keys, _) => use_it(Key::Bytes(keys[number as usize].as_bytes())),
        }
    }
}
