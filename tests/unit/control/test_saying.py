"""What the control process says of actions: what each changed, why each was refused, and whose text is in force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .standin import SOURCE, Control, Standin, controlled

NODES = "/v1/clusters/users/nodes"
ODD = f"{NODES}/b%2F%C3%BC"


def newest(control: Control) -> dict[str, Any]:
    """The latest entry of the audit log."""
    entry: dict[str, Any] = control.ask("GET", "/v1/audit?limit=1")[1]["entries"][0]
    return entry


def events(control: Control) -> list[dict[str, Any]]:
    """What was told so far."""
    content = control.raw("GET", "/v1/events?follow=false")[1].decode()
    lines = content.splitlines()
    return [json.loads(line.removeprefix("data:")) for line in lines if line.startswith("data:")]


def test_an_action_is_kept_with_what_it_changed(engine: Standin, control: Control) -> None:
    """Three PATCHes of one node look alike; what they did does not."""
    control.ask("PATCH", ODD, {"weight": 5, "state": "drain"})
    assert newest(control)["did"] == [
        "cluster users: node b/ü: weight = 5",
        'cluster users: node b/ü: state = "drain"',
    ]
    control.ask("PATCH", ODD, {"weight": 2})
    assert newest(control)["did"] == ["cluster users: node b/ü: weight as the file says"]
    control.ask("POST", NODES, {"address": "10.0.0.9:80"})
    assert newest(control)["did"] == ["cluster users: node 10.0.0.9:80: added"]
    told = [event["message"] for event in events(control) if event["kind"] == "config_applied"]
    assert told[-1] == (
        "cluster users: node 10.0.0.9:80: added (admin listener): applied, edition 4 is in force"
    )


def test_a_refusal_is_kept_with_its_reason(engine: Standin, control: Control) -> None:
    """Whoever reads the log or the events later has not seen the answer."""
    control.ask("PATCH", ODD, {"weight": 0, "capacity": 0})
    why = newest(control)["message"]
    assert why.split("; ") == [
        'cluster.users.nodes."b/ü".weight: must be at least 1, not 0',
        'cluster.users.nodes."b/ü".capacity: must be at least 1, not 0',
    ]
    (told,) = [event["message"] for event in events(control) if event["kind"] == "config_refused"]
    assert told.endswith(
        "(admin listener): refused, nothing has changed: "
        'cluster.users.nodes."b/ü".weight: must be at least 1, not 0 (and 1 more)'
    )


def test_a_text_that_was_put_is_not_called_the_file(folder: Path) -> None:
    """Until the file is read again, or its own text is put."""
    file = folder.parent / "evenly.toml"
    file.write_text(SOURCE)
    with Standin(folder, file=file), controlled(folder) as control:
        assert control.ask("GET", "/v1/changes")[1]["file_in_force"] is True
        other = SOURCE.replace("weight = 2", "weight = 4")
        assert control.ask("PUT", "/v1/config", other)[0] == 200
        assert control.ask("GET", "/v1/changes")[1]["file_in_force"] is False
        control.ask("POST", "/v1/reload")
        assert control.ask("GET", "/v1/changes")[1]["file_in_force"] is True


def test_a_name_is_one_line(engine: Standin, control: Control) -> None:
    """It could begin a line of a log or a table that says something else."""
    for name in ("a\nb", "a\rb", "a\x1b[2J", "a\u2028b"):
        status, fault = control.ask("POST", NODES, {"address": "10.0.0.9:80", "id": name})
        assert (status, "line breaks" in fault["faults"][0]["what"]) == (422, True)


def test_an_empty_change_is_called_empty(engine: Standin, control: Control) -> None:
    """It is a table, but one that asks for nothing."""
    status, fault = control.ask("PATCH", ODD, {})
    assert (status, fault["message"].endswith("not an empty one")) == (422, True)
