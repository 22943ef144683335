"""`evenly explain`: where a request would go now, and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from evenly.config import Config


@click.command("explain", short_help="Say where a request would go, and why.")
@click.argument("file", default="evenly.toml")
@click.option("--cluster", metavar="NAME", help="Which cluster. Default: the only one.")
@click.option("--key", metavar="KEY", help="The request's key, for strategies that hash.")
@click.option(
    "--down", multiple=True, metavar="NODE", help="As if this node were down; more than one may be."
)
@click.option("--running", is_flag=True, help="Ask the running proxy, which FILE's [admin] tells.")
@click.option(
    "--admin",
    metavar="ADDRESS",
    help="Ask the running proxy at this admin listener, with the token in EVENLY_ADMIN_TOKEN.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def command(
    file: str,
    cluster: str | None,
    key: str | None,
    down: tuple[str, ...],
    running: bool,
    admin: str | None,
    as_json: bool,
) -> None:
    """Say where a request would go, and why: as FILE (evenly.toml) has it, or in the running proxy.

    \b
    evenly explain evenly.toml --cluster users --key 42 --down b
    evenly explain --running --cluster users --key 42

    Of a file it says what a proxy would do that has just started. Asking changes nothing.
    """
    notes: list[str] = []
    if running or admin:
        if down:
            raise click.UsageError(
                "--down is for a file: the running proxy's nodes are as they are"
            )
        found = of_proxy(file, admin, cluster, key)
    else:
        found, notes = of_file(file, cluster, key, down)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join([*lines(found), *notes]))


def of_file(
    file: str, cluster: str | None, key: str | None, down: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """What the engine says of a cluster as the file has it, and what is to be said beside it."""
    from evenly import config
    from evenly.config import standin
    from evenly.config.words import unknown

    read = config.load(file)
    name = chosen(file, list(read.cluster), cluster)
    section = read.cluster[name]
    ids = [node.name for node in section.nodes]
    for node in down:
        if node not in ids:
            raise click.UsageError(unknown("node", node, ids))
    out = {**standin.said_out(section), **dict.fromkeys(down, "down")}
    balancer = standin.balancer(section, out=out, name=name)
    found = balancer.explain(key=key).as_dict()
    named = [node.name for node in section.nodes if standin.by_name(node)]
    notes = [f"\n{', '.join(named)}: {standin.COUNTS_AS_ONE}"] if named else []
    return {**found, "candidates": _addressed(read, name, found["candidates"])}, notes


def _addressed(
    read: Config, name: str, candidates: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Candidates with the addresses of the file, also where those are host names, which nobody has looked up."""
    addresses = {node.name: node.address for node in read.cluster[name].nodes}
    return [{**one, "address": addresses.get(one["id"], one["address"])} for one in candidates]


def of_proxy(file: str, admin: str | None, cluster: str | None, key: str | None) -> dict[str, Any]:
    """What the running proxy says."""
    from evenly.cli.remote import meant

    remote = meant(None if admin else file, admin)
    if cluster is None:
        names = [one["name"] for one in remote.get("/v1/clusters")["clusters"]]
        cluster = chosen("the proxy", names, None)
    found: dict[str, Any] = remote.get(f"/v1/clusters/{quote(cluster, safe='')}/explain", key=key)
    return found


def chosen(where: str, names: Sequence[str], name: str | None) -> str:
    """The cluster that is meant: the one named, or the only one."""
    from evenly.config.words import unknown

    if name is None:
        if len(names) != 1:
            raise click.UsageError(
                f"{where} has several clusters: add --cluster {' or '.join(names)}"
            )
        return names[0]
    if name not in names:
        raise click.UsageError(unknown("cluster", name, names))
    return name


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """An explanation for people: what was asked, why it goes where it goes, and every node."""
    about = "no key" if found["key"] is None else f"key {found['key']}"
    yield f"{found['cluster']}, {about}: {found['sentence']}"
    yield ""
    yield from table(found)


def table(found: Mapping[str, Any]) -> Iterator[str]:
    """The candidates: the smaller score is the better one."""
    cells = [("node", "address", "weight", "in flight", "score", "")]
    for one in found["candidates"]:
        remark = "picked" if one["id"] == found["pick"] else ""
        if one["excluded"]:
            remark += f"{', though ' if remark else ''}{one['excluded']}"
        score = "" if one["score"] is None else f"{one['score']:.4g}"
        cells.append(
            (one["id"], one["address"], str(one["weight"]), str(one["in_flight"]), score, remark)
        )
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        texts = [cell.ljust(width) for cell, width in zip(row[:2], widths, strict=False)]
        texts += [cell.rjust(width) for cell, width in zip(row[2:5], widths[2:5], strict=True)]
        yield "  ".join([*texts, row[5]]).rstrip()
