"""Assertions kept in the configuration, tried before it is deployed.

from evenly import config
from evenly.assertions import tried

assert all(outcome.held for outcome in tried(config.load("evenly.toml")))
"""

from evenly.assertions.outcome import Finding, Outcome, Row, tried

__all__ = ["Finding", "Outcome", "Row", "tried"]
