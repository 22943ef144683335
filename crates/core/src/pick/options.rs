//! A strategy as data: a name and a table of options, the same in Python, TOML and JSON.

use std::collections::BTreeMap;

use super::StrategyEntry;
use crate::Fault;

/// The value of an option.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
    /// Yes or no.
    Bool(bool),
}

/// A strategy by name, with options.
#[derive(Clone, Debug, PartialEq)]
pub struct StrategySpec {
    /// The registered name.
    pub name: String,
    /// Options beside the name.
    pub options: BTreeMap<String, Value>,
}

impl StrategySpec {
    /// The strategy of that name with all options at their defaults.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), options: BTreeMap::new() }
    }

    /// The same with one option set.
    #[must_use]
    pub fn with(mut self, option: &str, value: Value) -> Self {
        self.options.insert(option.to_owned(), value);
        self
    }
}

/// What an option is: for checking, for the docs and for the schema.
#[derive(Debug)]
pub struct OptionEntry {
    /// Its key.
    pub name: &'static str,
    /// `int`, `float` or `text`.
    pub kind: &'static str,
    /// Its default, as one would write it.
    pub default: &'static str,
    /// The values a text may take; empty when any.
    pub choices: &'static [&'static str],
    /// What it does.
    pub doc: &'static str,
}

/// What every hash strategy is told.
pub(super) const KEY: OptionEntry = OptionEntry {
    name: "key",
    kind: "text",
    default: "client_ip",
    choices: &[],
    doc: "what the proxy hashes a request by: \"header:NAME\", \"cookie:NAME\", \"query:NAME\", \"path\" or \
          \"client_ip\"; in Python the key is an argument of pick",
};

/// Options whose keys are known to be right.
pub struct Options<'a> {
    spec: &'a StrategySpec,
}

impl<'a> Options<'a> {
    pub(super) fn checked(spec: &'a StrategySpec, entry: &StrategyEntry) -> Result<Self, Fault> {
        for key in spec.options.keys() {
            if !entry.options.iter().any(|option| option.name == key) {
                let known: Vec<_> = entry.options.iter().map(|option| option.name).collect();
                let known = if known.is_empty() {
                    "it has none".into()
                } else {
                    format!("it has {}", known.join(", "))
                };
                return Err(Fault::new(format!(
                    "strategy {:?} has no option {key:?}: {known}",
                    spec.name
                )));
            }
        }
        Ok(Self { spec })
    }

    /// A text option.
    pub fn text(&self, key: &str, default: &str) -> Result<String, Fault> {
        match self.spec.options.get(key) {
            None => Ok(default.to_owned()),
            Some(Value::Text(text)) => Ok(text.clone()),
            Some(other) => Err(self.wrong(key, other, "a text")),
        }
    }

    /// A whole number within `range`.
    pub fn int(
        &self,
        key: &str,
        default: i64,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<i64, Fault> {
        match self.spec.options.get(key) {
            None => Ok(default),
            Some(Value::Int(number)) if range.contains(number) => Ok(*number),
            Some(other) => {
                let wanted = format!("a whole number from {} to {}", range.start(), range.end());
                Err(self.wrong(key, other, &wanted))
            }
        }
    }

    /// A number that `allowed` likes; a whole one will do.
    pub fn float(
        &self,
        key: &str,
        default: f64,
        wanted: &str,
        allowed: impl Fn(f64) -> bool,
    ) -> Result<f64, Fault> {
        match self.spec.options.get(key) {
            None => Ok(default),
            Some(Value::Float(number)) if allowed(*number) => Ok(*number),
            Some(Value::Int(number)) if allowed(*number as f64) => Ok(*number as f64),
            Some(other) => Err(self.wrong(key, other, wanted)),
        }
    }

    /// One of `choices`.
    pub fn choice(
        &self,
        key: &str,
        choices: &'static [&'static str],
        default: &'static str,
    ) -> Result<&'static str, Fault> {
        let given = self.text(key, default)?;
        choices.iter().find(|choice| **choice == given).copied().ok_or_else(|| {
            let wanted: Vec<_> = choices.iter().map(|choice| format!("{choice:?}")).collect();
            self.wrong(key, &Value::Text(given), &wanted.join(", "))
        })
    }

    fn wrong(&self, key: &str, value: &Value, wanted: &str) -> Fault {
        let shown = match value {
            Value::Int(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Text(text) => format!("{text:?}"),
            Value::Bool(yes) => yes.to_string(),
        };
        Fault::new(format!(
            "strategy {:?}: {key} = {shown} is not allowed: write {wanted}",
            self.spec.name
        ))
    }
}
