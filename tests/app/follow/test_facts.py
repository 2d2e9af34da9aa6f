from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.following import MemoryKeeper, Scripted, Virtual, connected, fetched, spec
from support.headers import Branch, easy
from wattshift.app.follow.facts import BACKLOG_BLOCKS, facts_frame
from wattshift.app.follow.trust import Standing
from wattshift.chain.header import hash_to_hex
from wattshift.chain.params import MAINNET
from wattshift.errors import NoData
from wattshift.sources.port import BlockFacts, BlockRef, Endpoint, Fetched
from wattshift.sources.registry import Connected
from wattshift.store.series import SeriesStore

NETWORK = easy(MAINNET, interval=2016)
LONG = Branch(NETWORK).grow(200)
SUBSIDY_SAT = 5_000_000_000


@dataclass
class Explorer:
    """Knows what is in blocks, or what the test wants."""

    name: str = "explorer"
    upstream: str = "explorer"
    missing: set[int] = field(default_factory=set)
    said: dict[str, Any] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)

    @property
    def facts(self) -> Endpoint[BlockRef, BlockFacts]:
        return Endpoint(self._fetch, self._parse)

    def close(self) -> None:
        pass

    def _fetch(self, block: BlockRef) -> Fetched:
        self.asked.append(block.height)
        if block.height in self.missing:
            raise NoData("pruned", hint="ask another")
        return fetched(self.name)

    def _parse(self, block: BlockRef, answer: Fetched) -> BlockFacts:
        said = {"block": block, "fee_sat": 1_000, "subsidy_sat": SUBSIDY_SAT, "pool": "pool", **self.said}
        return BlockFacts(**said, origin=answer.origin)


def virtual(tmp_path: Path, height: int) -> Virtual:
    keeper = MemoryKeeper(NETWORK, LONG.fork(height).raw())
    start_at = datetime.fromtimestamp(LONG.parsed[-1].time_s, UTC) + timedelta(minutes=1)
    return Virtual(keeper, tmp_path, start_at, latency_s=lambda _: 0.1)


def kept(world: Virtual) -> pl.DataFrame:
    return SeriesStore(world.folder).read("block_facts")


def explorer_at(explorer: Explorer) -> Connected:
    return Connected(spec=spec(explorer.name), source=explorer, facts=explorer)


def test_the_newest_blocks_are_asked_about_once_the_newest_first(tmp_path: Path) -> None:
    explorer, world = Explorer(), virtual(tmp_path, 200)
    world.run(world.follower([explorer_at(explorer)]), 300.0)
    assert explorer.asked == list(range(200, 200 - BACKLOG_BLOCKS, -1))
    assert kept(world).height == BACKLOG_BLOCKS


def test_a_new_follower_asks_only_for_what_is_not_kept(tmp_path: Path) -> None:
    explorer, world = Explorer(), virtual(tmp_path, 198)
    world.run(world.follower([explorer_at(explorer)]), 300.0)
    explorer.asked.clear()
    source = Scripted("node", LONG.headers)
    world.run(world.follower([explorer_at(explorer), connected(source)]), 60.0)
    assert explorer.asked == [200, 199]


def test_a_block_that_is_not_known_is_tried_three_times(tmp_path: Path) -> None:
    explorer, world = Explorer(missing={200}), virtual(tmp_path, 200)
    follower = world.follower([explorer_at(explorer)])
    world.run(follower, 600.0)
    assert explorer.asked.count(200) == 3
    assert follower.desks["explorer"].trust.standing is Standing.FRESH
    assert kept(world).height == BACKLOG_BLOCKS - 1


def test_an_answer_about_another_block_is_nonsense(tmp_path: Path) -> None:
    other = BlockRef(height=7, block_hash=LONG.hash(7))
    explorer, world = Explorer(said={"block": other}), virtual(tmp_path, 20)
    follower = world.follower([explorer_at(explorer)])
    world.run(follower, 60.0)
    assert follower.desks["explorer"].failures > 0
    assert kept(world).is_empty()


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ({"subsidy_sat": SUBSIDY_SAT + 1}, {"subsidy_sat": None}),
        ({"subsidy_sat": -1}, {"subsidy_sat": None}),
        ({"subsidy_sat": 0}, {"subsidy_sat": 0}),
        ({"fee_sat": -1}, {"fee_sat": None}),
        ({"fee_sat": 21_000_000 * 10**8}, {"fee_sat": None}),
        ({"fee_sat": 0}, {"fee_sat": 0}),
        ({"fee_sat": None, "pool": None}, {"fee_sat": None, "pool": None}),
    ],
)
def test_a_field_that_cannot_be_is_left_out_and_the_others_stay(
    tmp_path: Path, said: dict[str, Any], left: dict[str, Any]
) -> None:
    world = virtual(tmp_path, 1)
    world.run(world.follower([explorer_at(Explorer(said=said))]), 30.0)
    (row,) = kept(world).rows(named=True)
    true = {"fee_sat": 1_000, "subsidy_sat": SUBSIDY_SAT, "pool": "pool"}
    assert {key: row[key] for key in true} == true | left
    assert row["block_hash"] == hash_to_hex(LONG.hash(1))


@given(fee_sat=st.integers(-(2**62), 2**62), subsidy_sat=st.integers(-(2**62), 2**62), pool=st.text())
def test_no_answer_breaks_the_table(fee_sat: int, subsidy_sat: int, pool: str) -> None:
    block = BlockRef(height=5, block_hash=LONG.hash(5))
    facts = BlockFacts(
        block=block, fee_sat=fee_sat, subsidy_sat=subsidy_sat, pool=pool, origin=fetched("s").origin
    )
    chain = MemoryKeeper(NETWORK, LONG.fork(5).raw()).chain
    row = facts_frame(facts, datetime(2011, 2, 2, tzinfo=UTC), chain).row(0, named=True)
    assert row["subsidy_sat"] in {None, subsidy_sat}
    assert row["subsidy_sat"] is None or 0 <= row["subsidy_sat"] <= SUBSIDY_SAT
    assert row["fee_sat"] is None or 0 <= row["fee_sat"] <= 500 * 10**8
