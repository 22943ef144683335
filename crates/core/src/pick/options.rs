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
    /// `int` or `text`.
    pub kind: &'static str,
    /// Its default, as one would write it.
    pub default: &'static str,
    /// The values a text may take; empty when any.
    pub choices: &'static [&'static str],
    /// What it does.
    pub doc: &'static str,
}

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
