//! TOML read together with the places its keys stand at.
//!
//! `toml_document(text)` gives the plain values, and for every key and list item the line and column it is
//! written at, so that Python can say `evenly.toml:14` in each fault. Paths read as one would write them:
//! `cluster.users.nodes[1].weight`, a key that is not bare in quotes.

use std::ops::Range;

use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use toml_edit::{Array, Document, Item, TableLike, Value};

create_exception!(
    _engine,
    TomlError,
    PyValueError,
    "The text is not TOML. Its arguments are line, column (both from 1) and message."
);

/// Adds what this file gives to the extension module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("TomlError", module.py().get_type::<TomlError>())?;
    module.add_function(wrap_pyfunction!(toml_document, module)?)
}

/// The values of a TOML text, and the (line, column) of each of its keys and list items.
#[pyfunction]
fn toml_document<'py>(
    py: Python<'py>,
    text: &str,
) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>)> {
    let lines = Lines::of(text);
    let document = Document::parse(text).map_err(|fault| {
        let (line, column) = lines.place(fault.span().map_or(text.len(), |span| span.start));
        TomlError::new_err((line, column, fault.message().to_owned()))
    })?;
    let mut reader = Reader { py, lines, spans: PyDict::new(py) };
    let tree = reader.table("", document.as_table())?;
    Ok((tree, reader.spans))
}

/// Walks the document once; `spans` grows on the way.
struct Reader<'py, 'text> {
    py: Python<'py>,
    lines: Lines<'text>,
    spans: Bound<'py, PyDict>,
}

impl<'py> Reader<'py, '_> {
    fn table(&mut self, path: &str, table: &dyn TableLike) -> PyResult<Bound<'py, PyDict>> {
        let values = PyDict::new(self.py);
        for (name, item) in table.iter() {
            let path = below(path, name);
            let key = table.get_key_value(name).and_then(|(key, _)| key.span());
            self.mark(&path, key.or_else(|| item.span()))?;
            values.set_item(name, self.item(&path, item)?)?;
        }
        Ok(values)
    }

    fn item(&mut self, path: &str, item: &Item) -> PyResult<Bound<'py, PyAny>> {
        match item {
            Item::None => Ok(self.py.None().into_bound(self.py)),
            Item::Value(value) => self.value(path, value),
            Item::Table(table) => Ok(self.table(path, table)?.into_any()),
            Item::ArrayOfTables(tables) => {
                let list = PyList::empty(self.py);
                for (index, table) in tables.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    self.mark(&path, table.span())?;
                    list.append(self.table(&path, table)?)?;
                }
                Ok(list.into_any())
            }
        }
    }

    fn value(&mut self, path: &str, value: &Value) -> PyResult<Bound<'py, PyAny>> {
        Ok(match value {
            Value::String(text) => text.value().into_pyobject(self.py)?.into_any(),
            Value::Integer(number) => number.value().into_pyobject(self.py)?.into_any(),
            Value::Float(number) => number.value().into_pyobject(self.py)?.into_any(),
            Value::Boolean(truth) => truth.value().into_pyobject(self.py)?.to_owned().into_any(),
            // The configuration knows no dates, so their text is enough to refuse them by.
            Value::Datetime(date) => date.value().to_string().into_pyobject(self.py)?.into_any(),
            Value::Array(array) => self.array(path, array)?.into_any(),
            Value::InlineTable(table) => self.table(path, table)?.into_any(),
        })
    }

    fn array(&mut self, path: &str, array: &Array) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(self.py);
        for (index, value) in array.iter().enumerate() {
            let path = format!("{path}[{index}]");
            self.mark(&path, value.span())?;
            list.append(self.value(&path, value)?)?;
        }
        Ok(list)
    }

    fn mark(&self, path: &str, span: Option<Range<usize>>) -> PyResult<()> {
        span.map_or(Ok(()), |span| self.spans.set_item(path, self.lines.place(span.start)))
    }
}

/// The path of a key: bare if TOML lets it be, else in quotes (as `evenly.config.document` writes it too).
fn below(path: &str, name: &str) -> String {
    let bare = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let dot = if path.is_empty() { "" } else { "." };
    if bare {
        format!("{path}{dot}{name}")
    } else {
        format!("{path}{dot}\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// Where the lines of a text begin: turns a byte offset into a place people can go to.
struct Lines<'text> {
    text: &'text str,
    starts: Vec<usize>,
}

impl<'text> Lines<'text> {
    fn of(text: &'text str) -> Self {
        let after_newlines =
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(after_newlines).collect() }
    }

    /// Line and column from 1; the column counts characters, as editors do.
    fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        let column =
            self.text.get(start..offset).map_or(offset - start, |before| before.chars().count());
        (line, column + 1)
    }
}
