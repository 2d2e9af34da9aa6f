"""Block summaries: whatever an explorer lies about, the header is the true one or the page is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.explorers import summary
from support.headers import double_sha256, seeded
from support.signetchain import signet_chain
from wattshift.chain.header import BlockHash, BlockHeader
from wattshift.chain.params import MAINNET
from wattshift.chain.target import Bits
from wattshift.errors import Malformed
from wattshift.sources.explorers.summaries import parse_page, parse_tip, read_summary
from wattshift.sources.port import Fetched, Heights
from wattshift.sources.strictjson import Json

SCALE = int(os.environ.get("WATTSHIFT_FAULTS", "1"))
CHAIN = signet_chain()
QUESTION = Heights(first=100, count=10)
TRUTH = b"".join(CHAIN[100:110])


def page(top: int = 109, size: int = 10) -> list[dict[str, Any]]:
    return [summary(CHAIN[height], height) for height in range(top, top - size, -1)]


def fetched(content: object) -> Fetched:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Fetched.of(
        raw, source="s", upstream="u", url="https://x.example", fetched_at=datetime(2026, 1, 19, tzinfo=UTC)
    )


def read(content: dict[str, Any]) -> tuple[int, BlockHeader]:
    return read_summary(Json.read(fetched(content)))


# Derived and other fields


def another(name: str) -> Callable[[Random, Any], Any]:
    """The same field of another block."""
    return lambda rng, _: page(top=rng.randrange(200, 4_000), size=1)[0][name]


def backwards(_: Random, digits: str) -> str:
    """A hash in the other byte order."""
    return bytes.fromhex(digits)[::-1].hex()


CORRUPTIONS: dict[str, tuple[str, Callable[[Random, Any], Any]]] = {
    "difficulty x10": ("difficulty", lambda _, value: value * 10),
    "median time": ("mediantime", lambda rng, value: value + rng.randrange(-9_999, 9_999)),
    "chainwork": ("chainwork", lambda rng, _: f"{rng.getrandbits(256):064x}"),
    "height +-1": ("height", lambda rng, value: value + rng.choice((-1, 1))),
    "hash case": ("id", lambda _, value: value.upper()),
    "hash byte order": ("id", backwards),
    "parent byte order": ("previousblockhash", backwards),
    "hash of another": ("id", another("id")),
    "parent of another": ("previousblockhash", another("previousblockhash")),
    "root of another": ("merkle_root", another("merkle_root")),
    "time": ("timestamp", lambda rng, value: value + rng.choice((-1, 1, 600))),
    "bits": ("bits", lambda _, value: value + 1),
    "nonce": ("nonce", lambda rng, _: rng.getrandbits(32)),
    "version": ("version", lambda _, value: value ^ 1),
    "size": ("size", lambda rng, _: rng.getrandbits(20)),
}
IGNORED = {"difficulty x10", "median time", "chainwork", "hash case", "size"}
"""Not read, or the same value in other letters: the header is the true one. All else is refused."""


def corruptions() -> dict[str, int]:
    """How many responses were refused, by what was wrong with them; the others gave the truth."""
    rng, refused = seeded(5), dict.fromkeys(CORRUPTIONS, 0)
    for name, (field, corrupt) in CORRUPTIONS.items():
        for _ in range(70 * SCALE):
            blocks = page()
            victim = rng.choice(blocks)
            victim[field] = corrupt(rng, victim.get(field))
            try:
                batch = parse_page(QUESTION, fetched(blocks))
            except Malformed:
                refused[name] += 1
            else:
                assert batch.headers == TRUTH, name
    return refused


def test_each_lie_in_a_thousand_responses_is_ignored_or_refused() -> None:
    refused = corruptions()
    assert len(CORRUPTIONS) * 70 >= 1_000
    assert {name for name, count in refused.items() if count == 0} == IGNORED
    assert {count for name, count in refused.items() if name not in IGNORED} == {70 * SCALE}


# Pages


def test_a_page_is_read_from_its_lower_end() -> None:
    batch = parse_page(QUESTION, fetched(page()))
    assert (batch.first, batch.headers) == (100, TRUTH)


def test_what_was_not_asked_for_is_left_away() -> None:
    batch = parse_page(Heights(first=102, count=3), fetched(page()))
    assert batch.headers == b"".join(CHAIN[102:105])


@pytest.mark.parametrize(("top", "count"), [(109, 10), (104, 5), (100, 1), (99, 0), (60, 0)])
def test_a_page_that_ends_early_says_where_the_chain_ends(top: int, count: int) -> None:
    assert parse_page(QUESTION, fetched(page(top))).headers == b"".join(CHAIN[100 : 100 + count])


def test_no_blocks_are_the_end_of_the_chain_but_no_tip() -> None:
    assert parse_page(QUESTION, fetched([])).headers == b""
    with pytest.raises(Malformed, match="no block"):
        parse_tip(None, fetched([]))


@pytest.mark.parametrize(
    "blocks",
    [
        page(size=9),
        page(top=115),
        page()[::-1],
        [*page()[:4], *page()[5:], *page(top=99, size=1)],
        [page()[0], *page()],
        [*page(top=110, size=5), *page(top=104, size=6)],
        page()[0],
        [page()],
        "text",
    ],
)
def test_a_page_with_a_hole_a_twin_or_another_order_is_refused(blocks: object) -> None:
    with pytest.raises(Malformed):
        parse_page(QUESTION, fetched(blocks))


def test_a_tip_on_blocks_that_are_not_its_own_is_refused() -> None:
    stranger = {**page(top=50, size=1)[0], "height": 108}
    with pytest.raises(Malformed, match="follow one another"):
        parse_tip(None, fetched([page()[0], stranger, *page()[2:]]))


def test_the_tip_is_the_first_block_of_a_page() -> None:
    tip = parse_tip(None, fetched(page(top=4_060)))
    assert (tip.height, tip.block_hash) == (4_060, double_sha256(CHAIN[4_060]))


# Single summaries


def test_mainnets_genesis_block_has_no_parent() -> None:
    block = summary(MAINNET.genesis_header, 0)
    assert block["id"] == "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
    for change in ({"previousblockhash": None}, {"previousblockhash": "00" * 32}, {}):
        given_block = {name: value for name, value in block.items() if name != "previousblockhash"} | change
        assert read(given_block) == (0, BlockHeader.parse(MAINNET.genesis_header))
    with pytest.raises(Malformed):
        read({**block, "height": 1})


UINT32 = st.integers(0, 2**32 - 1)


@given(
    version=st.integers(-(2**31), 2**31 - 1),
    hashes=st.tuples(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32)),
    numbers=st.tuples(UINT32, UINT32, UINT32),
    height=st.integers(1, 2**31 - 1),
    is_unsigned=st.booleans(),
)
def test_any_header_comes_back_from_its_summary(
    version: int, hashes: tuple[bytes, bytes], numbers: tuple[int, int, int], height: int, is_unsigned: bool
) -> None:
    header = BlockHeader(
        version=version,
        prev_hash=BlockHash(hashes[0]),
        merkle_root=hashes[1],
        time_s=numbers[0],
        bits=Bits(numbers[1]),
        nonce=numbers[2],
    )
    block = summary(header.serialize(), height)
    block["version"] = version % 2**32 if is_unsigned else version
    assert read(block) == (height, header)
