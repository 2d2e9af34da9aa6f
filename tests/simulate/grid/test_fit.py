from __future__ import annotations

import numpy as np
import pytest

from support.markets import GW_PER_FOLD, market
from wattshift.errors import InputError, NoData
from wattshift.simulate.grid.controls import MarketHours, controls_of, unexplained
from wattshift.simulate.grid.fit import PRICES_USD_PER_MWH, FittedSupply, _curve, fit_supply

HOURS = 2 * 8_760
LEVELS = np.array([20.0, 50.0, 150.0, 500.0])


@pytest.fixture(scope="module")
def known() -> MarketHours:
    return market(HOURS)


@pytest.fixture(scope="module")
def fitted(known: MarketHours) -> FittedSupply:
    return fit_supply(known, np.random.default_rng(2), draws=80)


def test_a_known_supply_is_found_behind_weather_that_nobody_observes(fitted: FittedSupply) -> None:
    found = np.diff(fitted.curve.reach_mw(LEVELS)) / 1e3
    truth = GW_PER_FOLD * np.diff(np.log(LEVELS))
    np.testing.assert_allclose(found, truth, rtol=0.15)
    drawn = np.array([np.diff(curve.reach_mw(LEVELS)) for curve in fitted.draws]) / 1e3
    low, high = np.quantile(drawn, (0.005, 0.995), axis=0)
    assert ((low < truth) & (truth < high)).all()


def test_draws_differ_as_other_years_of_the_same_market_do(fitted: FittedSupply) -> None:
    """The interval is of sampling: as wide as the fit is scattered over histories that might have been."""
    rng = np.random.default_rng(0)
    others = [
        np.diff(fit_supply(market(HOURS, seed=seed), rng, draws=0).curve.reach_mw(LEVELS))
        for seed in range(101, 121)
    ]
    drawn = np.array([np.diff(curve.reach_mw(LEVELS)) for curve in fitted.draws])
    ratio = drawn.std(axis=0) / np.std(others, axis=0)
    assert ((ratio > 0.5) & (ratio < 1.6)).all()


def test_the_tail_of_an_even_rise_is_even() -> None:
    prices = np.array([10.0, 20.0, 40.0, 80.0, 200.0, 300.0, 900.0, 1_100.0])
    shares = 0.9 - 0.1 * np.log(prices / 10.0)
    curve = _curve(prices, shares, np.full(len(prices), 0.1 / 4_000.0))
    assert float(curve.reach_mw(np.array([20.0]))[0]) == pytest.approx(0.0, abs=1e-6)
    far = np.diff(curve.reach_mw(np.array([80.0, 1_100.0, 5_000.0])))
    np.testing.assert_allclose(far, 4_000.0 * np.log([1_100 / 80, 5_000 / 1_100]), rtol=2e-3)


def test_rare_prices_are_not_used(known: MarketHours, fitted: FittedSupply) -> None:
    above = fitted.exceeded_frac * fitted.hours
    assert above.min() >= 48
    after = next(price for price in PRICES_USD_PER_MWH if price > fitted.prices_usd_per_mwh[-1])
    assert (known.price_usd_per_mwh[28 * 24 :] > after).sum() < 48


def test_the_tail_goes_on_as_the_last_prices_rose(fitted: FittedSupply) -> None:
    last = fitted.prices_usd_per_mwh[-1]
    assert last < 5_000.0
    beyond = float(np.diff(fitted.curve.reach_mw(np.array([2.0 * last, 4.0 * last])))[0]) / 1e3
    assert beyond == pytest.approx(GW_PER_FOLD * np.log(2.0), rel=0.25)


def test_a_curve_never_falls_and_a_spike_cannot_bend_it(known: MarketHours, fitted: FittedSupply) -> None:
    spiked = known.price_usd_per_mwh.copy()
    spiked[spiked > 2_000.0] = 4_999.0
    other = MarketHours(start_s=known.start_s, load_mw=known.load_mw, price_usd_per_mwh=spiked)
    bent = fit_supply(other, np.random.default_rng(2), draws=0)
    np.testing.assert_allclose(bent.curve.reach_mw(LEVELS), fitted.curve.reach_mw(LEVELS), rtol=1e-6)
    for curve in fitted.draws:
        assert (np.diff(curve.position_mw) > 0).all()


def test_the_same_seed_gives_the_same_draws(known: MarketHours, fitted: FittedSupply) -> None:
    again = fit_supply(known, np.random.default_rng(2), draws=80)
    assert all(
        (one.position_mw == other.position_mw).all()
        for one, other in zip(fitted.draws, again.draws, strict=True)
    )


def test_controls_know_nothing_of_their_own_hour(known: MarketHours) -> None:
    cut = 4_000 + int(known.price_usd_per_mwh[4_000:6_000].argmax())
    later = known.price_usd_per_mwh.copy()
    later[cut:] = 1.0
    load = known.load_mw.copy()
    load[cut:] = 1.0
    other = controls_of(MarketHours(start_s=known.start_s, load_mw=load, price_usd_per_mwh=later))
    first = controls_of(known)
    until = int(np.searchsorted(first.hours, cut)) + 1
    np.testing.assert_allclose(first.controls[:until], other.controls[:until], rtol=1e-9)
    assert not np.allclose(first.controls[until], other.controls[until], rtol=1e-9), "but of the last one all"
    assert not np.allclose(first.controls[until + 400], other.controls[until + 400])


def test_what_controls_explain_is_taken_out(known: MarketHours) -> None:
    seen = controls_of(known)
    rest = unexplained(known.load_mw[seen.hours], seen.controls)
    assert (
        np.abs(seen.controls.T @ rest).max()
        < 1e-3 * np.abs(seen.controls.T @ known.load_mw[seen.hours]).max()
    )


def test_too_little_tells_nothing(known: MarketHours) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(NoData):
        fit_supply(known.chosen(np.arange(HOURS) < 1_000), rng, draws=1)
    flat = MarketHours(start_s=known.start_s, load_mw=known.load_mw, price_usd_per_mwh=np.full(HOURS, 25.0))
    with pytest.raises(NoData, match="too alike"):
        fit_supply(flat, rng, draws=1)
    upside_down = MarketHours(
        start_s=known.start_s, load_mw=-known.load_mw, price_usd_per_mwh=known.price_usd_per_mwh
    )
    with pytest.raises(NoData, match="does not raise"):
        fit_supply(upside_down, rng, draws=1)


@pytest.mark.parametrize(
    ("start_s", "load", "price"),
    [([0, 0], [1.0, 1.0], [1.0, 1.0]), ([0, 1], [1.0, np.nan], [1.0, 1.0]), ([0, 1], [1.0], [1.0, 1.0])],
)
def test_what_are_no_hours(start_s: list[int], load: list[float], price: list[float]) -> None:
    with pytest.raises(InputError):
        MarketHours(start_s=np.array(start_s), load_mw=np.array(load), price_usd_per_mwh=np.array(price))
