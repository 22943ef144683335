"""Putting a new configuration in force, in turn by SIGHUP and by the API; and a bad one that must not be."""

from __future__ import annotations

import http.client
import json
import signal
from collections import Counter

from scripts.soak.changes import Document
from scripts.soak.clients import Town
from tests.integration.harness import toml
from tests.integration.harness.proxy import Proxy
from tests.integration.harness.waiting import until

BAD = 4
"""Every so many reloads one is bad."""


class Editions:
    """The configurations in force, one after the other."""

    def __init__(self, proxy: Proxy, document: Document, town: Town) -> None:
        self.proxy = proxy
        self.document = document
        self.town = town
        self.turn = 0

    def next(self) -> Counter[str]:
        """Change something and put it in force; what was done."""
        self.turn += 1
        if self.turn % BAD == 0:
            return self.refused()
        while toml.document(self.document.tables(self.proxy.tables)) == self.proxy.file.read_text():
            self.document.step()
        return self.apply("SIGHUP" if self.turn % 2 else "PUT /v1/config")

    def apply(self, way: str) -> Counter[str]:
        """Have the document as it is now put in force."""
        addresses = self.town.addresses
        if not self.document.spare_open and "spare" in addresses:
            del addresses["spare"]
            until(lambda: self.town.guests == 0, "nobody asks the spare listener")
        self.proxy.tables = self.document.tables(self.proxy.tables)
        self.proxy.save()
        before = self.edition()
        if way == "SIGHUP":
            self.proxy.signal(signal.SIGHUP)
        else:
            until(lambda: self.put(self.proxy.file.read_text()) == 200, "the change is taken")
        until(lambda: self.edition() > before, f"a new edition after {before} by {way}")
        if self.document.spare_open:
            addresses["spare"] = self.document.spare
        return Counter([f"reloads by {way}"])

    def refused(self) -> Counter[str]:
        """A text that must be answered with its faults, and change nothing."""
        good = self.proxy.file.read_text()
        why, bad = self.document.spoil(good, self.proxy.admin)
        before = self.edition()
        status = until(lambda: self.put(bad), "an answer to a bad configuration")
        assert status == 422, f"{why} was answered {status}"
        assert self.edition() == before, f"{why} has changed the edition"
        return Counter([f"refused for {why}"])

    def close_spare(self) -> None:
        """Close what was opened on the way, so that descriptors can be compared."""
        if self.document.spare_open:
            self.document.spare_open = False
            self.apply("SIGHUP")

    def edition(self) -> int:
        """The number of the configuration in force."""
        found = until(lambda: self.ask("GET", "/v1/config"), "/v1/config is answered")
        assert found is not None
        return int(json.loads(found)["edition"])

    def put(self, text: str) -> int | None:
        """Hand a whole configuration to the API; nothing while the control process is not there."""
        connection = http.client.HTTPConnection(self.proxy.admin, timeout=30)
        try:
            connection.request(
                "PUT", "/v1/config", text.encode(), {"Content-Type": "application/toml"}
            )
            answer = connection.getresponse()
            answer.read()
            return None if answer.status in (503, 504) else answer.status
        finally:
            connection.close()

    def ask(self, method: str, path: str) -> bytes | None:
        """Ask the API; nothing while the control process is not there."""
        connection = http.client.HTTPConnection(self.proxy.admin, timeout=30)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            text = answer.read()
            return text if answer.status == 200 else None
        finally:
            connection.close()
