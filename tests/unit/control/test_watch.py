"""A watched file, and an engine that does not always answer."""

from __future__ import annotations

from pathlib import Path

from tests.integration.harness.waiting import until

from .standin import SOURCE, Standin, controlled

FILE = SOURCE.replace("[admin]", "[proxy]\nwatch = true\n\n[admin]")


def test_a_watched_file_is_not_forgotten_when_the_engine_was_silent(folder: Path) -> None:
    """Nobody has judged that text: it is handed over again, until somebody does."""
    file = folder.parent / "evenly.toml"
    file.write_text(FILE)
    with Standin(folder, source=FILE, file=file) as engine, controlled(folder) as control:
        assert control.ask("GET", "/v1")[0] == 200
        engine.silent = 2
        file.write_text(FILE.replace("weight = 2", "weight = 3"))

        def results() -> list[str]:
            entries = control.ask("GET", "/v1/audit")[1]["entries"]
            return [one["result"] for one in entries if one["by"] == "watched file"]

        until(lambda: results() == ["applied", "refused", "refused"], "it is in force")
        assert {node["weight"] for node in engine.config["clusters"][0]["nodes"]} == {1, 3}
