"""The machine-checked proofs: what the files in `proofs/` say, and Coq's own word that they hold.

read(folder())   # every file, with its promises: sentence, law, engine file
"""

from evenly.theory.proofs.build import CLOSED, NoCoq, NotProved, assumptions, build, query
from evenly.theory.proofs.faults import Fault, faults
from evenly.theory.proofs.source import NoProofs, Promise, Source, folder, promises, read

__all__ = [
    "CLOSED",
    "Fault",
    "NoCoq",
    "NoProofs",
    "NotProved",
    "Promise",
    "Source",
    "assumptions",
    "build",
    "faults",
    "folder",
    "promises",
    "query",
    "read",
]
