from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError
from wattshift.measures.concentration import concentration
from wattshift.measures.hashrate import Estimator, HashrateEstimate
from wattshift.measures.pools import UNKNOWN, PoolMix, PoolShare

AT = datetime(2026, 1, 1, tzinfo=UTC)


def mix_of(blocks: dict[str, int]) -> PoolMix:
    total = sum(blocks.values())
    estimate = HashrateEstimate(
        estimator=Estimator.WINDOW,
        as_of=AT,
        start_at=AT,
        end_at=AT,
        blocks=total,
        effective_blocks=float(total),
        mean_ehs=1000.0,
        low_ehs=990.0,
        high_ehs=1010.0,
        level=0.95,
    )
    shares = tuple(
        PoolShare(
            name=name,
            blocks=count,
            share_frac=count / total,
            low_frac=0.0,
            high_frac=1.0,
            hashrate_ehs=1000 * count / total,
            low_ehs=0.0,
            high_ehs=1000.0,
        )
        for name, count in sorted(blocks.items(), key=lambda pair: (pair[0] == UNKNOWN, -pair[1]))
    )
    return PoolMix(total=estimate, pools=shares, level=0.95)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_equal_pools() -> None:
    found = concentration(mix_of({str(k): 10_000 for k in range(10)}), rng())
    assert found.hhi_ratio == pytest.approx(0.1, abs=1e-4)
    assert found.low_ratio < 0.1 < found.high_ratio
    assert {chance.pools for chance in found.nakamoto_chances} <= {5, 6}


def test_one_pool_holds_all() -> None:
    found = concentration(mix_of({"only": 500}), rng())
    assert (found.hhi_ratio, found.nakamoto) == (1.0, 1)


def test_a_close_call_is_shared_between_two_values() -> None:
    """Two pools of a quarter and a little more than half together: a coin's throw between 2 and 3."""
    found = concentration(mix_of({"a": 260, "b": 240, "c": 180, "d": 160, "e": 160}), rng())
    chances = {chance.pools: chance.prob for chance in found.nakamoto_chances}
    assert sum(chances.values()) == pytest.approx(1)
    assert 0.3 < chances[2] < 0.7
    assert 0.3 < chances[3] < 0.7


def test_the_unlabelled_may_all_be_the_largest() -> None:
    found = concentration(mix_of({"a": 400, "b": 150, "c": 150, "d": 100, UNKNOWN: 200}), rng())
    assert found.nakamoto == 2
    assert found.nakamoto_worst == 1
    assert found.hhi_worst_ratio > found.high_ratio


@given(st.lists(st.integers(1, 400), min_size=2, max_size=12), st.integers(0, 100))
def test_intervals_are_ordered_and_chances_add_up(counts: list[int], hidden: int) -> None:
    blocks = {f"p{k}": count for k, count in enumerate(counts)} | ({UNKNOWN: hidden} if hidden else {})
    found = concentration(mix_of(blocks), rng(), draws=200)
    assert 0 <= found.low_ratio <= found.high_ratio <= 1
    assert sum(chance.prob for chance in found.nakamoto_chances) == pytest.approx(1)
    assert found.nakamoto_worst <= found.nakamoto + 1
    assert found.hhi_worst_ratio >= found.hhi_ratio - 1 / sum(counts)


def test_the_interval_holds_the_truth_as_often_as_said() -> None:
    source = np.random.default_rng(8)
    truth = np.array([0.3, 0.2, 0.15, 0.1, 0.1, 0.1, 0.05])
    inside = []
    for _ in range(300):
        counts = source.multinomial(1008, truth)
        found = concentration(mix_of({f"p{k}": int(n) for k, n in enumerate(counts)}), source, draws=300)
        inside.append(found.low_ratio <= float(np.square(truth).sum()) <= found.high_ratio)
    assert 0.91 < np.mean(inside) < 0.985


def test_the_index_is_free_of_the_bias_of_counting() -> None:
    source = np.random.default_rng(9)
    truth = np.full(20, 0.05)
    found = [
        concentration(
            mix_of({f"p{k}": int(n) for k, n in enumerate(source.multinomial(100, truth))}), source, draws=10
        ).hhi_ratio
        for _ in range(400)
    ]
    assert np.mean(found) == pytest.approx(0.05, abs=0.002)


def test_the_same_seed_gives_the_same_answer() -> None:
    mix = mix_of({"a": 260, "b": 240, "c": 500})
    assert concentration(mix, rng()) == concentration(mix, rng())


def test_without_labels_there_is_no_concentration() -> None:
    with pytest.raises(InputError, match="label"):
        concentration(mix_of({UNKNOWN: 100}), rng())
