from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from support.refusals import refuses
from wattshift.assets.ancillary import AncillaryProduct
from wattshift.assets.battery import SiteBattery
from wattshift.assets.carbon import Carbon
from wattshift.assets.contract import Colocation
from wattshift.assets.curtailment import CurtailmentRule
from wattshift.assets.demand import DemandCharge
from wattshift.assets.feeder import Feeder
from wattshift.assets.generator import SiteGenerator
from wattshift.assets.hall import AiHall
from wattshift.assets.heat import HeatSink
from wattshift.assets.interruptible import InterruptibleContract
from wattshift.assets.miner import MinerClass
from wattshift.assets.ppa import Ppa
from wattshift.assets.series import Series
from wattshift.assets.site import Mining, Site
from wattshift.assets.tariff import PowerBlock, Tariff
from wattshift.assets.weather import DeratingPoint
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


BATTERY = SiteBattery(name="battery", power_mw=2.0, energy_mwh=4.0)
FEEDER = Feeder(name="feeder", limit_mw=20.0, uses=("hall", "S21"))
PRODUCT = AncillaryProduct(
    name="reserve", max_mw=5.0, duration_h=1.0, response_s=600.0, price_usd_per_mwh=4.0
)
SINK = HeatSink(name="greenhouse", use="S21", max_mw=4.0, captured_frac=0.8, heat_usd_per_mwh=10.0)
PRICED = dataclasses.replace(PRODUCT, price_usd_per_mwh=None, price_series="rrs")
CALLS = InterruptibleContract(name="calls", firm_mw=10.0, penalty_usd_per_mwh=1_000.0)
DEMAND = DemandCharge(name="peak", charge_usd_per_mw_month=2_000.0)


def test_parts_that_fit_together() -> None:
    site = dataclasses.replace(
        SITE,
        export_mw=5.0,
        feeders=(FEEDER,),
        batteries=(BATTERY,),
        generators=(SiteGenerator(name="solar", capacity_mw=3.0),),
        heat_sinks=(SINK,),
        ancillary=(PRICED,),
        interruptible=(CALLS,),
        carbon=Carbon(grid_series="factor"),
        series=(Series(name="rrs"), Series(name="factor")),
    )
    assert site.backing_uses(PRODUCT) == ("S21",)
    assert site.backing_uses(dataclasses.replace(PRODUCT, uses=("S21",))) == ("S21",)


def test_power_made_on_the_site_may_carry_a_floor() -> None:
    engine = SiteGenerator(name="gas", capacity_mw=5.0)
    narrow = dataclasses.replace(SITE, connection_mw=5.0, rules=(), generators=(engine,))
    assert narrow.floor_mw > narrow.connection_mw


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"export_mw": -1.0}, "export_mw", "negative"),
        ({"export_mw": 20_000.0}, "export_mw", "write 20 (MW)"),
        ({"feeders": (FEEDER, FEEDER)}, "feeders.1.name", "same name"),
        ({"feeders": (dataclasses.replace(FEEDER, uses=("hal",)),)}, "feeders.0.uses", "did you mean 'hall'"),
        ({"feeders": (dataclasses.replace(FEEDER, limit_mw=7.0),)}, "feeders.0.limit_mw", "promised 8 MW"),
        ({"batteries": (BATTERY, BATTERY)}, "batteries.1.name", "same name"),
        ({"batteries": (dataclasses.replace(BATTERY, name="hall"),)}, "batteries.0.name", "same name"),
        (
            {"batteries": (BATTERY,), "generators": (SiteGenerator(name="battery", capacity_mw=1.0),)},
            "generators.0.name",
            "same name",
        ),
        ({"heat_sinks": (dataclasses.replace(SINK, use="x"),)}, "heat_sinks.0.use", "no use 'x'"),
        (
            {"heat_sinks": (SINK, dataclasses.replace(SINK, name="pool"))},
            "heat_sinks.1.use",
            "together into one",
        ),
        ({"ancillary": (PRODUCT, PRODUCT)}, "ancillary.1.name", "same name"),
        ({"ancillary": (dataclasses.replace(PRODUCT, uses=("x",)),)}, "ancillary.0.uses", "no use 'x'"),
        (
            {"ancillary": (dataclasses.replace(PRODUCT, batteries=("x",)),)},
            "ancillary.0.batteries",
            "no battery 'x'",
        ),
        (
            {"ancillary": (dataclasses.replace(PRODUCT, uses=("hall",)),)},
            "ancillary.0.response_s",
            "'hall' cannot drop",
        ),
        (
            {"ancillary": (dataclasses.replace(PRODUCT, response_s=30.0),)},
            "ancillary.0.response_s",
            "nothing on the site can drop within 30 s",
        ),
        ({"ancillary": (PRICED,)}, "ancillary.0.price_series", "no series 'rrs'"),
        ({"carbon": Carbon(grid_series="factor")}, "carbon.grid_series", "no series 'factor'"),
        ({"outside_series": "heat"}, "outside_series", "no series 'heat'"),
        (
            {"tariff": Tariff(price_usd_per_mwh=40.0, peak_series="4CP")},
            "tariff.peak_series",
            "no series '4CP'",
        ),
        (
            {
                "interruptible": (
                    InterruptibleContract(
                        name="c", firm_mw=1.0, penalty_usd_per_mwh=500.0, call_series="calls"
                    ),
                )
            },
            "interruptible.0.call_series",
            "no series 'calls'",
        ),
        (
            {"generators": (SiteGenerator(name="sun", capacity_mw=1.0, available_series="sun"),)},
            "generators.0.available_series",
            "no series 'sun'",
        ),
        (
            {"tariff": Tariff(price_usd_per_mwh=40.0, ppa=Ppa(ppa_usd_per_mwh=30.0, produced_series="w"))},
            "tariff.ppa.produced_series",
            "no series 'w'",
        ),
        ({"series": (Series(name="a"), Series(name="a"))}, "series.1.name", "same name"),
        ({"interruptible": (CALLS, CALLS)}, "interruptible.1.name", "same name"),
        (
            {"tariff": Tariff(price_usd_per_mwh=40.0, demand_charges=(DEMAND, DEMAND))},
            "tariff.demand_charges.1.name",
            "same name",
        ),
        (
            {
                "export_mw": 5.0,
                "tariff": Tariff(price_usd_per_mwh=40.0, ppa=Ppa(ppa_usd_per_mwh=30.0, share_frac=0.5)),
            },
            "export_mw",
            "leave out export_mw",
        ),
        (
            {
                "export_mw": 5.0,
                "tariff": Tariff(
                    price_usd_per_mwh=40.0,
                    block=PowerBlock(block_mw=5.0, block_usd_per_mwh=30.0, resale=False),
                ),
            },
            "export_mw",
            "drawing it and feeding it in at once",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused_by_key(change: dict[str, Any], key: str, says: str) -> None:
    refuses(SITE, change, key, says)


def test_an_availability_above_the_connection_is_refused() -> None:
    terms = dataclasses.replace(LEASE, availability_frac=0.99)
    hall = dataclasses.replace(HALL, floor_mw=0.0, colocation=terms)
    refuses(
        dataclasses.replace(SITE, rules=()),
        {"halls": (hall,), "connection_mw": 11.0},
        "connection_mw",
        "promised 11.88 MW",
    )


def test_the_points_of_a_derating_rise() -> None:
    point = DeratingPoint(outside_c=40.0, available_frac=0.9)
    refuses(FLEET, {"derating": (point, point)}, "derating.1", "low to high")
