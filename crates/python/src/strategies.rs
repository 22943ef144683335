//! The engine's table of strategies, as data for Python.

use evenly_core::{StrategySpec, Value, pick};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList};

use crate::errors;

/// Every strategy: name, summary, headings, whether it wants a key, and its options.
#[pyfunction]
pub fn strategies(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let all = PyList::empty(py);
    for entry in pick::strategies() {
        let line = PyDict::new(py);
        line.set_item("name", entry.name)?;
        line.set_item("summary", entry.summary())?;
        line.set_item("uses_key", entry.uses_key)?;
        line.set_item("headings", headings(py, entry.headings())?)?;
        let options = PyList::empty(py);
        for option in entry.options {
            let item = PyDict::new(py);
            item.set_item("name", option.name)?;
            item.set_item("kind", option.kind)?;
            item.set_item("default", option.default)?;
            item.set_item("choices", option.choices.to_vec())?;
            item.set_item("doc", option.doc)?;
            options.append(item)?;
        }
        line.set_item("options", options)?;
        all.append(line)?;
    }
    Ok(all)
}

/// The five headings of a strategy's file: the word before two spaces, and its lines joined.
fn headings(
    py: Python<'_>,
    lines: impl Iterator<Item = &'static str>,
) -> PyResult<Bound<'_, PyDict>> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for line in lines.skip(1).filter(|line| !line.is_empty()) {
        match line.split_once("  ") {
            Some((word, text))
                if ["Does", "Suits", "Fails", "Costs", "Promise"].contains(&word) =>
            {
                found.push((word, text.trim().to_owned()));
            }
            _ => {
                if let Some((_, text)) = found.last_mut() {
                    text.push(' ');
                    text.push_str(line.trim());
                }
            }
        }
    }
    let table = PyDict::new(py);
    for (word, text) in found {
        table.set_item(word.to_lowercase(), text)?;
    }
    Ok(table)
}

/// A table `{"name": …, option: value}` as the core wants it.
pub fn spec(table: &Bound<'_, PyDict>) -> PyResult<StrategySpec> {
    let mut spec = StrategySpec::named("");
    for (key, value) in table {
        let key: String = key.extract()?;
        if key == "name" {
            spec.name = value.extract()?;
            continue;
        }
        let value = if value.is_instance_of::<PyBool>() {
            Value::Bool(value.extract()?)
        } else if value.is_instance_of::<PyInt>() {
            Value::Int(value.extract().map_err(|_| {
                errors::invalid_strategy(
                    table.py(),
                    format!("strategy {:?}: {key} is too large", spec.name),
                )
            })?)
        } else if value.is_instance_of::<PyFloat>() {
            Value::Float(value.extract()?)
        } else {
            Value::Text(value.extract()?)
        };
        spec.options.insert(key, value);
    }
    Ok(spec)
}
