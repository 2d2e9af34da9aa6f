from __future__ import annotations

from pathlib import Path

import pytest

from wattshift.assets.contract import Colocation
from wattshift.config import load_site
from wattshift.value.breakeven import break_evens
from wattshift.value.compute import capital_usd_per_mwh, hall_usd_per_mwh, hall_value
from wattshift.value.mining import miner_usd_per_mwh

SITE = load_site(Path(__file__).parents[2] / "examples" / "houston-100mw.toml")
FOUND = break_evens(SITE, 40.0, 41.0)


def test_at_its_break_evens_a_class_earns_nothing() -> None:
    for (fleet, miner), found in zip(SITE.machines, FOUND.classes, strict=True):
        assert found.name == miner.name
        assert found.power_usd_per_mwh == miner_usd_per_mwh(miner, fleet, 40.0)
        assert miner_usd_per_mwh(miner, fleet, found.hashprice_usd_per_ph_day) == pytest.approx(41.0)


def test_the_worst_efficiency_that_pays() -> None:
    assert FOUND.efficiency_j_per_th == pytest.approx(40.0 * 0.99 * 0.97 / (0.024 * 1.04 * 41.0))
    assert break_evens(SITE, 40.0, 0.0).efficiency_j_per_th is None
    assert break_evens(SITE, 40.0, -10.0).efficiency_j_per_th is None


def test_at_its_break_evens_a_pair_is_equal() -> None:
    halls = {hall.name: hall for hall in SITE.halls}
    machines = {miner.name: (fleet, miner) for fleet, miner in SITE.machines}
    assert len(FOUND.pairs) == len(halls) * len(machines)
    for pair in FOUND.pairs:
        hall, (fleet, miner) = halls[pair.hall], machines[pair.miner]
        worth = hall_usd_per_mwh(hall, 41.0)
        assert miner_usd_per_mwh(miner, fleet, pair.hashprice_usd_per_ph_day) == pytest.approx(worth)
        contract = hall.contract
        if isinstance(contract, Colocation):
            building, term = contract.capex_usd_m_per_mw, contract.term_years
        else:
            building, term = contract.hall_capex_usd_m_per_mw, contract.hall_life_years
        dearer = pair.hall_capex_usd_m_per_mw - building
        capital = hall_value(hall).capital_usd_per_mwh + (
            capital_usd_per_mwh(dearer, discount_rate_frac=0.1, term_years=term) / hall.pue
        )
        assert worth - capital == pytest.approx(miner_usd_per_mwh(miner, fleet, 40.0))
