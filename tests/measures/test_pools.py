from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from wattshift.clock import Window
from wattshift.errors import InputError
from wattshift.measures.blocks import BlockHistory, KnownBlocks
from wattshift.measures.hashrate import hashrate_of_window
from wattshift.measures.pools import (
    UNKNOWN,
    PoolLabels,
    heterogeneity_prob,
    hidden_bound,
    movements,
    pool_counts,
    pool_mix,
)

LEADER = "foundryusa"


def window(start: str, end: str) -> Window:
    return Window(
        start_at=datetime.fromisoformat(start).replace(tzinfo=UTC),
        end_at=datetime.fromisoformat(end).replace(tzinfo=UTC),
    )


QUIET, STORM = window("2026-01-15", "2026-01-22"), window("2026-01-24", "2026-01-27")


@pytest.fixture(scope="module")
def labels(block_frame: pl.DataFrame, newest: KnownBlocks) -> PoolLabels:
    return PoolLabels.from_table(block_frame, newest)


def unlabelled(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    text = pl.col("pool").cast(pl.String)
    hidden = pl.when(text == name).then(pl.lit(UNKNOWN)).otherwise(text)
    return frame.with_columns(hidden.cast(pl.Categorical()).alias("pool"))


def test_the_largest_pool_lost_share_in_the_winter_storm(newest: KnownBlocks, labels: PoolLabels) -> None:
    before, during = pool_mix(newest, labels, QUIET), pool_mix(newest, labels, STORM)
    assert before.pools[0].name == during.pools[0].name == LEADER
    assert before.pools[0].share_frac == pytest.approx(0.321, abs=0.001)
    assert during.pools[0].share_frac == pytest.approx(0.233, abs=0.001)
    first = movements(before, during)[0]
    assert (first.name, first.luck_prob < 0.01, first.high_frac < 0) == (LEADER, True, True)


def test_labels_are_those_of_the_table(
    block_frame: pl.DataFrame, newest: KnownBlocks, labels: PoolLabels
) -> None:
    named = [labels.names[code] for code in labels.codes[-500:]]
    assert named == block_frame["pool"].cast(pl.String).to_list()[-500:]
    assert len(labels.codes) == len(newest.header_time_s)


def test_labels_of_other_blocks_are_refused(block_frame: pl.DataFrame, newest: KnownBlocks) -> None:
    with pytest.raises(InputError, match="other blocks"):
        PoolLabels.from_table(block_frame[1:], newest)


def test_shares_and_hashrates_add_up_to_the_total(newest: KnownBlocks, labels: PoolLabels) -> None:
    mix = pool_mix(newest, labels, QUIET)
    assert sum(share.blocks for share in mix.pools) == mix.total.blocks
    assert sum(share.share_frac for share in mix.pools) == pytest.approx(1)
    assert sum(share.hashrate_ehs for share in mix.pools) == pytest.approx(mix.total.mean_ehs)
    for share in mix.pools:
        assert share.low_frac < share.share_frac + 1e-3
        assert share.share_frac < share.high_frac
        assert share.low_ehs < share.hashrate_ehs < share.high_ehs


def test_nothing_after_the_instant_of_knowledge_counts(
    history: BlockHistory, block_frame: pl.DataFrame
) -> None:
    as_of = datetime(2026, 1, 25, tzinfo=UTC)
    known = history.known_at(as_of)
    seen = pool_counts(known, PoolLabels.from_table(block_frame, known), STORM)
    shorter = Window(start_at=STORM.start_at, end_at=as_of)
    assert seen.sum() == pool_counts(known, PoolLabels.from_table(block_frame, known), shorter).sum()


@pytest.mark.parametrize("name", [LEADER, "antpool", "f2pool", "viabtc", "luxor"])
def test_unlabelling_a_pool_leaves_the_total_unchanged(
    name: str, newest: KnownBlocks, labels: PoolLabels, block_frame: pl.DataFrame
) -> None:
    told = pool_mix(newest, labels, QUIET)
    silent = pool_mix(newest, PoolLabels.from_table(unlabelled(block_frame, name), newest), QUIET)
    assert silent.total == told.total
    assert silent.total == hashrate_of_window(newest, window_s=round(QUIET.length_s), end_at=QUIET.end_at)
    share = next(share for share in told.pools if share.name == name)
    before, after = hidden_bound(told), hidden_bound(silent)
    assert after.total_ehs == before.total_ehs
    assert after.hidden_ehs - before.hidden_ehs == pytest.approx(share.hashrate_ehs)
    assert before.named_ehs - after.named_ehs == pytest.approx(share.hashrate_ehs)
    assert after.hidden_high_ehs > after.hidden_ehs
    assert silent.pools[-1].name == UNKNOWN


def test_the_hidden_bound_of_none_found_is_three_blocks(newest: KnownBlocks, labels: PoolLabels) -> None:
    """The rule of three: none in N says at most 3/N with 95 %."""
    mix = pool_mix(newest, labels, window("2026-01-09", "2026-01-23"))
    assert mix.pools[-1].name != UNKNOWN
    bound = hidden_bound(mix)
    assert bound.hidden_ehs == 0
    assert bound.hidden_high_ehs / bound.total_ehs * mix.total.blocks == pytest.approx(3.0, abs=0.01)


def test_movements_need_stretches_apart(newest: KnownBlocks, labels: PoolLabels) -> None:
    with pytest.raises(InputError, match="overlap"):
        movements(pool_mix(newest, labels, STORM), pool_mix(newest, labels, QUIET))


def test_a_steady_mix_moves_as_often_as_said() -> None:
    rng = np.random.default_rng(4)
    shares = np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05])
    probs = [heterogeneity_prob(*rng.multinomial(1008, shares, size=2)) for _ in range(400)]
    assert 0.02 < np.mean(np.array(probs) < 0.05) < 0.09
    assert np.mean(probs) == pytest.approx(0.5, abs=0.05)


def test_a_pool_that_leaves_is_seen() -> None:
    before, after = np.array([300, 200, 500]), np.array([150, 220, 560])
    assert heterogeneity_prob(before, after) < 1e-6
    assert heterogeneity_prob(before, before) == 1
    with pytest.raises(InputError, match="need blocks"):
        heterogeneity_prob(before, np.zeros(3, dtype=np.int64))


def test_the_ban_changed_the_mix_and_a_quiet_month_less(newest: KnownBlocks, labels: PoolLabels) -> None:
    def prob(first: Window, second: Window) -> float:
        return heterogeneity_prob(pool_counts(newest, labels, first), pool_counts(newest, labels, second))

    fortnight = timedelta(days=14)
    start = datetime(2026, 1, 9, tzinfo=UTC)
    quiet = prob(
        Window(start_at=start - fortnight, end_at=start), Window(start_at=start, end_at=start + fortnight)
    )
    assert prob(window("2021-04-20", "2021-05-15"), window("2021-06-18", "2021-07-10")) < 1e-20 < quiet
