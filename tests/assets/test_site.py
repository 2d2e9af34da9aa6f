from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from wattshift.assets.contract import Colocation
from wattshift.assets.curtailment import CurtailmentRule
from wattshift.assets.hall import AiHall
from wattshift.assets.miner import MinerClass
from wattshift.assets.site import Mining, Site
from wattshift.assets.tariff import Tariff
from wattshift.errors import InputError

MINER = MinerClass(name="S21", efficiency_j_per_th=17.5, hashrate_ths=200.0, count=10_000)
FLEET = Mining(pool_fee_frac=0.01, pue=1.1, uptime_frac=0.97, classes=(MINER,))
LEASE = Colocation(
    rent_usd_m_per_mw_year=1.85,
    noi_margin_frac=0.85,
    capex_usd_m_per_mw=9.0,
    term_years=15.0,
    discount_rate_frac=0.1,
)
HALL = AiHall(name="hall", it_mw=10.0, pue=1.2, floor_mw=8.0, colocation=LEASE)
SITE = Site(
    name="site",
    time_zone="America/Chicago",
    connection_mw=40.0,
    tariff=Tariff(price_usd_per_mwh=40.0),
    mining=FLEET,
    halls=(HALL,),
    rules=(CurtailmentRule(reason="peak", max_mw=8.0, months=(7,)),),
)


def test_sums() -> None:
    assert SITE.floor_mw == 8.0
    assert SITE.installed_mw == pytest.approx(38.5 + 12.0)
    assert SITE.installed_mw > SITE.connection_mw
    assert SITE.use_names == ("hall", "S21")
    assert SITE.machines == ((FLEET, MINER),)


@pytest.mark.parametrize(
    ("change", "key", "message"),
    [
        ({"connection_mw": 7.0}, "halls.0.floor_mw", "AI floors sum to 8 MW, above the connection of 7 MW"),
        ({"connection_mw": 40_000.0}, "connection_mw", r"write 40 \(MW\)"),
        ({"connection_mw": -1.0}, "connection_mw", "positive"),
        (
            {"rules": (CurtailmentRule(reason="peak", max_mw=7.9, months=(7,)),)},
            "rules.0.max_mw",
            "limit of rule 'peak'",
        ),
        ({"halls": (HALL, HALL)}, "halls.1.name", "same name 'hall'"),
        (
            {"halls": (dataclasses.replace(HALL, name="grid"),)},
            "halls.0.name",
            "the power that no use takes",
        ),
        ({"halls": (), "mining": None}, "mining", "nothing to give power to"),
        ({"time_zone": "Texas"}, "time_zone", "IANA"),
        ({"time_zone": "../etc"}, "time_zone", "IANA"),
        ({"time_zone": ""}, "time_zone", "IANA"),
        ({"time_zone": "America"}, "time_zone", "IANA"),
    ],
)
def test_refusals_name_the_key(change: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        dataclasses.replace(SITE, **change)
    assert raised.value.context["key"] == key


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"pool_fee_frac": 2.0}, "pool_fee_frac"),
        ({"uptime_frac": 97.0}, "uptime_frac"),
        ({"pue": 0.9}, "pue"),
        ({"strike_usd_per_mwh": 0.08}, "strike_usd_per_mwh"),
        ({"classes": ()}, "classes"),
    ],
)
def test_mining_refusals_name_the_key(change: dict[str, Any], key: str) -> None:
    with pytest.raises(InputError) as raised:
        dataclasses.replace(FLEET, **change)
    assert raised.value.context["key"] == key


def test_a_site_of_halls_only_or_machines_only() -> None:
    assert dataclasses.replace(SITE, mining=None).installed_mw == 12.0
    assert dataclasses.replace(SITE, halls=()).floor_mw == 0.0
