"""No estimate takes anything from its own future.

What is worked out from the whole history must equal what is worked out from a history that ends at the
instant, and from one that goes on in any other way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wattshift.clock import to_unix
from wattshift.measures.blocks import BlockHistory
from wattshift.measures.difficulty import adjustments, mempool_projection, period_progress, pooled_projection
from wattshift.measures.fees import FeeBasis, fees_per_block
from wattshift.measures.hashprice import hashprice
from wattshift.measures.hashrate import (
    getnetworkhashps,
    hashrate_of_blocks,
    hashrate_of_window,
    hashrate_series,
    peak_of_window,
)
from wattshift.measures.prices import last_close
from wattshift.testing import instants, known_until

FIRST = datetime(2020, 2, 15, tzinfo=UTC)
LAST = datetime(2026, 4, 22, tzinfo=UTC)
RETARGET = datetime(2026, 1, 22, 19, 31, 22, tzinfo=UTC)
LAST_OF_PERIOD = datetime(2026, 1, 22, 19, 29, 30, tzinfo=UTC)
FEES_END = datetime(2026, 2, 1, 17, 0, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """Everything that the estimates read."""

    blocks: pl.DataFrame
    periods: pl.DataFrame
    fees: pl.DataFrame
    daily: pl.DataFrame

    def cut(self, as_of: datetime) -> World:
        """What was known at an instant, worked out without the code under test."""
        ahead = self.blocks["header_time_s"].cum_max() > int(to_unix(as_of))
        blocks = self.blocks.filter(~ahead)
        tip = blocks["height"][-1]
        return World(
            blocks=blocks,
            periods=self.periods.filter(pl.col("period") <= tip // 2016),
            fees=self.fees.filter(pl.col("height") <= tip),
            daily=self.daily.filter(pl.col("start") <= as_of - timedelta(days=1)),
        )

    def extended(self, as_of: datetime, rng: np.random.Generator) -> World:
        """The same, going on wildly: times ahead and behind, other difficulties, fees and prices."""
        tip, count = self.blocks["height"][-1], 3_000
        heights = np.arange(tip + 1, tip + 1 + count)
        times_s = int(to_unix(as_of)) + rng.integers(-20_000, 900_000, count)
        times_s[0] = int(to_unix(as_of)) + rng.integers(1, 7_200)
        last = self.periods["period"][-1]
        numbers = range(last + 1, (tip + count) // 2016 + 1)
        day = self.daily["start"][-1]
        days = [day + timedelta(days=1 + number) for number in range(90)]
        return World(
            blocks=more(
                self.blocks, {"height": heights, "header_time_s": times_s, "pool": ["other"] * count}
            ),
            periods=more(self.periods, {"period": numbers, "bits": [0x1D00FFFF] * len(numbers)}),
            fees=more(self.fees, {"height": heights, "fee_sat": rng.integers(0, 10**11, count)}),
            daily=more(self.daily, {"start": days, "close_usd_per_btc": rng.uniform(1, 1e7, 90)}),
        )


def more(frame: pl.DataFrame, rows: dict[str, object]) -> pl.DataFrame:
    """The frame with rows added; columns that they lack are null."""
    added = pl.DataFrame(rows).cast({name: frame.schema[name] for name in rows})
    return pl.concat([frame, added], how="diagonal")


def results(world: World, as_of: datetime) -> dict[str, object]:
    """Every estimate that there is, as of an instant."""
    history = BlockHistory.from_tables(world.blocks, world.periods)
    if history.newest_at < as_of:
        history = known_until(history, as_of)
    known = history.known_at(as_of)
    week = hashrate_of_window(known)
    fees, price = fees_per_block(known, world.fees), last_close(world.daily, as_of)
    tip = known.tip_height
    return {
        "tip": (tip, known.tip_at),
        "next": (known.next_bits, known.next_difficulty, known.next_work_hashes),
        "week": week,
        "day": hashrate_of_window(known, window_s=86_400),
        "earlier": hashrate_of_window(known, window_s=86_400, end_at=as_of - timedelta(hours=5)),
        "run": hashrate_of_blocks(known, first_height=tip - 144, last_height=tip),
        "series": hashrate_series(known, end_at=as_of, step_s=3_600, steps=48).rows(),
        "peak": peak_of_window(known, week, span_s=20 * 86_400),
        "core": (getnetworkhashps(known), getnetworkhashps(known, nblocks=-1)),
        "progress": period_progress(known),
        "adjustments": adjustments(known, count=1),
        "mempool": mempool_projection(known),
        "pooled": pooled_projection(known),
        "fees": fees,
        "price": price,
        "hashprice": hashprice(known, fees, price),
    }


@pytest.fixture(scope="module")
def world(
    block_frame: pl.DataFrame, period_frame: pl.DataFrame, fee_frame: pl.DataFrame, daily_frame: pl.DataFrame
) -> World:
    return World(blocks=block_frame, periods=period_frame, fees=fee_frame, daily=daily_frame)


@settings(max_examples=25)
@given(instants(FIRST, LAST))
@example(RETARGET)
@example(RETARGET - timedelta(seconds=1))
@example(LAST_OF_PERIOD)
@example(FEES_END)
@example(datetime(2026, 1, 19, tzinfo=UTC))
@example(datetime(2026, 1, 19, tzinfo=UTC) - timedelta(microseconds=1))
def test_nothing_changes_if_history_ends_here(world: World, as_of: datetime) -> None:
    assert results(world, as_of) == results(world.cut(as_of), as_of)


@settings(max_examples=25)
@given(instants(FIRST, LAST), st.integers(0, 2**32 - 1))
@example(RETARGET - timedelta(seconds=1), 1)
@example(LAST_OF_PERIOD, 2)
@example(datetime(2026, 1, 19, tzinfo=UTC), 3)
def test_nothing_changes_if_history_goes_on_in_another_way(world: World, as_of: datetime, seed: int) -> None:
    past = world.cut(as_of)
    assert results(past, as_of) == results(past.extended(as_of, np.random.default_rng(seed)), as_of)


def test_the_comparison_would_notice(world: World) -> None:
    """An instant later, when one more block and one more close are known, figures do differ."""
    as_of = datetime(2026, 1, 19, tzinfo=UTC)
    tomorrow = as_of + timedelta(days=1)
    now, then = results(world, as_of), results(world, tomorrow)
    assert all(now[name] != then[name] for name in now if name not in {"adjustments", "next"})
    fed_the_future = results(World(world.blocks, world.periods, world.fees, world.cut(as_of).daily), tomorrow)
    assert fed_the_future["price"] != then["price"]


@settings(max_examples=40)
@given(instants(FIRST, LAST))
def test_a_fee_is_of_a_known_block_and_a_price_of_a_past_day(
    world: World, history: BlockHistory, as_of: datetime
) -> None:
    known = history.known_at(as_of)
    found = hashprice(known, fees_per_block(known, world.fees), last_close(world.daily, as_of))
    assert found.fees.newest_height <= known.tip_height
    assert found.price.close_at <= as_of
    assert known.header_time_s.max() <= to_unix(as_of)
    if found.fees.basis is FeeBasis.MEASURED:
        assert found.fees.newest_at is not None
        assert found.fees.newest_at <= as_of
