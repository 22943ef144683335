"""What the tests of the proofs share: Coq, with the files compiled once."""

from __future__ import annotations

import pytest

from evenly.theory import proofs
from tests.proofs.model import Coq


@pytest.fixture(scope="session")
def coq() -> Coq:
    """Coq, which computes with the proved models."""
    return Coq(proofs.folder().parent / "target" / "proofs")
