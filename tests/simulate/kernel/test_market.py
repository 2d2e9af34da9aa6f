from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from support.networks import still_scenario
from wattshift.simulate.behaviour import HashrateNoise
from wattshift.simulate.fees import FeeProcess
from wattshift.simulate.kernel.market import draw_luck
from wattshift.simulate.packing import pack
from wattshift.simulate.room import empty_luck
from wattshift.simulate.scenario import Scenario

DAYS, PATHS = 400, 600


def drawn(scenario: Scenario, what: str) -> NDArray[np.float64]:
    """The logarithms of one course of many paths, shape (PATHS, DAYS)."""
    model = pack(replace(scenario, horizon_days=DAYS))
    luck, courses = empty_luck(model), np.empty((PATHS, DAYS))
    for path in range(PATHS):
        draw_luck(model.seed, path, model.market, luck)
        courses[path] = np.log(getattr(luck, what))
    return courses


def test_storms_come_last_and_go_as_their_chances_say() -> None:
    """Only storms shake the level, so that a day moves it while one blows."""
    noise = HashrateNoise(
        calm_sd_frac=0.0,
        storm_sd_frac=0.1,
        storm_start_prob=0.02,
        storm_end_prob=0.08,
        return_days=1e9,
    )
    steps = np.diff(drawn(replace(still_scenario(), noise=noise), "noise_ratio"), axis=1)
    stormy = np.abs(steps) > 1e-6
    start, end = stormy[:, 1:] & ~stormy[:, :-1], ~stormy[:, 1:] & stormy[:, :-1]
    assert stormy[:, 200:].mean() == pytest.approx(0.2, abs=0.02)
    assert start.sum() / (~stormy[:, :-1]).sum() == pytest.approx(0.02, rel=0.06)
    assert end.sum() / stormy[:, :-1].sum() == pytest.approx(0.08, rel=0.06)
    assert steps[stormy].std() == pytest.approx(0.1 / np.sqrt(7), rel=0.02)


def test_fees_return_to_their_median_and_jump_as_often_as_said() -> None:
    fees = FeeProcess(median_btc=0.03, daily_sd_frac=0.0, persistence_frac=0.8, jump_prob=0.05, jump_frac=0.5)
    logs = drawn(replace(still_scenario(), fees=fees), "fees_btc") - np.log(0.03)
    jumps = logs[:, 1:] - 0.8 * logs[:, :-1]
    came = jumps > 1e-4
    assert came.mean() == pytest.approx(0.05, rel=0.03)
    assert jumps[came].mean() == pytest.approx(0.5, rel=0.03)
    assert jumps[came].std() == pytest.approx(0.5, rel=0.05)
    assert np.abs(jumps[~came]).max() < 1e-4
    assert came[:, 1:][came[:, :-1]].mean() == pytest.approx(0.05, rel=0.15)


def test_a_longer_horizon_changes_no_earlier_day() -> None:
    scenario = replace(still_scenario(), noise=HashrateNoise(), fees=FeeProcess(median_btc=0.03))
    courses = []
    for days in (101, 202):
        model = pack(replace(scenario, horizon_days=days))
        luck = empty_luck(model)
        draw_luck(model.seed, 5, model.market, luck)
        courses.append((luck.noise_ratio[:101].copy(), luck.fees_btc[:101].copy()))
    assert np.allclose(courses[0], courses[1], rtol=1e-6)
