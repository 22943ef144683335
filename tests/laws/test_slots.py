"""Hash slots: tags keep keys together, ranges follow the list."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.keys import KEYS, hashing, members, owners

plain = st.text(st.characters(exclude_characters="{}", codec="utf-8"), min_size=1)


@given(tag=plain, before=plain, after=st.text())
def test_keys_with_the_same_tag_live_together(tag: str, before: str, after: str) -> None:
    """Only what stands between the first { and the next } is hashed."""
    balancer = hashing(dict.fromkeys("abcdefg", 1), "slots")
    assert balancer.owner(f"{before}{{{tag}}}{after}") == balancer.owner(tag)


def test_equal_nodes_share_the_slots_as_redis_cli_deals_them() -> None:
    """Three: 0-5460, 5461-10922, 10923-16383; "foo" is in slot 12182, "user:5" and "a" below."""
    balancer = hashing(dict.fromkeys("xyz", 1), "slots")
    assert balancer.owners(["foo", "bar", "hello"]) == ["z", "x", "x"]


@settings(max_examples=20)
@given(nodes=members)
def test_a_drained_nodes_keys_come_back_to_it(nodes: dict[str, int]) -> None:
    """Health never touches the ranges."""
    balancer = hashing(nodes, "slots")
    before, out = owners(balancer), next(iter(nodes))
    balancer.drain(out)
    during = owners(balancer)
    balancer.undrain(out)
    assert all(during[key] == before[key] for key in KEYS if before[key] != out)
    assert owners(balancer) == before
