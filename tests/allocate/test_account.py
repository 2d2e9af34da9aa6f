from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from wattshift.allocate.account import power_cost, settle
from wattshift.allocate.problem import Problem
from wattshift.assets.tariff import PowerBlock
from wattshift.errors import InputError

BLOCK = PowerBlock(block_mw=40.0, block_usd_per_mwh=38.0, resale=True, resale_fee_usd_per_mwh=1.5)


@pytest.mark.parametrize(
    ("load", "spot", "block", "cost"),
    [
        (100.0, 50.0, None, 5_600.0),
        (100.0, -50.0, None, -4_400.0),
        (100.0, 50.0, BLOCK, 600.0 + 1_520.0 + 3_000.0),
        (30.0, 50.0, BLOCK, 180.0 + 1_520.0 - 485.0),
        (30.0, 50.0, dataclasses.replace(BLOCK, resale=False), 180.0 + 1_520.0),
        (30.0, -50.0, BLOCK, 180.0 + 1_520.0),
        (40.0, 50.0, BLOCK, 240.0 + 1_520.0),
        (0.0, 9_000.0, BLOCK, 1_520.0 - 40.0 * 8_998.5),
    ],
)
def test_cost_of_power(load: float, spot: float, block: PowerBlock | None, cost: float) -> None:
    assert power_cost(np.array(load), np.array(spot), 6.0, block) == pytest.approx(cost)


def test_an_account_adds_up(uri: Problem) -> None:
    load = np.tile([15.0, 5.0, 20.0, 10.0, 0.0], (uri.hours.size, 1))
    account = settle(uri, load)
    assert account.energy_mwh == pytest.approx(50.0 * uri.hours.sum())
    assert account.energy_mwh == pytest.approx(sum(use.energy_mwh for use in account.uses))
    assert account.revenue_usd == pytest.approx(sum(use.revenue_usd for use in account.uses))
    assert account.mining_mwh == pytest.approx(30.0 * uri.hours.sum())
    assert account.ai_mwh == pytest.approx(20.0 * uri.hours.sum())
    assert account.block_usd == pytest.approx(40.0 * 38.0 * uri.hours.sum())
    assert account.resale_usd == 0.0
    assert account.spot_usd == pytest.approx(10.0 * (uri.spot_usd_per_mwh * uri.hours).sum())
    costs = account.spot_usd + account.adder_usd + account.block_usd
    assert account.profit_usd == pytest.approx(account.revenue_usd + account.resale_usd - costs)
    assert account.profit_usd_per_mwh == pytest.approx(account.profit_usd / account.energy_mwh)
    assert [use.running_hours for use in account.uses] == [672.0] * 4 + [0.0]


def test_nothing_drawn_has_no_profit_per_mwh(uri: Problem) -> None:
    idle = dataclasses.replace(uri, uses=tuple(dataclasses.replace(use, floor_mw=0.0) for use in uri.uses))
    account = settle(idle, np.zeros((uri.hours.size, 5)))
    assert account.profit_usd_per_mwh is None
    assert account.resale_usd > 0.0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_bad_loads_are_refused(uri: Problem, bad: float) -> None:
    load = np.zeros((uri.hours.size, 5))
    load[3, 2] = bad
    with pytest.raises(InputError):
        settle(uri, load)
    with pytest.raises(InputError):
        settle(uri, np.zeros((3, 5)))
