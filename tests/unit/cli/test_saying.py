"""What the commands say of what a running proxy answers."""

from __future__ import annotations

from tests.unit.cli.test_remote import answering, evenly


def test_who_lacks_the_token_is_told_where_it_goes() -> None:
    """The header that the proxy speaks of is not what one writes on a command line."""
    said = {"error": "token_required", "message": "send the header"}
    with answering((401, said)) as (address, _):
        none = evenly("nodes", "--admin", address)
        wrong = evenly("events", "--admin", address, EVENLY_ADMIN_TOKEN="old")
    assert none.exit_code == wrong.exit_code == 1
    assert none.stderr == (
        f"the proxy at {address} wants its token, and got none: "
        "put admin.token of its file into EVENLY_ADMIN_TOKEN, or name that file with --config FILE\n"
    )
    assert "and got another one" in wrong.stderr


def test_changes_say_when_the_file_is_not_in_force() -> None:
    """With no change beside it, too."""
    here = {"changes": [], "file_in_force": True}
    with answering((200, here), (200, {**here, "file_in_force": False})) as (address, _):
        file, other = (evenly("changes", "--admin", address).stdout for _ in range(2))
    assert file == "nothing was changed at run time: the file is in force as it was loaded\n"
    assert "a text that was put in the file's place is in force" in other
    assert "`evenly reload` ends it" in other


def test_the_audit_log_shows_what_was_changed_and_why_not() -> None:
    """The method and the path alone would not tell a drain from a weight."""
    entry = {"time": 0.0, "edition": 2, "by": "admin listener", "agent": None, "what": "PATCH /x"}
    entries = [
        {**entry, "result": "refused", "error": "not_found", "message": "no such node", "did": []},
        {**entry, "result": "applied", "did": ["cluster c: node n: weight = 3"]},
        {**entry, "result": "applied"},
    ]
    with answering((200, {"entries": entries})) as (address, _):
        lines = evenly("audit", "--admin", address).stdout.splitlines()[1:]
    assert [line.split("  ")[-1].strip() for line in lines] == [
        "PATCH /x: no such node",
        "cluster c: node n: weight = 3",
        "PATCH /x",
    ]


def test_a_limit_out_of_range_is_a_wrong_use() -> None:
    """Without asking anybody."""
    for command in ("audit", "decisions"):
        run = evenly(command, "--limit", "0", "--admin", "127.0.0.1:1")
        assert (run.exit_code, "1<=x<=1000" in run.stderr) == (2, True)


def test_a_file_to_put_that_is_not_there_is_told_as_elsewhere() -> None:
    """With its name first."""
    run = evenly("config", "--put", "none.toml", "--admin", "127.0.0.1:1")
    assert (run.exit_code, run.stderr) == (
        1,
        "none.toml: cannot be read: No such file or directory\n",
    )
