"""All tests, as one package so that helpers are imported by name."""
