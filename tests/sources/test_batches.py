"""Headers in an answer are whole, linked and no more than were asked for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from support.headers import double_sha256, seeded
from support.signetchain import signet_chain
from wattshift.errors import InputError, Malformed
from wattshift.provenance import FetchOrigin
from wattshift.sources.batches import check_heights, header_batch, single_header
from wattshift.sources.port import BlockRef, Heights

CHAIN = signet_chain()
ORIGIN = FetchOrigin(
    source="s",
    upstream="u",
    url="https://x.example",
    fetched_at=datetime(2026, 1, 19, tzinfo=UTC),
    sha256="00",
)
QUESTION = Heights(first=50, count=20)


@pytest.mark.parametrize("count", [0, 1, 2, 19, 20])
def test_linked_headers_pass_as_they_are(count: int) -> None:
    headers = b"".join(CHAIN[50 : 50 + count])
    batch = header_batch(QUESTION, headers, ORIGIN)
    assert (batch.first, batch.headers, batch.origin) == (50, headers, ORIGIN)


def test_too_many_or_a_cut_one_are_refused() -> None:
    for headers in (b"".join(CHAIN[50:71]), b"".join(CHAIN[50:60])[:-1], b"x"):
        with pytest.raises(Malformed, match="was asked for"):
            header_batch(QUESTION, headers, ORIGIN)


def test_a_gap_a_twin_or_another_order_is_refused_at_its_height() -> None:
    rng, refused = seeded(3), 0
    for _ in range(200):
        shuffled = list(range(50, 70))
        at, to = rng.sample(range(20), 2)
        match rng.randrange(3):
            case 0:
                shuffled[at], shuffled[to] = shuffled[to], shuffled[at]
            case 1:
                shuffled[at] = shuffled[to]
            case 2:
                shuffled[at] = rng.randrange(100, 4_000)
        broken = next(place for place in range(1, 20) if shuffled[place] != shuffled[place - 1] + 1)
        with pytest.raises(Malformed, match="follow one another") as caught:
            header_batch(QUESTION, b"".join(CHAIN[height] for height in shuffled), ORIGIN)
        assert caught.value.context["height"] == 50 + broken
        refused += 1
    assert refused == 200


@pytest.mark.parametrize(("first", "count"), [(0, 1), (0, 20), (2**31 - 2, 1)])
def test_heights_within_bounds_may_be_asked_for(first: int, count: int) -> None:
    check_heights(Heights(first=first, count=count), max_headers=20)


@pytest.mark.parametrize(("first", "count"), [(-1, 1), (0, 0), (0, -5), (0, 21), (2**31, 1)])
def test_heights_out_of_bounds_are_the_callers_fault(first: int, count: int) -> None:
    with pytest.raises(InputError):
        check_heights(Heights(first=first, count=count), max_headers=20)


def test_a_single_header_is_that_of_its_block() -> None:
    block = BlockRef(height=9, block_hash=double_sha256(CHAIN[9]))
    assert single_header(block, CHAIN[9], ORIGIN).headers == CHAIN[9]
    with pytest.raises(Malformed, match="another header"):
        single_header(block, CHAIN[10], ORIGIN)
