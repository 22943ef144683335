//! What a pick is hashed by: text is its UTF-8, bytes are themselves, a whole number is its decimal digits.

use evenly_core::Key;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyString};

use crate::errors;

/// Runs `use_it` with the key as the core wants it.
#[inline]
pub fn with_key<R>(
    key: Option<&Bound<'_, PyAny>>,
    use_it: impl FnOnce(Key<'_>) -> R,
) -> PyResult<R> {
    let Some(key) = key else { return Ok(use_it(Key::None)) };
    if let Ok(text) = key.cast::<PyString>() {
        return Ok(use_it(Key::Bytes(text.to_str()?.as_bytes())));
    }
    if let Ok(bytes) = key.cast::<PyBytes>() {
        return Ok(use_it(Key::Bytes(bytes.as_bytes())));
    }
    if key.is_instance_of::<PyInt>() && !key.is_instance_of::<PyBool>() {
        let digits = match key.extract::<i64>() {
            Ok(number) => number.to_string(),
            Err(_) => key.call_method1("__format__", ("d",))?.extract::<String>()?,
        };
        return Ok(use_it(Key::Bytes(digits.as_bytes())));
    }
    let hint = if key.is_instance_of::<PyBool>() {
        "a yes or no is no key: write a str, bytes or an int"
    } else {
        "write a str, bytes or an int, for example key=str(user_id)"
    };
    Err(errors::invalid_key(
        key.py(),
        format!("key {} is a {}: {hint}", key.repr()?, key.get_type().name()?),
    ))
}
