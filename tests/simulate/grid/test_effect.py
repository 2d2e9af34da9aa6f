from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.markets import market
from wattshift.errors import InputError
from wattshift.simulate.grid.effect import AddedLoad, World, price_effect, price_effects, world_of
from wattshift.simulate.grid.supply import SupplyCurve

CURVE = SupplyCurve(
    position_mw=np.array([-40_000.0, 0.0, 10_000.0, 20_000.0]),
    price_usd_per_mwh=np.array([0.0, 30.0, 100.0, 9_000.0]),
)
MARKET = market(3_000)
CAP = np.full(3_000, 5_000.0)


def world(load: AddedLoad) -> World:
    return world_of(CURVE, MARKET, load, cap_usd_per_mwh=CAP)


def test_without_a_load_nothing_changes() -> None:
    np.testing.assert_allclose(
        world(AddedLoad(power_mw=0.0)).price_usd_per_mwh, MARKET.price_usd_per_mwh, rtol=1e-9
    )


@given(st.floats(1.0, 5_000.0), st.floats(0.0, 3_000.0), st.floats(0.0, 1.0))
def test_both_signs(power: float, strike: float, share: float) -> None:
    firm = world(AddedLoad(power_mw=power)).price_usd_per_mwh
    flexible = world(AddedLoad(power_mw=power, strike_usd_per_mwh=strike, curtailable_frac=share))
    slack = 1e-6
    assert (flexible.price_usd_per_mwh <= firm + slack).all()
    assert (flexible.price_usd_per_mwh >= MARKET.price_usd_per_mwh - slack).all()
    scarce = MARKET.price_usd_per_mwh > strike
    assert (flexible.drawn_mw[scarce] <= (1 - share) * power + slack).all()
    with_supply = world(
        AddedLoad(power_mw=power, strike_usd_per_mwh=strike, curtailable_frac=share, entry_frac=1.0)
    )
    assert (with_supply.price_usd_per_mwh <= MARKET.price_usd_per_mwh + slack).all(), "paid-for supply helps"


def test_entry_of_as_much_supply_undoes_a_load_that_never_stops() -> None:
    found = world(AddedLoad(power_mw=1_000.0, entry_frac=1.0))
    np.testing.assert_allclose(found.price_usd_per_mwh, MARKET.price_usd_per_mwh, rtol=1e-9)


def test_at_the_cap_every_megawatt_is_lacking() -> None:
    price = MARKET.price_usd_per_mwh.copy()
    price[7] = 5_003.0
    capped = type(MARKET)(start_s=MARKET.start_s, load_mw=MARKET.load_mw, price_usd_per_mwh=price)
    firm = world_of(CURVE, capped, AddedLoad(power_mw=800.0), cap_usd_per_mwh=CAP)
    assert firm.price_usd_per_mwh[7] == 5_003.0
    assert firm.unserved_mw[7] == pytest.approx(800.0)
    assert firm.drawn_mw[7] == pytest.approx(0.0)
    helped = world_of(
        CURVE,
        capped,
        AddedLoad(power_mw=800.0, strike_usd_per_mwh=50.0, curtailable_frac=1.0, entry_frac=1.0),
        cap_usd_per_mwh=CAP,
    )
    assert helped.price_usd_per_mwh[7] == 5_003.0, "nobody knows how much was lacking"


def test_the_figures_by_hand() -> None:
    hours = 200
    made = type(MARKET)(
        start_s=3_600 * np.arange(hours),
        load_mw=np.full(hours, 1_000.0),
        price_usd_per_mwh=np.concatenate((np.full(198, 20.0), [500.0, 700.0])),
    )
    drawn = np.full(hours, 100.0)
    drawn[-2:] = 0.0
    found = price_effect(
        made,
        World(price_usd_per_mwh=made.price_usd_per_mwh, drawn_mw=drawn, unserved_mw=np.zeros(hours)),
        power_mw=100.0,
    )
    assert found.mean_usd_per_mwh == pytest.approx(25.8)
    assert found.consumer_usd_per_mwh == pytest.approx(25.8)
    assert found.peak_usd_per_mwh == pytest.approx(600.0), "the dearest two of two hundred hours"
    assert found.bill_usd_m_per_year == pytest.approx(25.8 * 1_000 * 8_760 / 1e6)
    assert found.off_hours == pytest.approx(87.6)
    assert found.paid_usd_per_mwh == pytest.approx(20.0)
    assert found.drawn_mw == pytest.approx(99.0)


def test_a_higher_strike_means_less_response() -> None:
    """The strike follows the hashprice: what a miner gives depends on the state of the network."""
    strikes = (20.0, 50.0, 120.0, 400.0)
    found = [
        price_effects(
            (CURVE,),
            MARKET,
            AddedLoad(power_mw=2_000.0, strike_usd_per_mwh=strike, curtailable_frac=1.0),
            cap_usd_per_mwh=CAP,
        )[0]
        for strike in strikes
    ]
    off = [each.off_hours for each in found]
    assert off == sorted(off, reverse=True)
    assert off[0] > off[-1]
    consumer = [each.consumer_usd_per_mwh for each in found]
    assert consumer == sorted(consumer)


@pytest.mark.parametrize(
    "bad",
    [
        {"power_mw": -1.0},
        {"power_mw": float("nan")},
        {"power_mw": 1.0, "curtailable_frac": 1.1},
        {"power_mw": 1.0, "entry_frac": -0.1},
    ],
)
def test_what_is_no_load(bad: dict[str, float]) -> None:
    with pytest.raises(InputError):
        AddedLoad(**bad)
