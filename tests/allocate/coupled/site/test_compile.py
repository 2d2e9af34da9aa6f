from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.outlooks import CLOUD, FLEET, LEASE, LEASED, MINER, OWNED, SITE, prices_of
from wattshift.allocate.coupled.site.compile import compile_site
from wattshift.allocate.coupled.solve import solve_coupled
from wattshift.allocate.merit import dispatch
from wattshift.allocate.problem import build
from wattshift.assets.ancillary import AncillaryProduct
from wattshift.assets.battery import SiteBattery
from wattshift.assets.curtailment import CurtailmentRule
from wattshift.assets.demand import CoincidentPeakCharge, DemandCharge
from wattshift.assets.feeder import Feeder
from wattshift.assets.interruptible import InterruptibleContract
from wattshift.assets.jobs import JobClass, JobKind
from wattshift.assets.series import Series
from wattshift.assets.site import Mining, Site
from wattshift.assets.state import Move, SiteState
from wattshift.assets.tariff import PowerBlock, Tariff
from wattshift.config import load_site
from wattshift.errors import InputError

EXAMPLES = Path(__file__).parents[4] / "examples"
HASHPRICE = 48.0
AT = datetime(2026, 3, 7, tzinfo=UTC)
"""100 USD/MWh at 20 J/TH."""


@st.composite
def plain_sites(draw: st.DrawFn) -> Site:
    """Sites in which nothing couples the intervals."""
    miners = tuple(
        dataclasses.replace(
            MINER, name=f"class {index}", efficiency_j_per_th=draw(st.floats(12.0, 60.0)), count=count
        )
        for index, count in enumerate(draw(st.lists(st.integers(1, 5_000), min_size=1, max_size=3)))
    )
    block = draw(
        st.none()
        | st.builds(
            PowerBlock,
            block_mw=st.floats(0.5, 40.0),
            block_usd_per_mwh=st.floats(10.0, 60.0),
            resale=st.booleans(),
            resale_fee_usd_per_mwh=st.floats(0.0, 5.0),
        )
    )
    rules = draw(
        st.sampled_from(
            ((), (CurtailmentRule(reason="dear", max_mw=4.0, above_usd_per_mwh=80.0, hours_of_day=(1, 3)),))
        )
    )
    return Site(
        name="plain",
        time_zone="America/Chicago",
        connection_mw=draw(st.floats(3.0, 40.0)),
        tariff=Tariff(price_usd_per_mwh=40.0, adder_usd_per_mwh=draw(st.floats(0.0, 12.0)), block=block),
        mining=Mining(pool_fee_frac=0.01, pue=1.05, uptime_frac=0.97, classes=miners),
        halls=draw(st.sampled_from(((), (LEASED,), (OWNED,), (LEASED, OWNED)))),
        rules=rules,
    )


@settings(max_examples=60, deadline=None)
@given(
    site=plain_sites(),
    spot=st.lists(st.floats(-150.0, 300.0), min_size=1, max_size=8),
    hashprice=st.floats(20.0, 80.0),
)
def test_without_coupling_the_optimum_is_the_merit_order(
    site: Site, spot: list[float], hashprice: float
) -> None:
    prices = prices_of(spot)
    merit = dispatch(build(site, prices, hashprice_usd_per_ph_day=hashprice)).profit_usd.sum()
    solved = solve_coupled(compile_site(site, prices, hashprice_usd_per_ph_day=hashprice))
    assert solved.account.profit_usd == pytest.approx(merit, rel=1e-6, abs=1e-6)


def test_a_day_of_the_houston_example_equals_the_merit_order() -> None:
    site = load_site(EXAMPLES / "houston-100mw.toml")
    rng = np.random.default_rng(7)
    prices = prices_of(rng.normal(60.0, 120.0, 96).tolist(), hours=0.25)
    merit = dispatch(build(site, prices, hashprice_usd_per_ph_day=45.0)).profit_usd.sum()
    solved = solve_coupled(compile_site(site, prices, hashprice_usd_per_ph_day=45.0))
    assert solved.account.profit_usd == pytest.approx(merit, rel=1e-6)


def test_a_single_hour_by_hand() -> None:
    problem = compile_site(SITE, prices_of([40.0]), hashprice_usd_per_ph_day=HASHPRICE)
    assert solve_coupled(problem).account.profit_usd == pytest.approx(10.0 * (100.0 - 45.0))


def test_a_battery_carries_cheap_power_to_a_dear_hour() -> None:
    battery = SiteBattery(
        name="b", power_mw=2.0, energy_mwh=2.0, round_trip_frac=0.81, start_frac=0.0, wear_usd_per_mwh=3.0
    )
    site = dataclasses.replace(SITE, batteries=(battery,))
    problem = compile_site(site, prices_of([10.0, 90.0]), hashprice_usd_per_ph_day=HASHPRICE)
    account = solve_coupled(problem).account
    plain = 10.0 * (100.0 - 15.0) + 10.0 * (100.0 - 95.0)
    assert account.profit_usd == pytest.approx(plain - 2.0 * 15.0 + 1.62 * (95.0 - 3.0))


def test_a_likely_peak_is_left_alone() -> None:
    charge = CoincidentPeakCharge(name="4CP", charge_usd_per_mw_year=60_000.0)
    tariff = dataclasses.replace(SITE.tariff, coincident_peaks=(charge,))
    site = dataclasses.replace(SITE, tariff=tariff)
    problem = compile_site(
        site, prices_of([40.0, 40.0]), hashprice_usd_per_ph_day=HASHPRICE, peak_prob=[0.01, 0.001]
    )
    solved = solve_coupled(problem)
    assert solved.plan.drawn_mw.tolist() == pytest.approx([0.0, 10.0])  # 150 and 15 USD/MWh on top
    assert solved.account.profit_usd == pytest.approx(10.0 * (100.0 - 45.0 - 15.0))


def test_a_demand_charge_holds_below_the_peak_so_far() -> None:
    charge = DemandCharge(name="peak", charge_usd_per_mw_month=1_000.0)
    site = dataclasses.replace(SITE, tariff=dataclasses.replace(SITE.tariff, demand_charges=(charge,)))
    problem = compile_site(
        site,
        prices_of([40.0, 40.0]),
        hashprice_usd_per_ph_day=HASHPRICE,
        state=SiteState(peak_mw={"peak": 4.0}),
    )
    solved = solve_coupled(problem)  # a new MW of peak costs 1000 and earns 110
    assert solved.plan.drawn_mw.tolist() == pytest.approx([4.0, 4.0])
    assert solved.account.peaks_usd == pytest.approx(4_000.0)


@pytest.mark.parametrize(("prob", "drawn_mw"), [(1.0, 6.0), (0.05, 6.0), (0.01, 10.0)])
def test_a_call_is_answered_where_not_answering_costs_more(prob: float, drawn_mw: float) -> None:
    contract = InterruptibleContract(name="calls", firm_mw=6.0, penalty_usd_per_mwh=2_000.0)
    site = dataclasses.replace(SITE, interruptible=(contract,))
    problem = compile_site(
        site, prices_of([40.0]), hashprice_usd_per_ph_day=HASHPRICE, calls_prob={"calls": prob}
    )
    assert solve_coupled(problem).plan.drawn_mw.tolist() == pytest.approx([drawn_mw])


def test_only_running_load_that_drops_in_time_backs_a_product() -> None:
    slow = dataclasses.replace(MINER, name="slow", drop_s=900.0)
    product = AncillaryProduct(
        name="reserve", max_mw=50.0, duration_h=1.0, response_s=600.0, price_series="rrs", batteries=("b",)
    )
    night = JobClass(name="night", kind=JobKind.DEFERRABLE, share_frac=0.5, daily_work_hours=1.0)
    hall = dataclasses.replace(
        OWNED, gpu_cloud=dataclasses.replace(CLOUD, job_classes=(night,)), drop_s=60.0, floor_mw=0.0
    )
    site = dataclasses.replace(
        SITE,
        mining=dataclasses.replace(FLEET, classes=(MINER, slow)),
        halls=(hall,),
        batteries=(SiteBattery(name="b", power_mw=2.0, energy_mwh=4.0),),
        ancillary=(product,),
        series=(Series(name="rrs"),),
    )
    problem = compile_site(
        site, prices_of([40.0, 200.0]), hashprice_usd_per_ph_day=HASHPRICE, series={"rrs": [7.0, 0.0]}
    )
    (reserve,) = problem.reserves
    assert (reserve.loads, reserve.batteries) == (("S21",), ("b",))
    assert reserve.price_usd_per_mwh.tolist() == [7.0, 0.0]
    assert (reserve.max_mw, reserve.duration_h) == (50.0, 1.0)


def test_a_feeder_holds_all_loads_of_its_uses() -> None:
    classes = (
        JobClass(name="firm", kind=JobKind.FIRM, share_frac=0.5),
        JobClass(name="spot", kind=JobKind.INTERRUPTIBLE, share_frac=0.5),
    )
    hall = dataclasses.replace(OWNED, gpu_cloud=dataclasses.replace(CLOUD, job_classes=classes))
    site = dataclasses.replace(
        SITE, halls=(hall,), feeders=(Feeder(name="t1", limit_mw=8.0, uses=("own", "S21")),)
    )
    problem = compile_site(site, prices_of([40.0]), hashprice_usd_per_ph_day=HASHPRICE)
    (group,) = problem.groups
    assert group.loads == ("own, firm", "own, spot", "S21")
    assert solve_coupled(problem).plan.drawn_mw.tolist() == pytest.approx([8.0])


def test_a_broken_promise_is_credited() -> None:
    terms = dataclasses.replace(LEASE, availability_frac=0.8, credit_usd_per_mwh=500.0)
    hall = dataclasses.replace(LEASED, colocation=terms, floor_mw=0.0)
    rule = CurtailmentRule(reason="works", max_mw=3.0, hours_of_day=(0,))
    site = dataclasses.replace(SITE, halls=(hall,), rules=(rule,))
    problem = compile_site(site, prices_of([40.0]), hashprice_usd_per_ph_day=HASHPRICE)
    account = solve_coupled(problem).account
    assert account.credits_usd == pytest.approx((0.8 * 5.0 - 3.0) * 500.0)
    assert account.profit_usd == pytest.approx(3.0 * 100.0 / 1.25 - 500.0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"series": {"wind": 1.0}}, "no series 'wind'"),
        ({"calls_prob": {"x": 0.5}}, "no contract 'x'"),
        ({"state": SiteState(load_mw={"S19": 1.0})}, "no load 'S19'"),
        ({"state": SiteState(held_mwh={"b": 1.0})}, "no battery 'b'"),
        ({"state": SiteState(peak_mw={"p": 1.0})}, "no demand charge 'p'"),
        ({"state": SiteState(stopped=(Move(load="S19", power_mw=1.0, at=AT),))}, "no load 'S19'"),
        ({"state": SiteState(done_mwh={"w": 1.0})}, "no work that may wait 'w'"),
        ({"state": SiteState(calls={"c": 1})}, "no contract 'c'"),
        ({"state": SiteState(call_hours={"c": 1.0})}, "no contract 'c'"),
        ({"hashprice_usd_per_ph_day": [48.0, float("nan")]}, "hashprice_usd_per_ph_day is not finite"),
        ({"hashprice_usd_per_ph_day": -1.0}, "hashprice must be finite and not negative"),
        ({"outside_c": [1.0]}, "1 numbers for 2 intervals"),
    ],
)
def test_what_is_brought_must_fit_the_site(change: dict[str, object], says: str) -> None:
    rows: dict[str, object] = {"hashprice_usd_per_ph_day": HASHPRICE, **change}
    with pytest.raises(InputError, match=says):
        compile_site(SITE, prices_of([40.0, 50.0]), **rows)  # type: ignore[arg-type]  # by name


def test_a_gap_in_the_prices_is_refused() -> None:
    prices = pl.concat([prices_of([40.0]), prices_of([40.0] * 3).tail(1)])
    with pytest.raises(InputError, match="does not start where the one before it ends"):
        compile_site(SITE, prices, hashprice_usd_per_ph_day=HASHPRICE)


@pytest.mark.parametrize("name", ["west-texas-300mw.toml", "miner-battery-10mw.toml"])
def test_an_example_is_planned(name: str) -> None:
    site = load_site(EXAMPLES / name)
    rng = np.random.default_rng(3)
    rows: dict[str, object] = {"outside_c": rng.uniform(15.0, 44.0, 48), "peak_prob": 0.001}
    rows["series"] = {each.name: rng.uniform(0.0, 20.0, 48) for each in site.series}
    rows["calls_prob"] = {each.name: np.repeat([0.0, 1.0, 0.0], 16) for each in site.interruptible}
    # Within a day no new peak pays for a month's charge: the one there has been decides.
    rows["state"] = SiteState(
        peak_mw={each.name: 0.9 * site.connection_mw for each in site.tariff.demand_charges}
    )
    prices = prices_of(rng.normal(45.0, 30.0, 48).tolist(), hours=0.5)
    problem = compile_site(site, prices, hashprice_usd_per_ph_day=45.0, **rows)  # type: ignore[arg-type]  # by name
    solved = solve_coupled(problem)
    assert solved.account.profit_usd + solved.account.peaks_usd > 0.0
    assert len(problem.loads) >= len(site.use_names)
