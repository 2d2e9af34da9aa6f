from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattshift.clock import from_unix
from wattshift.errors import OutOfSpan
from wattshift.measures.blocks import BlockHistory, KnownBlocks
from wattshift.measures.fees import FEE_BLOCKS, FeeBasis, fees_per_block
from wattshift.testing import build_history, known_to_height

FIRST = 850_000
COUNT = 4_000


@pytest.fixture(scope="module")
def chain() -> BlockHistory:
    return build_history([1_700_000_000 + 600 * place for place in range(COUNT)], first_height=FIRST)


def fees_of(amounts_sat: Sequence[int | None], first_height: int = FIRST) -> pl.DataFrame:
    """A `block_fees` table of consecutive heights."""
    heights = range(first_height, first_height + len(amounts_sat))
    return pl.DataFrame(
        {"height": heights, "fee_sat": amounts_sat}, schema={"height": pl.Int64, "fee_sat": pl.Int64}
    )


def at(chain: BlockHistory, place: int) -> KnownBlocks:
    """The chain with `place` blocks after its first."""
    return known_to_height(chain, FIRST + place)


# Measured


def test_the_mean_of_the_last_144_blocks_is_exact(history: BlockHistory, fee_frame: pl.DataFrame) -> None:
    known = history.known_at(datetime(2026, 1, 19, 12, tzinfo=UTC))
    found = fees_per_block(known, fee_frame)
    last = fee_frame.filter(pl.col("height").is_between(known.tip_height - 143, known.tip_height))
    assert last.height == found.blocks == FEE_BLOCKS == 144
    assert found.basis is FeeBasis.MEASURED
    assert found.mean_btc == found.low_btc == found.high_btc
    assert found.mean_btc == pytest.approx(int(last["fee_sat"].sum()) / 144 / 1e8, rel=1e-12)
    assert (found.newest_height, found.missing_blocks) == (known.tip_height, 0)
    assert found.newest_at == known.tip_at


def test_the_stale_block_is_left_out_and_widens_the_interval(
    history: BlockHistory, fee_frame: pl.DataFrame
) -> None:
    found = {
        height: fees_per_block(known_to_height(history, height), fee_frame) for height in (931_519, 931_600)
    }
    for estimate in found.values():
        assert estimate.basis is FeeBasis.MEASURED
        assert estimate.blocks == 143
        assert estimate.low_btc < estimate.mean_btc < estimate.high_btc
    assert (found[931_519].newest_height, found[931_519].missing_blocks) == (931_518, 1)
    assert (found[931_600].newest_height, found[931_600].missing_blocks) == (931_600, 0)
    for height in (931_518, 931_663):
        estimate = fees_per_block(known_to_height(history, height), fee_frame)
        assert (estimate.blocks, estimate.low_btc) == (144, estimate.high_btc)


@pytest.mark.parametrize(
    ("missing", "basis"), [(0, FeeBasis.MEASURED), (14, FeeBasis.MEASURED), (15, FeeBasis.CARRIED)]
)
def test_a_tenth_of_the_blocks_may_be_missing(chain: BlockHistory, missing: int, basis: FeeBasis) -> None:
    amounts: list[int | None] = list(range(1, 1_001))
    amounts[900 : 900 + missing] = [None] * missing
    found = fees_per_block(at(chain, 999), fees_of(amounts))
    assert found.basis is basis
    assert found.blocks == (144 - missing if basis is FeeBasis.MEASURED else 144)


def test_missing_blocks_are_covered_by_the_interval_as_often_as_said(chain: BlockHistory) -> None:
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(400):
        amounts: list[int | None] = rng.gamma(2.0, 1e6, 144).astype(np.int64).tolist()
        truth_btc = sum(filter(None, amounts)) / 144 / 1e8
        for place in rng.choice(143, 14, replace=False):
            amounts[int(place)] = None
        found = fees_per_block(at(chain, 143), fees_of(amounts))
        inside += found.low_btc <= truth_btc <= found.high_btc
    assert inside / 400 == pytest.approx(0.95, abs=0.04)


def test_fees_of_nothing_are_legal(chain: BlockHistory) -> None:
    found = fees_per_block(at(chain, 200), fees_of([0] * 201))
    assert (found.mean_btc, found.low_btc, found.high_btc) == (0, 0, 0)


# Carried


def test_after_the_last_known_fee_the_mean_is_carried(history: BlockHistory, fee_frame: pl.DataFrame) -> None:
    last = fees_per_block(known_to_height(history, 934_575), fee_frame)
    for gap in (15, 144, 2_016, 11_661):
        found = fees_per_block(known_to_height(history, 934_575 + gap), fee_frame)
        assert found.basis is FeeBasis.CARRIED
        assert found.mean_btc == pytest.approx(last.mean_btc)
        assert (found.newest_height, found.missing_blocks, found.blocks) == (934_575, gap, 144)
        assert found.newest_at == from_unix(history.whole.time_s(934_575))
        assert 0 < found.low_btc < found.mean_btc < found.high_btc


def test_the_interval_widens_with_the_gap(history: BlockHistory, fee_frame: pl.DataFrame) -> None:
    widths = []
    for gap in (15, 144, 1_008, 4_032, 11_661):
        found = fees_per_block(known_to_height(history, 934_575 + gap), fee_frame)
        widths.append(math.log(found.high_btc / found.low_btc))
    assert widths == sorted(widths)
    assert widths[-1] > 2 * widths[0]


def test_a_gap_longer_than_history_takes_all_means_of_the_fee_market(
    history: BlockHistory, fee_frame: pl.DataFrame
) -> None:
    known = history.known_at(datetime(2025, 8, 1, tzinfo=UTC))
    found = fees_per_block(known, fee_frame)
    before = fee_frame.filter(pl.col("height").is_between(400_000, known.tip_height))
    means = before["fee_sat"].to_numpy().astype(float)
    means = np.convolve(means, np.full(144, 1 / 144), mode="valid") / 1e8
    assert (found.newest_height, found.missing_blocks) == (786_423, known.tip_height - 786_423)
    walk = math.exp(1.96 * 1.5)
    assert found.low_btc == pytest.approx(min(found.mean_btc / walk, np.quantile(means, 0.025)), rel=1e-6)
    assert found.high_btc == pytest.approx(max(found.mean_btc * walk, np.quantile(means, 0.975)), rel=1e-6)


def test_a_carried_interval_holds_what_became_of_it(history: BlockHistory, fee_frame: pl.DataFrame) -> None:
    """Hide the newest fees and look how often their mean fell into the interval carried over the gap."""
    inside = []
    for tip in range(914_000, 934_000, 250):
        for gap in (60, 300, 1_008, 4_032, 20_000):
            truth = fees_per_block(known_to_height(history, tip), fee_frame).mean_btc
            hidden = fee_frame.filter(pl.col("height") <= tip - gap)
            found = fees_per_block(known_to_height(history, tip), hidden)
            assert found.basis is FeeBasis.CARRIED
            inside.append(found.low_btc <= truth <= found.high_btc)
    assert np.mean(inside) > 0.9


@pytest.mark.parametrize(("growth", "low", "high"), [(1.001, 1.0, 1.001**300), (0.999, 0.999**300, 1.0)])
def test_a_trend_is_carried_on(chain: BlockHistory, growth: float, low: float, high: float) -> None:
    amounts = [round(1e10 * growth**place) for place in range(3_000)]
    found = fees_per_block(at(chain, 3_299), fees_of(amounts))
    assert found.low_btc / found.mean_btc == pytest.approx(low, rel=1e-4)
    assert found.high_btc / found.mean_btc == pytest.approx(high, rel=1e-4)


def test_a_hole_among_the_blocks_is_a_gap_too(history: BlockHistory, fee_frame: pl.DataFrame) -> None:
    """In August 2025 fees are known again, at first for fewer than 144 blocks after two years without."""
    found = fees_per_block(known_to_height(history, 909_458 + 40), fee_frame)
    assert (found.basis, found.missing_blocks) == (FeeBasis.CARRIED, 0)
    assert found.high_btc > 2 * found.low_btc
    soon = fees_per_block(known_to_height(history, 909_458 + 143), fee_frame)
    assert (soon.basis, soon.low_btc) == (FeeBasis.MEASURED, soon.high_btc)


def test_fees_from_before_the_known_blocks_have_no_time(
    history: BlockHistory, fee_frame: pl.DataFrame
) -> None:
    found = fees_per_block(history.known_at(datetime(2020, 6, 1, tzinfo=UTC)), fee_frame)
    assert (found.basis, found.newest_height, found.newest_at) == (FeeBasis.CARRIED, 509_998, None)
    assert found.low_btc < found.mean_btc < found.high_btc


@settings(max_examples=50)
@given(st.integers(143, COUNT - 1), st.integers(144, COUNT), st.integers(0, 2**32 - 1))
def test_every_estimate_is_ordered_and_of_the_past(
    chain: BlockHistory, place: int, known_fees: int, seed: int
) -> None:
    amounts = np.random.default_rng(seed).lognormal(14, 2, known_fees).astype(np.int64).tolist()
    found = fees_per_block(at(chain, place), fees_of(amounts))
    assert 0 <= found.low_btc <= found.mean_btc <= found.high_btc
    assert found.newest_height == min(FIRST + place, FIRST + known_fees - 1)
    assert found.missing_blocks == FIRST + place - found.newest_height >= 0
    newest = found.newest_height - FIRST + 1
    assert found.basis is (FeeBasis.MEASURED if found.missing_blocks <= 14 else FeeBasis.CARRIED)
    if found.basis is FeeBasis.CARRIED:
        assert found.mean_btc == pytest.approx(sum(amounts[newest - 144 : newest]) / 144 / 1e8)


# Nothing known


def test_without_144_known_fees_there_is_no_estimate(chain: BlockHistory) -> None:
    known = at(chain, 2_000)
    for frame in (
        fees_of([]),
        fees_of([5] * 143),
        fees_of([None] * 2_001),
        fees_of([5] * 500, FIRST + 2_001),
    ):
        with pytest.raises(OutOfSpan, match="no fees were known yet") as refusal:
            fees_per_block(known, frame)
        assert refusal.value.hint
    assert fees_per_block(known, fees_of([5] * 144)).mean_btc == pytest.approx(5e-8)
