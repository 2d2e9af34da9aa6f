from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattshift.allocate.account import settle
from wattshift.allocate.check import check_plan
from wattshift.allocate.merit import dispatch
from wattshift.allocate.problem import Problem
from wattshift.allocate.rules import ai_only, always_mine, fleet_average, foreseen, lagged, strike
from wattshift.errors import InputError


def test_every_rule_keeps_every_limit_and_never_beats_the_merit_order(uri: Problem) -> None:
    best = dispatch(uri).profit_usd
    spot = uri.spot_usd_per_mwh
    told = (ai_only(uri), fleet_average(uri, spot), foreseen(uri, spot + 10.0))
    for load in (always_mine(uri), strike(uri, 80.0), lagged(uri), *told):
        account = settle(uri, load)
        check_plan(uri, load, account)
        assert (account.intervals["profit_usd"].to_numpy() <= best + 1e-6).all()


def test_always_mine_mines_at_any_price(uri: Problem) -> None:
    load = always_mine(uri)
    assert np.allclose(load.sum(axis=1), uri.cap_mw)
    assert (load[:, :2] == [15.0, 5.2]).all()
    dear = uri.spot_usd_per_mwh > 5_000.0
    assert np.allclose(load[dear, 2], 45.0 - 20.2)


def test_a_strike_is_a_spot_price_and_inclusive(uri: Problem) -> None:
    spot = float(uri.spot_usd_per_mwh[100])
    mining = strike(uri, spot)[:, 2:].sum(axis=1)
    assert (mining[uri.spot_usd_per_mwh <= spot] > 0.0).all()
    assert (mining[uri.spot_usd_per_mwh > spot] == 0.0).all()
    assert mining[100] > 0.0
    with pytest.raises(InputError, match="finite"):
        strike(uri, float("nan"))


def test_lagged_decides_with_the_price_before(uri: Problem) -> None:
    load, seen = lagged(uri), np.concatenate([[np.nan], uri.spot_usd_per_mwh[:-1]])
    mining = load[:, 2:].sum(axis=1)
    assert (mining[seen > 200.0] == 0.0).all()
    assert (mining[(seen < 30.0) & (uri.spot_usd_per_mwh > 60.0)] > 0.0).all()
    assert load[0].tolist() == [13.5, 2.6, 0.0, 0.0, 0.0]


@settings(max_examples=25, deadline=None)
@given(row=st.integers(1, 2_600), price=st.floats(-250.0, 9_000.0))
def test_lagged_takes_nothing_from_the_present_price(uri: Problem, row: int, price: float) -> None:
    spot = uri.spot_usd_per_mwh.copy()
    spot[row] = price
    shift = spot - uri.spot_usd_per_mwh
    tenant = dataclasses.replace(uri.uses[0], worth_usd_per_mwh=uri.uses[0].worth_usd_per_mwh + shift)
    changed = dataclasses.replace(uri, spot_usd_per_mwh=spot, uses=(tenant, *uri.uses[1:]))
    assert np.array_equal(lagged(changed)[: row + 1], lagged(uri)[: row + 1])


def test_a_right_forecast_is_perfect_foresight(uri: Problem) -> None:
    assert np.array_equal(foreseen(uri, uri.spot_usd_per_mwh), dispatch(uri).load_mw)


def test_the_whole_fleet_runs_or_rests_by_its_average_break_even(uri: Problem) -> None:
    miners = uri.uses[2:]
    earned = sum(float(use.worth_usd_per_mwh[0]) * use.capacity_mw for use in miners)
    even = earned / sum(use.capacity_mw for use in miners) - uri.adder_usd_per_mwh
    seen = np.where(np.arange(uri.hours.size) % 2 == 0, even - 0.01, even + 0.01)
    mining = fleet_average(uri, seen)[:, 2:].sum(axis=1)
    assert (mining[::2] > 0.0).all()
    assert (mining[1::2] == 0.0).all()
    assert np.array_equal(fleet_average(uri, seen)[1::2], ai_only(uri)[1::2])


def test_a_site_without_machines_has_no_fleet(uri: Problem) -> None:
    halls = dataclasses.replace(uri, uses=uri.uses[:2])
    assert np.array_equal(fleet_average(halls, halls.spot_usd_per_mwh), ai_only(halls))


def test_a_strike_may_look_at_another_price(uri: Problem) -> None:
    seen = np.full(uri.hours.size, 81.0)
    assert np.array_equal(strike(uri, 80.0, seen_usd_per_mwh=seen), ai_only(uri))
