"""Waits: the Erlang law, and the queue beside a plain simulation of it, block by block."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattshift.errors import InputError
from wattshift.measures.security.waits import (
    FeeQueue,
    confirmation_wait_prob,
    confirmation_wait_s,
    queue_wait_prob,
    queue_wait_s,
)

RUNS = 40_000


def simulated_waits(queue: FeeQueue, confirmations: int, rng: np.random.Generator) -> np.ndarray:
    """Waits of many transactions, each block taking the best-paid megabyte; those open at the end: inf."""
    waits = np.full(RUNS, math.inf)
    ahead = np.full(RUNS, queue.ahead_vmb)
    now = np.zeros(RUNS)
    taken = np.zeros(RUNS, dtype=np.int64)
    for _ in range(150):
        step = rng.exponential(queue.mean_interval_s, RUNS)
        now += step
        is_open = taken == 0
        ahead[is_open] += queue.inflow_vmb_per_s * step[is_open]
        fits = is_open & (ahead < queue.block_vmb)
        taken += ~is_open
        taken[fits] = 1
        ahead = np.maximum(0.0, ahead - queue.block_vmb)
        waits = np.where((taken == confirmations) & np.isinf(waits), now, waits)
    return waits


@pytest.mark.parametrize(
    ("left_frac", "published"), [(0.0, 0.116), (0.15, 0.225), (0.30, 0.399), (0.50, 0.703)]
)
def test_six_confirmations_beyond_90_minutes(left_frac: float, published: float) -> None:
    prob = confirmation_wait_prob(6, 5_400, mean_interval_s=600 / (1 - left_frac))
    assert published == pytest.approx(prob, abs=6e-4)


@given(st.integers(1, 200), st.floats(0.001, 0.999), st.floats(1, 1e5))
def test_a_quantile_is_where_the_probability_stands(count: int, within: float, interval: float) -> None:
    wait = confirmation_wait_s(count, within, mean_interval_s=interval)
    assert 1 - within == pytest.approx(
        confirmation_wait_prob(count, wait, mean_interval_s=interval), abs=1e-9
    )


@given(st.floats(0, 30), st.integers(1, 12), st.floats(0, 50_000))
def test_without_inflow_it_is_erlang(ahead: float, confirmations: int, wait: float) -> None:
    blocks = int(ahead) + confirmations
    expected = confirmation_wait_prob(blocks, wait, mean_interval_s=600)
    assert queue_wait_prob(FeeQueue(ahead_vmb=ahead), confirmations, wait) == pytest.approx(
        expected, abs=1e-12
    )


@pytest.mark.parametrize(
    ("ahead", "inflow"), [(0.0, 0.0005), (0.4, 0.0012), (2.5, 0.0008), (6.0, 0.0014), (1.0, 0.003)]
)
@pytest.mark.parametrize("confirmations", [1, 3, 6])
def test_the_chain_is_what_blocks_do(ahead: float, inflow: float, confirmations: int) -> None:
    queue = FeeQueue(ahead_vmb=ahead, inflow_vmb_per_s=inflow)
    waits = simulated_waits(queue, confirmations, np.random.default_rng(20_260_119))
    for wait in (300.0, 1_500.0, 5_400.0, 20_000.0):
        assert queue_wait_prob(queue, confirmations, wait) == pytest.approx(
            float((waits > wait).mean()), abs=4.5 * 0.5 / RUNS**0.5
        )


def test_a_first_block_by_hand() -> None:
    """Half a block ahead, half a block arriving in 600 s: it fits the first block if that comes in 600 s;
    else it needs the second by 1,800 s; so P(over 1,800 s) counts fewer than needed at 600 and at 1,800 s."""
    queue = FeeQueue(ahead_vmb=0.5, inflow_vmb_per_s=0.5 / 600)
    none_by_600 = math.exp(-1)
    at_most_one_after = math.exp(-2) * (1 + 2)
    assert queue_wait_prob(queue, 1, 600) == pytest.approx(none_by_600)
    assert queue_wait_prob(queue, 1, 1_800) == pytest.approx(none_by_600 * at_most_one_after)


@settings(max_examples=30)
@given(st.floats(0, 5), st.floats(0, 0.002), st.integers(1, 6), st.floats(0.05, 0.95))
def test_the_quantile_of_a_queue(ahead: float, inflow: float, confirmations: int, within: float) -> None:
    queue = FeeQueue(ahead_vmb=ahead, inflow_vmb_per_s=inflow)
    wait = queue_wait_s(queue, confirmations, within)
    if wait is None:
        assert queue_wait_prob(queue, confirmations, 604_000) > 1 - within - 1e-9
    else:
        assert queue_wait_prob(queue, confirmations, wait) == pytest.approx(1 - within, abs=1e-7)


@settings(max_examples=30)
@given(st.floats(0, 5), st.floats(0, 0.002), st.integers(1, 5), st.floats(0, 40_000))
def test_more_of_anything_takes_longer(ahead: float, inflow: float, confirmations: int, wait: float) -> None:
    queue = FeeQueue(ahead_vmb=ahead, inflow_vmb_per_s=inflow)
    prob = queue_wait_prob(queue, confirmations, wait)
    assert 0 <= prob <= 1 + 1e-12
    worse = (
        queue_wait_prob(queue, confirmations + 1, wait),
        queue_wait_prob(FeeQueue(ahead_vmb=ahead + 0.7, inflow_vmb_per_s=inflow), confirmations, wait),
        queue_wait_prob(FeeQueue(ahead_vmb=ahead, inflow_vmb_per_s=inflow + 2e-4), confirmations, wait),
        queue_wait_prob(
            FeeQueue(ahead_vmb=ahead, inflow_vmb_per_s=inflow, mean_interval_s=700), confirmations, wait
        ),
    )
    assert all(other >= prob - 1e-9 for other in worse)


def test_a_queue_that_outruns_the_blocks_may_never_end() -> None:
    queue = FeeQueue(ahead_vmb=5.0, inflow_vmb_per_s=0.004)
    assert queue_wait_s(queue, 1, 0.9) is None
    assert queue_wait_prob(queue, 1, 604_800) > 0.99


def test_a_backlog_of_years_is_no_work() -> None:
    queue = FeeQueue(ahead_vmb=1e9, inflow_vmb_per_s=0.001)
    assert queue_wait_prob(queue, 1, 604_800) == 1.0
    assert queue_wait_s(queue, 1, 0.5) is None


@pytest.mark.parametrize(
    "figures",
    [
        {"ahead_vmb": -1.0},
        {"ahead_vmb": math.nan},
        {"ahead_vmb": math.inf},
        {"ahead_vmb": 1.0, "inflow_vmb_per_s": -1e-9},
        {"ahead_vmb": 1.0, "inflow_vmb_per_s": 0.0051},
        {"ahead_vmb": 1.0, "mean_interval_s": 0.0},
        {"ahead_vmb": 1.0, "block_vmb": 0.0},
    ],
)
def test_unphysical_queues_are_refused(figures: dict[str, float]) -> None:
    with pytest.raises(InputError):
        FeeQueue(**figures)


def test_unphysical_waits_are_refused() -> None:
    queue = FeeQueue(ahead_vmb=1.0)
    for confirmations, wait in ((0, 60.0), (10**6, 60.0), (1, -1.0), (1, 1e9), (1, math.nan)):
        with pytest.raises(InputError):
            queue_wait_prob(queue, confirmations, wait)
    for within in (0.0, 1.0, math.nan):
        with pytest.raises(InputError):
            queue_wait_s(queue, 1, within)
        with pytest.raises(InputError):
            confirmation_wait_s(1, within, mean_interval_s=600)
    with pytest.raises(InputError):
        confirmation_wait_prob(0, 60, mean_interval_s=600)
    assert confirmation_wait_prob(1, 0, mean_interval_s=600) == 1.0
