from __future__ import annotations

import numpy as np
import pytest

from support.markets import market
from wattshift.simulate.grid.controls import MarketHours
from wattshift.simulate.grid.fit import fit_supply
from wattshift.simulate.grid.goodness import HeldOut, held_out
from wattshift.simulate.grid.supply import SupplyCurve

HOURS = 2 * 8_760
HALF = np.arange(HOURS) < HOURS // 2


@pytest.fixture(scope="module")
def known() -> MarketHours:
    return market(HOURS)


@pytest.fixture(scope="module")
def curve(known: MarketHours) -> SupplyCurve:
    return fit_supply(known.chosen(HALF), np.random.default_rng(3), draws=0).curve


def tried(curve: SupplyCurve, hours: MarketHours) -> HeldOut:
    return held_out(
        curve,
        hours,
        np.random.default_rng(4),
        seen=HALF,
        asked=~HALF,
        cap_usd_per_mwh=np.full(HOURS, 5_000.0),
        prices_usd_per_mwh=np.array([30.0, 100.0, 300.0]),
    )


@pytest.fixture(scope="module")
def found(curve: SupplyCurve, known: MarketHours) -> HeldOut:
    return tried(curve, known)


def test_in_new_hours_a_megawatt_moves_a_megawatt(found: HeldOut) -> None:
    assert found.slope_ratio == pytest.approx(1.0, abs=0.3)
    assert found.low_ratio < found.slope_ratio < found.high_ratio
    assert 0.1 < found.high_ratio - found.low_ratio < 0.4
    assert found.expected_usd_per_mwh == pytest.approx(found.found_usd_per_mwh, rel=0.4)
    for each in found.durations[:2]:
        assert each.expected_hours == pytest.approx(each.found_hours, rel=0.25)


def test_and_in_the_dear_hours_too(found: HeldOut) -> None:
    assert found.dear_ratio is not None
    assert found.dear_low_ratio is not None
    assert found.dear_high_ratio is not None
    assert found.dear_low_ratio < 1.0 < found.dear_high_ratio
    assert found.dear_ratio == pytest.approx(1.0, abs=0.3)


def test_a_tail_that_rises_too_fast_is_found_out(
    curve: SupplyCurve, known: MarketHours, found: HeldOut
) -> None:
    """Half the supply above 100 USD/MWh: a megawatt then moves such hours by half."""
    bend = float(curve.reach_mw(np.array([100.0]))[0])
    position = np.where(curve.position_mw > bend, bend + 0.5 * (curve.position_mw - bend), curve.position_mw)
    steep = SupplyCurve(position_mw=position, price_usd_per_mwh=curve.price_usd_per_mwh)
    assert found.dear_ratio is not None
    assert tried(steep, known).dear_ratio == pytest.approx(0.5 * found.dear_ratio, rel=0.1)


def test_where_a_curve_stands_is_arbitrary(curve: SupplyCurve, known: MarketHours, found: HeldOut) -> None:
    away = SupplyCurve(position_mw=curve.position_mw + 1e6, price_usd_per_mwh=curve.price_usd_per_mwh)
    moved = tried(away, known)
    for name in ("slope_ratio", "low_ratio", "high_ratio", "dear_ratio", "dear_low_ratio", "dear_high_ratio"):
        assert getattr(moved, name) == pytest.approx(getattr(found, name), rel=1e-6)


def test_where_no_hour_is_dear_nothing_is_said_of_them(curve: SupplyCurve, known: MarketHours) -> None:
    cheap = MarketHours(
        start_s=known.start_s,
        load_mw=known.load_mw,
        price_usd_per_mwh=np.minimum(known.price_usd_per_mwh, 99.0),
    )
    found = tried(curve, cheap)
    assert (found.dear_ratio, found.dear_low_ratio, found.dear_high_ratio) == (None, None, None)
