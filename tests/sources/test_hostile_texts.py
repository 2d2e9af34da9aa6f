"""What miners and servers may write where text stands: coinbase scripts, names and slugs of pools (A13).

`WATTSHIFT_FAULTS=20` reads a million of them.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from random import Random
from string import ascii_lowercase, digits
from typing import Any

import pytest

from support.explorers import coinbase, extended, fee_sat
from support.headers import double_sha256, seeded
from support.signetchain import signet_chain
from wattshift.chain.params import SIGNET
from wattshift.errors import Malformed
from wattshift.sources.explorers.esplora import parse_coinbase
from wattshift.sources.explorers.mempool import parse_facts
from wattshift.sources.port import BlockRef, Fetched

SCALE = int(os.environ.get("WATTSHIFT_FAULTS", "1"))
TEXTS = 25_000 * SCALE
HEADER = signet_chain()[900]
SLUG = set(ascii_lowercase + digits + "_.-")
BLOCK = BlockRef(height=900, block_hash=double_sha256(HEADER))
PIECES = (
    "\x1b[2J",
    "\x00",
    "\r\n",
    "\u202e",
    "\ud800",
    "<b>",
    "\"'",
    "=cmd()",
    "foundry",
    "{}",
    "\x85",
    "\ufeff",
)


def fetched(body: dict[str, Any]) -> Fetched:
    return Fetched.of(
        json.dumps(body).encode(),  # a lone surrogate travels as an escape
        source="s",
        upstream="u",
        url="https://x.example",
        fetched_at=datetime(2026, 1, 19, tzinfo=UTC),
    )


def some_text(rng: Random) -> str:
    """The bytes of a script read as text, or the pieces that have broken others."""
    if rng.random() < 0.5:
        return rng.randbytes(rng.randrange(101)).decode("latin-1")
    return "".join(rng.choices(PIECES, k=rng.randrange(12)))


def test_no_coinbase_script_changes_what_is_read_of_its_block() -> None:
    rng, body = seeded(13), coinbase(HEADER, 900)
    for _ in range(TEXTS):
        script = rng.randbytes(rng.randrange(2, 101))
        body["vin"][0] |= {"scriptsig": script.hex(), "scriptsig_asm": some_text(rng)}
        assert parse_coinbase(BLOCK, fetched(body), SIGNET).fee_sat == fee_sat(900)


def pool_or_refusal(body: dict[str, Any]) -> tuple[str | None, str]:
    """The slug that was read, and else what is told about it."""
    try:
        return parse_facts(BLOCK, fetched(body), SIGNET).pool, ""
    except Malformed as error:
        return None, str(error).replace("\n  what to do: ", " ")


def test_no_pool_gets_a_name_that_is_more_than_a_slug() -> None:
    rng, body = seeded(14), extended(HEADER, 900)
    taken = 0
    for _ in range(TEXTS):
        slug = some_text(rng)
        body["extras"]["pool"] = {"id": 1, "name": some_text(rng), "slug": slug}
        found, told = pool_or_refusal(body)
        assert told.isprintable(), told
        assert len(told) < 1_000
        taken += found is not None
        assert found is None or (found == slug and set(slug) <= SLUG)
    assert 0 < taken < TEXTS // 2


@pytest.mark.parametrize("slug", ["", "a" * 65, "Foundry", "ü", "a\n", "\x1b[31m", 7, None, ["a"], {"a": 1}])
def test_what_is_no_slug_is_refused(slug: object) -> None:
    body = extended(HEADER, 900)
    body["extras"]["pool"]["slug"] = slug
    with pytest.raises(Malformed):
        parse_facts(BLOCK, fetched(body), SIGNET)
