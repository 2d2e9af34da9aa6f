"""A node as a source, against a small node over real sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.headers import Branch
from support.node import FakeNode
from support.servers import LoopbackServer, Reply, http
from wattshift.chain.faults import Fault
from wattshift.chain.params import MAINNET, REGTEST, SIGNET
from wattshift.errors import (
    ConfigError,
    InputError,
    Malformed,
    NoData,
    Rejected,
    SourceError,
    Unavailable,
)
from wattshift.sources.core import CORE_LIMITS, CoreSource
from wattshift.sources.port import BlockRef, Heights

BRANCH = Branch(REGTEST).grow(40)
WRONG = "hunter2"
COOKIES = ("__cookie__:one", "__cookie__:two")
ONCE = replace(CORE_LIMITS, max_attempts=1)


def node(**settings: Any) -> FakeNode:
    return FakeNode(headers=BRANCH.headers, **settings)


@contextmanager
def following(fake: FakeNode, **settings: Any) -> Iterator[CoreSource]:
    given = {"user": "user", "password": "secret", "network": REGTEST, "limits": ONCE, **settings}
    with LoopbackServer(http(fake.respond)) as server:
        source = CoreSource("my node", server.url, **given)
        try:
            yield source
        finally:
            source.close()


def asked_paths(fake: FakeNode) -> list[str]:
    return [request.target.split("?")[0].split("/")[2] for request in fake.asked if request.method == "GET"]


@pytest.mark.parametrize("version", [1, 2])
def test_the_tip_is_where_the_node_says(version: int) -> None:
    with following(node(version=version, pruned_below=7)) as source:
        tip, info = source.tip(None), source.node(None)
    assert (tip.height, tip.block_hash) == (40, BRANCH.hash(40))
    assert (info.height, info.is_pruned, info.is_syncing) == (40, True, False)


@pytest.mark.parametrize("rest", ["off", "old", "new"])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("first", "count", "served"),
    [(0, 41, 41), (0, 1, 1), (17, 5, 5), (40, 1, 1), (38, 100, 3), (41, 10, 0), (1_000, 2_000, 0)],
)
def test_headers_come_the_same_by_every_way(
    rest: str, version: int, first: int, count: int, served: int
) -> None:
    with following(node(rest=rest, version=version)) as source:
        batch = source.headers(Heights(first=first, count=count))
    assert batch.first == first
    assert batch.headers == b"".join(BRANCH.headers[first : first + served])
    assert len(batch.headers) == 80 * served


def test_rest_is_used_where_it_is_on_and_needs_no_password() -> None:
    fake = node()
    with following(fake, password=WRONG) as source:
        source.headers(Heights(first=1, count=3))
    assert [request.method for request in fake.asked] == ["GET", "GET"]
    assert "authorization" not in fake.asked[0].headers


def test_rest_is_not_used_where_that_is_not_wanted() -> None:
    fake = node()
    with following(fake, use_rest=False) as source:
        source.headers(Heights(first=1, count=3))
    assert [request.method for request in fake.asked] == ["POST", "POST"]


def test_that_rest_is_off_is_found_out_once() -> None:
    fake = node(rest="off")
    with following(fake) as source:
        for _ in range(3):
            source.headers(Heights(first=1, count=3))
    assert asked_paths(fake) == ["blockhashbyheight"]


def test_asking_beyond_the_tip_does_not_make_rest_look_off() -> None:
    fake = node()
    with following(fake) as source:
        assert source.headers(Heights(first=41, count=3)).headers == b""
        source.headers(Heights(first=1, count=3))
    assert asked_paths(fake) == ["blockhashbyheight", "blockhashbyheight", "headers"]


def test_after_a_fault_the_way_is_chosen_anew() -> None:
    fake = node(rest="off")
    with following(fake) as source:
        source.headers(Heights(first=1, count=3))
        fake.is_warming_up = True
        with pytest.raises(Unavailable, match="starting"):
            source.headers(Heights(first=1, count=3))
        fake.is_warming_up, fake.rest = False, "new"
        source.headers(Heights(first=1, count=3))
    assert asked_paths(fake) == ["blockhashbyheight", "blockhashbyheight", "headers"]


def test_an_old_node_is_asked_in_the_new_spelling_once() -> None:
    fake = node(rest="old")
    with following(fake) as source:
        for _ in range(2):
            source.headers(Heights(first=1, count=3))
    targets = [request.target for request in fake.asked]
    assert [target.count("?count=3") for target in targets] == [0, 1, 0, 0, 0]
    assert targets[2] == targets[4] == f"/rest/headers/3/{fake.hash(1)}.bin"


@pytest.mark.parametrize(("first", "count"), [(-1, 1), (0, 0), (0, -5), (0, 2_001)])
def test_a_stretch_that_no_node_serves_is_the_callers_fault(first: int, count: int) -> None:
    fake = node()
    with following(fake) as source, pytest.raises(InputError):
        source.headers(Heights(first=first, count=count))
    assert fake.asked == []


def test_the_largest_question_stays_below_the_cap() -> None:
    fake = FakeNode(headers=BRANCH.headers * 49, version=1)
    assert len(fake.headers) > 2_000
    with following(fake, use_rest=False) as source:
        assert len(source.headers(Heights(first=0, count=source.max_headers)).headers) == 160_000
    assert [len(request.body) < 300_000 for request in fake.asked] == [True, True]


@pytest.mark.parametrize("followed", [REGTEST, SIGNET])
def test_a_node_of_another_network_is_refused_by_name(followed: Any) -> None:
    with (
        following(node(network=followed), network=MAINNET) as source,
        pytest.raises(Malformed, match=f"follows {followed.name}") as caught,
    ):
        source.tip(None)
    assert caught.value.hint == "give the address of a node that follows mainnet"
    assert caught.value.context["fault"] is Fault.WRONG_NETWORK


def test_a_network_that_only_borrows_the_name_is_refused() -> None:
    own = replace(REGTEST, genesis_hash=bytes(32))
    with following(node(), network=own) as source, pytest.raises(Malformed, match="follows regtest"):
        source.tip(None)


def block(height: int) -> BlockRef:
    return BlockRef(height=height, block_hash=BRANCH.hash(height))


def test_facts_of_a_block() -> None:
    with following(node()) as source:
        facts = source.facts(block(12))
    assert (facts.block, facts.fee_sat, facts.subsidy_sat, facts.pool) == (
        block(12),
        1_012,
        5_000_000_000,
        None,
    )


@pytest.mark.parametrize(
    ("ref", "kind", "words"),
    [
        (BlockRef(height=12, block_hash=BRANCH.hash(13)), Malformed, "another block"),
        (BlockRef(height=12, block_hash=MAINNET.genesis_hash), NoData, "no such block"),  # type: ignore[arg-type]
        (block(3), NoData, "no longer"),
    ],
)
def test_facts_that_the_node_has_not_got(ref: BlockRef, kind: type[SourceError], words: str) -> None:
    with following(node(pruned_below=10)) as source, pytest.raises(kind, match=words):
        source.facts(ref)


def test_a_pruned_node_serves_all_headers() -> None:
    with following(node(pruned_below=30), use_rest=False) as source:
        assert source.headers(Heights(first=1, count=5)).headers == b"".join(BRANCH.headers[1:6])


def test_a_wrong_password_is_named_and_not_shown() -> None:
    with following(node(), password=WRONG) as source, pytest.raises(Rejected) as caught:
        source.tip(None)
    text = f"{caught.value} {caught.value.context} {source!r} {vars(source)}"
    for word in ("cookie=", "rpcuser", "password_file="):
        assert word in text
    assert WRONG not in text


def test_a_restarted_nodes_new_cookie_is_read(tmp_path: Path) -> None:
    cookie = tmp_path / ".cookie"
    fake = node(password=COOKIES[0])
    with following(fake, user=None, password=None, cookie_file=cookie) as source:
        with pytest.raises(Unavailable, match="cookie") as caught:
            source.tip(None)
        assert caught.value.context["file"] == cookie
        for secret in COOKIES:
            fake.password = secret
            cookie.write_text(f"{secret}\n", encoding="ascii")
            assert source.tip(None).height == 40


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (-28, "Verifying blocks…", Unavailable),
        (-8, "Block height out of range", NoData),
        (-5, "Block not found", NoData),
        (-1, "Block not available (pruned data)", NoData),
        (-1, "Undo data expected but can't be read. This could be due to pruning or -reindex", NoData),
        (-1, "help text", Rejected),
        (-32601, "Method not found", Rejected),
        (-32700, "Parse error\x1b[2J", Rejected),
    ],
)
@pytest.mark.parametrize("whole", [False, True], ids=["one call", "the whole batch"])
def test_each_fault_of_json_rpc_has_its_error(
    code: int, message: str, kind: type[SourceError], whole: bool
) -> None:
    error = {"id": 0, "result": None, "error": {"code": code, "message": message}}
    with answering(error if whole else [error]) as source, pytest.raises(kind) as caught:
        source.facts(block(3))
    assert caught.value.context["code"] == code
    assert str(caught.value.context["said"]).isprintable()


@contextmanager
def answering(document: object) -> Iterator[CoreSource]:
    """A node that gives one answer to every question."""
    reply = Reply(body=json.dumps(document).encode())
    with LoopbackServer(http(lambda _: reply)) as server:
        source = CoreSource("my node", server.url, network=REGTEST, limits=ONCE, use_rest=False)
        try:
            yield source
        finally:
            source.close()


def test_two_answers_to_one_question_are_none() -> None:
    twice = [{"id": 0, "result": BRANCH.headers[1].hex()}] * 2
    with answering(twice) as source, pytest.raises(Malformed, match="two answers"):
        source.headers(Heights(first=1, count=2))


def test_a_block_beyond_the_end_of_the_chain_is_nonsense() -> None:
    end = {"id": 0, "error": {"code": -8, "message": "Block height out of range"}}
    after = {"id": 1, "result": "00" * 32}
    with answering([end, after]) as source, pytest.raises(Malformed, match="beyond the end"):
        source.headers(Heights(first=1, count=2))


def test_facts_of_another_block_at_the_same_height_are_refused() -> None:
    stats = {"blockhash": "00" * 32, "height": 3, "subsidy": 5, "totalfee": 5}
    with answering([{"id": 0, "result": stats}]) as source, pytest.raises(Malformed, match="another block"):
        source.facts(block(3))


def test_addresses_are_checked_at_once() -> None:
    for url in ("http://node.example:8332", "127.0.0.1:8332"):
        with pytest.raises(ConfigError):
            CoreSource("my node", url)
    assert CoreSource("my node", "https://node.example/rpc").upstream == "node.example"


def test_without_a_zmq_address_nothing_can_be_watched() -> None:
    with pytest.raises(ConfigError, match="zmq"):
        CoreSource("my node", "http://127.0.0.1:8332").watch()
