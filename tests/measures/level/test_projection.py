from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.measures.level.noise import PRIOR
from wattshift.measures.level.projection import (
    QUANTILE_PROBS,
    Outlook,
    forecast,
    project,
    remaining_time,
)
from wattshift.measures.level.statespace import LevelState

WORK = 6.0e23
"""At 1000 EH/s this takes 600 s a block."""
STILL = dataclasses.replace(PRIOR, calm_sd_frac=1e-6, storm_sd_frac=1e-6)


def known_level(ehs: float = 1000.0, sd: float = 1e-6) -> LevelState:
    x = math.log(ehs)
    return LevelState(model=STILL, mean_ln_ehs=(x, x), var_ln_ehs=(sd**2, sd**2), regime_prob=(0.8, 0.2))


def outlook(
    state: LevelState, since_first: int, elapsed_s: float, *, periods: int = 1, draws: int = 20_000
) -> Outlook:
    return project(
        state,
        blocks_since_first=since_first,
        elapsed_s=elapsed_s,
        work_hashes=WORK,
        rng=np.random.default_rng(3),
        periods=periods,
        draws=draws,
    )


def correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(((one - one.mean()) * (other - other.mean())).mean() / one.std() / other.std())


def test_known_constant_hashrate_leaves_only_luck() -> None:
    said = forecast(outlook(known_level(), 0, 0.0))
    assert said.mean_frac == pytest.approx(2016 / 2014 - 1, abs=0.001)
    assert said.high_frac - said.low_frac == pytest.approx(2 * 1.96 / math.sqrt(2015), rel=0.05)
    assert not said.is_locked_in


def test_following_periods_take_back_the_luck_of_the_first() -> None:
    drawn = outlook(known_level(), 0, 0.0, periods=3)
    first, second, third = drawn.change_frac
    assert correlation(first, second) == pytest.approx(
        -0.7, abs=0.05
    )  # -1 / sqrt(2): the first has one luck, not two
    assert correlation(second, third) == pytest.approx(-0.5, abs=0.05)
    assert drawn.change_frac[1].std() == pytest.approx(math.sqrt(2 / 2015), rel=0.05)


@given(st.integers(0, 2014), st.floats(0.5, 2))
def test_more_elapsed_time_means_less_difficulty(since_first: int, pace: float) -> None:
    elapsed_s = 600 * since_first * pace
    early = outlook(known_level(sd=0.02), since_first, elapsed_s, draws=200)
    late = outlook(known_level(sd=0.02), since_first, elapsed_s + 3_600, draws=200)
    assert (late.change_frac <= early.change_frac).all()


def test_interval_narrows_through_the_period() -> None:
    state = dataclasses.replace(known_level(sd=0.025), model=PRIOR)
    widths = []
    for since_first in (0, 500, 1000, 1500, 1900, 2010):
        said = forecast(outlook(state, since_first, 600.0 * since_first))
        widths.append(said.high_frac - said.low_frac)
    assert widths == sorted(widths, reverse=True)


def test_a_possible_storm_widens_the_tails() -> None:
    calm = dataclasses.replace(known_level(sd=0.025), model=PRIOR, regime_prob=(1.0, 0.0))
    storm = dataclasses.replace(calm, regime_prob=(0.0, 1.0))
    narrow, wide = (forecast(outlook(state, 0, 0.0)) for state in (calm, storm))
    assert wide.high_frac - wide.low_frac > 1.5 * (narrow.high_frac - narrow.low_frac)


def test_last_block_locks_the_change_in() -> None:
    drawn = outlook(known_level(), 2015, 1_209_600 * 1.25)
    said = forecast(drawn)
    assert said.is_locked_in
    assert (said.low_frac, said.mean_frac, said.high_frac) == pytest.approx((-0.2, -0.2, -0.2))
    assert drawn.retarget_in_s[0].mean() == pytest.approx(600, rel=0.03)


def test_remaining_time_is_a_gamma_of_the_remaining_blocks() -> None:
    drawn = outlook(known_level(), 2006, 600.0 * 2006)
    assert drawn.retarget_in_s[0].mean() == pytest.approx(10 * 600, rel=0.02)
    assert drawn.retarget_in_s[0].std() == pytest.approx(math.sqrt(10) * 600, rel=0.03)


def test_following_retargets_are_two_weeks_apart() -> None:
    drawn = outlook(known_level(), 2006, 600.0 * 2006, periods=3)
    gaps_s = np.diff(drawn.retarget_in_s, axis=0)
    assert (gaps_s > 0).all()
    assert gaps_s.mean(axis=1) == pytest.approx([1_209_600, 1_209_600], rel=0.005)


def test_clamp_is_the_consensus_one() -> None:
    assert forecast(outlook(known_level(5.0), 0, 0.0)).mean_frac == pytest.approx(-0.75)
    assert forecast(outlook(known_level(50_000.0), 0, 0.0)).mean_frac == pytest.approx(3.0)


def test_same_seed_same_draws() -> None:
    first, again = (outlook(known_level(sd=0.02), 700, 420_000.0) for _ in range(2))
    assert first.change_frac.tolist() == again.change_frac.tolist()


def test_remaining_time_in_figures() -> None:
    said = remaining_time(outlook(known_level(), 2006, 600.0 * 2006, periods=2), level=0.8)
    assert said.mean_s == pytest.approx(6_000, rel=0.02)
    assert said.low_s < said.median_s < said.mean_s < said.high_s
    # Quantiles of Gamma(10) / 10.
    assert (said.low_s, said.high_s) == pytest.approx((6_000 * 0.6221, 6_000 * 1.4206), rel=0.02)


@pytest.mark.parametrize(
    ("since_first", "elapsed_s", "periods"), [(-1, 0.0, 1), (2016, 0.0, 1), (5, -1.0, 1), (5, 0.0, 0)]
)
def test_refuses_arguments_out_of_range(since_first: int, elapsed_s: float, periods: int) -> None:
    with pytest.raises(InputError):
        outlook(known_level(), since_first, elapsed_s, periods=periods)


def test_refuses_an_undrawn_period_and_a_wrong_level() -> None:
    drawn = outlook(known_level(), 0, 0.0)
    with pytest.raises(InputError, match="not drawn"):
        forecast(drawn, period=1)
    with pytest.raises(InputError, match="not drawn"):
        remaining_time(drawn, period=-1)
    with pytest.raises(InputError, match="level"):
        forecast(drawn, level=0)
    with pytest.raises(InputError, match="level"):
        forecast(drawn, nominal_level=1)


def test_quantiles_are_those_of_the_draws() -> None:
    drawn = outlook(known_level(sd=0.05), 700, 4e5, periods=2)
    for period in (0, 1):
        told = forecast(drawn, period=period)
        assert tuple(each.below_prob for each in told.quantiles) == QUANTILE_PROBS
        shares = [float((drawn.change_frac[period] <= each.change_frac).mean()) for each in told.quantiles]
        assert shares == pytest.approx(QUANTILE_PROBS, abs=1e-3)


@given(level=st.floats(0.5, 0.999), nominal=st.floats(0.5, 0.999))
def test_quantiles_are_calibrated_as_the_interval_is(level: float, nominal: float) -> None:
    drawn = outlook(known_level(sd=0.05), 700, 4e5, draws=2_000)
    told = forecast(drawn, level=level, nominal_level=nominal)
    changes = [each.change_frac for each in told.quantiles]
    assert changes == sorted(changes)
    at = dict(zip(QUANTILE_PROBS, changes, strict=True))
    assert at[0.5] == pytest.approx(told.median_frac, abs=1e-12), "the median stays"
    as_drawn = forecast(drawn, level=level, nominal_level=level).quantiles
    wider = changes[-1] - changes[0] >= as_drawn[-1].change_frac - as_drawn[0].change_frac
    assert wider or level < nominal, "what covered too little is drawn wider"


def test_the_ends_of_a_calibrated_interval_are_quantiles() -> None:
    drawn = outlook(known_level(sd=0.05), 700, 4e5)
    told = forecast(drawn, level=0.97, nominal_level=0.95)
    at = {each.below_prob: each.change_frac for each in told.quantiles}
    assert (at[0.025], at[0.975]) == pytest.approx((told.low_frac, told.high_frac), abs=1e-9)
