"""Blocks of the simulated network against the closed forms of waiting and of double spending."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy.stats import kstest

from support.networks import HASHRATE_EHS, opening_start, paths_of, still_scenario
from wattshift.chain.target import bits_to_work
from wattshift.measures.security.doublespend import double_spend_prob
from wattshift.measures.security.waits import confirmation_wait_prob
from wattshift.simulate.kernel.rng import gamma_blocks

LAST_OF_PERIOD = 2016 * 463 - 1
PATHS = 4_000


@pytest.mark.parametrize("confirmations", [1, 3, 6, 30])
def test_confirmations_take_as_long_as_erlang_says(confirmations: int) -> None:
    """The period ends after so many blocks, and the instant of its retarget is that of the last of them."""
    start = opening_start(LAST_OF_PERIOD - confirmations)
    scenario = replace(still_scenario(), start=start, horizon_days=3)
    wait_s = np.array([path[2, 0] for path in paths_of(scenario, PATHS)]) * 86_400
    mean_s = bits_to_work(start.bits) / (HASHRATE_EHS * 1e18)

    def sooner_prob(within_s: float, mean_interval_s: float = mean_s) -> float:
        return 1 - confirmation_wait_prob(confirmations, within_s, mean_interval_s=mean_interval_s)

    assert kstest(wait_s, np.vectorize(sooner_prob)).pvalue > 1e-3
    assert kstest(wait_s, np.vectorize(partial(sooner_prob, mean_interval_s=1.15 * mean_s))).pvalue < 1e-3


@pytest.mark.parametrize(("attacker_frac", "confirmations"), [(0.1, 1), (0.2, 3), (0.25, 4), (0.3, 6)])
def test_double_spends_succeed_as_often_as_the_closed_form_says(
    attacker_frac: float, confirmations: int
) -> None:
    """Honest blocks and an attacker's, each with its share of the hashrate; a tie is a success."""
    deepest = confirmations + 60
    items = range(deepest + 1)
    honest, hidden = (
        np.cumsum([[gamma_blocks(1, seed, path, item) for item in items] for path in range(PATHS)], axis=1)
        / share
        for seed, share in ((1, 1 - attacker_frac), (2, attacker_frac))
    )
    # The attacker has n blocks, with the merchant's confirmations or more, before the honest have n + 1.
    level = hidden[:, confirmations - 1 : deepest] < honest[:, confirmations : deepest + 1]
    expected = double_spend_prob(attacker_frac, confirmations)
    error = np.sqrt(expected * (1 - expected) / PATHS)
    assert level.any(axis=1).mean() == pytest.approx(expected, abs=3.5 * error)
    assert 3.5 * error < 0.35 * expected
