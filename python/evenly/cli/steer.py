"""What the commands that change a running proxy have in common: what came of it, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from evenly.cli.tables import value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evenly.cli.remote import Remote


def tell(said: dict[str, Any], done: str, *, whole: bool = False) -> None:
    """Print what came of a change; `done` says what it was, `whole` that it was a whole configuration."""
    if said["applied"]:
        click.echo(f"edition {said['edition']}: {done}")
    else:
        click.echo(f"edition {said['edition']} stays in force, it has that already: {done}")
    for line in (*(parts(said) if whole else ()), *consequences(said)):
        click.echo(f"  {line}")


def parts(said: dict[str, Any]) -> Iterator[str]:
    """Which listeners and clusters another configuration has touched."""
    for kind, fates in (
        ("listeners", ("opened", "closed")),
        ("clusters", ("added", "removed", "changed")),
    ):
        for fate in fates:
            names = (said.get(kind) or {}).get(fate)
            if names:
                yield f"{kind} {fate}: {', '.join(names)}"


def consequences(said: dict[str, Any]) -> Iterator[str]:
    """What else came of it: changes that ended, and what waits for a restart."""
    for dropped in said.get("dropped", ()):
        yield f"no longer in force: {change(dropped['change'])}: {dropped['why']}"
    for key in said.get("needs_restart") or ():
        yield f"{key} is taken at the next start only"


def change(given: dict[str, Any]) -> str:
    """A run-time change in a line."""
    of = f"cluster {given['cluster']}"
    if given["node"] is None:
        return f"{of}: {given['what']} {value(given['value'])}"
    of = f"{of}: node {given['node']}"
    if given["what"] == "node":
        return f"{of} {'removed' if given['value'] is None else 'added'}"
    return f"{of}: {given['what']} {value(given['value'])}"


def all_known(remote: Remote, cluster: str, nodes: Sequence[str]) -> None:
    """Refuse an unknown node before any of several is changed; one alone is refused by the change itself."""
    from evenly.cli.remote import node_path

    for node in nodes if len(nodes) > 1 else ():
        remote.get(node_path(cluster, node))


def set_state(remote: Remote, cluster: str, nodes: Sequence[str], state: str, done: str) -> None:
    """Give nodes a state, one after another; none of them when one is not there."""
    from evenly.cli.remote import node_path

    all_known(remote, cluster, nodes)
    for node in nodes:
        said = remote.patch(node_path(cluster, node), {"state": state})
        tell(said, f"node {node} of {cluster} {done}")
