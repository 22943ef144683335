"""From a document to a configuration, or to all its faults at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from evenly.config.across import CHECKS
from evenly.config.fault import ConfigError
from evenly.config.messages import message
from evenly.config.model import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evenly.config.document import Document
    from evenly.config.fault import Fault, Loc


def check(document: Document) -> Config:
    """The typed configuration; raises `ConfigError` with every fault."""
    faults: list[Fault] = []
    config = None
    try:
        config = Config.model_validate(document.tree)
    except ValidationError as error:
        faults += _faults(document, error)
    faults += [document.fault(loc, what) for look in CHECKS for loc, what in look(document)]
    if config is None or faults:
        raise ConfigError(faults)
    return config


def _faults(document: Document, error: ValidationError) -> Iterator[Fault]:
    for detail in error.errors(include_url=False):
        # pydantic marks a fault of a table's key, rather than of its value, by a step of its own.
        loc: Loc = tuple(step for step in detail["loc"] if step != "[key]")
        yield document.fault(loc, message(detail, loc))
