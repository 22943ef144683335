//! Reading a scenario: every fault names the place, what is there, and what may be there.

use evenly_core::Fault;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A JSON object that is taken apart key by key; what is left over at the end is a fault.
pub struct Table {
    path: String,
    left: Map<String, Value>,
    known: Vec<&'static str>,
}

impl Table {
    /// The object at `path` (empty: the scenario itself).
    pub fn new(path: &str, value: Value) -> Result<Self, Fault> {
        match value {
            Value::Object(left) => Ok(Self { path: path.into(), left, known: Vec::new() }),
            other => {
                let place = if path.is_empty() { "the scenario" } else { path };
                Err(Fault::new(format!("{place}: {} is no object: write {{…}}", shown(&other))))
            }
        }
    }

    /// Where `key` stands.
    pub fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.into() } else { format!("{}.{key}", self.path) }
    }

    /// Whether `key` is written, be it null.
    pub fn has(&self, key: &str) -> bool {
        self.left.contains_key(key)
    }

    /// The value of `key` as it stands; nothing when it is absent or null.
    pub fn value(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.left.remove(key).filter(|value| !value.is_null())
    }

    /// The value of `key`; nothing when it is absent or null.
    pub fn take<T: DeserializeOwned>(&mut self, key: &'static str) -> Result<Option<T>, Fault> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let text = shown(&value);
        serde_json::from_value(value)
            .map(Some)
            .map_err(|error| Fault::new(format!("{} = {text}: {error}", self.path(key))))
    }

    /// The value of `key`, which must be there.
    pub fn need<T: DeserializeOwned>(&mut self, key: &'static str) -> Result<T, Fault> {
        let found = self.take(key)?;
        found.ok_or_else(|| Fault::new(format!("{} is missing: write it", self.path(key))))
    }

    /// A number that `fits`.
    pub fn number(
        &mut self,
        key: &'static str,
        default: Option<f64>,
        fits: Fits,
    ) -> Result<f64, Fault> {
        let number = match default {
            Some(default) => self.take(key)?.unwrap_or(default),
            None => self.need(key)?,
        };
        fits.check(&self.path(key), number)
    }

    /// A number that `fits`, or nothing.
    pub fn maybe(&mut self, key: &'static str, fits: Fits) -> Result<Option<f64>, Fault> {
        let path = self.path(key);
        self.take(key)?.map(|number| fits.check(&path, number)).transpose()
    }

    /// A list of at least one number, each of which `fits`.
    pub fn numbers(&mut self, key: &'static str, fits: Fits) -> Result<Vec<f64>, Fault> {
        let numbers: Vec<f64> = self.need(key)?;
        if numbers.is_empty() {
            return Err(Fault::new(format!("{} is empty: write at least one", self.path(key))));
        }
        for (index, number) in numbers.iter().enumerate() {
            fits.check(&format!("{}[{index}]", self.path(key)), *number)?;
        }
        Ok(numbers)
    }

    /// The objects of a list, each as a table of its own.
    pub fn tables(&mut self, key: &'static str) -> Result<Vec<Self>, Fault> {
        let values: Vec<Value> = self.take(key)?.unwrap_or_default();
        let path = self.path(key);
        let table = |(index, value)| Self::new(&format!("{path}[{index}]"), value);
        values.into_iter().enumerate().map(table).collect()
    }

    /// The object of `key` as a table of its own.
    pub fn table(&mut self, key: &'static str) -> Result<Option<Self>, Fault> {
        let path = self.path(key);
        self.value(key).map(|value| Self::new(&path, value)).transpose()
    }

    /// All other keys with their values.
    pub fn rest(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.left)
    }

    /// Nothing may be left.
    pub fn end(self) -> Result<(), Fault> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(key) => Err(Fault::new(format!(
                "{}: there is no such key: the keys here are {}",
                self.path(key),
                self.known.join(", ")
            ))),
        }
    }
}

/// What a number must be.
#[derive(Clone, Copy)]
pub enum Fits {
    /// Above 0.
    Positive,
    /// From 0.
    FromZero,
    /// From 0 to 1.
    Share,
    /// From 0 and below 1.
    BelowOne,
}

impl Fits {
    /// Hands the number on, unless it does not fit.
    pub fn check(self, path: &str, number: f64) -> Result<f64, Fault> {
        let (fits, wanted) = match self {
            Self::Positive => (number > 0.0, "a number above 0"),
            Self::FromZero => (number >= 0.0, "a number from 0"),
            Self::Share => ((0.0..=1.0).contains(&number), "a number from 0 to 1"),
            Self::BelowOne => ((0.0..1.0).contains(&number), "a number from 0, below 1"),
        };
        if fits && number.is_finite() {
            Ok(number)
        } else {
            Err(Fault::new(format!("{path} = {number} is not allowed: write {wanted}")))
        }
    }
}

/// One of several words was wanted.
pub fn unknown(path: &str, word: &str, words: &[&str]) -> Fault {
    Fault::new(format!("{path} = {word:?} is not known: write one of {}", words.join(", ")))
}

/// A value as far as it fits into a line.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(59).chain(['…']).collect() }
}
