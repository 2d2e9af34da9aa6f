from __future__ import annotations

import pytest

from wattshift.app.simulating.safety import safety_rows
from wattshift.config.scenarioparts import AttackGiven
from wattshift.measures.security.doublespend import double_spend_prob
from wattshift.report.documents.security import MachineQuote
from wattshift.simulate.result import NetworkForecast, Quantity
from wattshift.units import ehs_to_phs

MACHINE = MachineQuote(usd_per_th=5.0, tier="as given", published_on=None, age_days=None)


def test_an_attacker_who_stays_grows_as_others_leave(found: NetworkForecast) -> None:
    first, last = safety_rows(found, (0, found.horizon_days - 1), AttackGiven(attacker_frac=0.2), MACHINE)
    assert first.attacker_frac.median == pytest.approx(0.2, rel=1e-5)
    assert first.double_spend_prob.median == pytest.approx(double_spend_prob(0.2, 6), rel=1e-3)
    assert last.attacker_frac.median > 0.25
    assert last.double_spend_prob.low > first.double_spend_prob.high
    for row in (first, last):
        assert row.timed_prob < row.double_spend_prob.high, "six blocks in an hour left no time to cheat"


def test_what_stands_still_after_a_ban_is_an_attackers_stock(found: NetworkForecast) -> None:
    first, last = safety_rows(found, (0, found.horizon_days - 1), AttackGiven(), MACHINE)
    assert first.standing_frac.high < 0.1
    assert last.standing_frac.median > 0.25
    assert last.standing_prob.median > 1_000 * first.standing_prob.median
    assert last.stock_usd is not None
    assert last.machines_usd is not None
    assert last.stock_usd.median < 0.8 * last.machines_usd.median


def test_costs_follow_from_the_days_figures(found: NetworkForecast) -> None:
    day = 40
    (row,) = safety_rows(found, (day,), AttackGiven(power_usd_per_mwh=50.0), MACHINE)
    rate, power, price = (
        float(found.daily[quantity].quantiles[2, day])
        for quantity in (Quantity.HASHRATE, Quantity.POWER, Quantity.HASHPRICE)
    )
    assert row.machines_usd is not None
    assert row.machines_usd.median == pytest.approx(rate * 5.0e6, rel=1e-4)
    assert row.energy_usd.median == pytest.approx(power * 1e3 * 50.0, rel=1e-4)
    assert row.rent_usd.median == pytest.approx(ehs_to_phs(rate) * price / 24, rel=0.05)
    (unpriced,) = safety_rows(found, (day,), AttackGiven(), None)
    assert unpriced.machines_usd is None
    assert unpriced.stock_usd is None


def test_a_majority_is_certain_to_succeed(found: NetworkForecast) -> None:
    (row,) = safety_rows(found, (100,), AttackGiven(attacker_frac=0.9, confirmations=3), MACHINE)
    assert row.attacker_frac.high == 1.0
    assert row.double_spend_prob.low == 1.0
    assert row.timed_prob == pytest.approx(1.0)
