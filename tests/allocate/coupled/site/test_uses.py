from __future__ import annotations

import dataclasses
from datetime import timedelta

import numpy as np
import pytest

from support.outlooks import CLOUD, FLEET, LEASE, LEASED, MINER, OWNED, SITE, outlook_of, prices_of
from wattshift.allocate.coupled.site.outlook import Outlook
from wattshift.allocate.coupled.parts import Load
from wattshift.allocate.coupled.site.uses import LoadsOfUses, loads_of_uses
from wattshift.assets.contract import GpuCloud
from wattshift.assets.heat import HeatSink
from wattshift.assets.jobs import JobClass, JobKind
from wattshift.assets.miner import MinerClass
from wattshift.assets.modes import PowerCap, PowerMode
from wattshift.assets.site import Mining, Site
from wattshift.assets.state import Move, SiteState
from wattshift.assets.weather import DeratingPoint, PuePoint

PRICES = prices_of([40.0, 60.0])
ECO = PowerMode(name="eco", efficiency_j_per_th=15.0, hashrate_ths=150.0)
"""Of the machine of 4000 W and 200 TH/s: 2250 W for 150 TH/s, then 1750 W for 50 TH/s (35 J/TH)."""


def uses(site: Site, outlook: Outlook | None = None, state: SiteState | None = None) -> LoadsOfUses:
    outlook = outlook or outlook_of(PRICES)
    return loads_of_uses(site, outlook, state or SiteState(), outlook.spot_usd_per_mwh + 5.0)


def mined(miner: MinerClass, fleet: Mining = FLEET, outlook: Outlook | None = None) -> Load:
    site = dataclasses.replace(SITE, mining=dataclasses.replace(fleet, classes=(miner,)))
    return uses(site, outlook).by_use[miner.name][0]


def test_a_plain_class_is_one_step() -> None:
    load = mined(MINER)
    assert [step.capacity_mw for step in load.steps] == [10.0]
    np.testing.assert_allclose(load.steps[0].worth_usd_per_mwh, 100.0)
    assert load.available_mw.tolist() == [10.0, 10.0]
    assert (load.start_usd_per_mw, load.stop_usd_per_mw, load.ramp_up_mw_per_h) == (0.0, 0.0, np.inf)


def test_modes_are_stretches_of_marginal_efficiency() -> None:
    load = mined(dataclasses.replace(MINER, modes=(ECO,)))
    assert [step.name for step in load.steps] == ["eco", "S21"]
    assert [step.capacity_mw for step in load.steps] == pytest.approx([5.625, 4.375])
    worth = [float(step.worth_usd_per_mwh[0]) for step in load.steps]
    assert worth == pytest.approx([48.0 / (0.024 * 15.0), 48.0 / (0.024 * 35.0)])


def test_a_mode_below_the_hull_is_never_used() -> None:
    poor = PowerMode(name="poor", efficiency_j_per_th=25.0, hashrate_ths=100.0)
    assert [step.name for step in mined(dataclasses.replace(MINER, modes=(poor,))).steps] == ["S21"]


def test_motion_by_hand() -> None:
    miner = dataclasses.replace(
        MINER, start_usd=0.4, switch_wear_usd=0.2, boot_h=0.5, min_up_h=2.0, ramp_up_mw_per_h=3.0
    )
    load = mined(miner)  # a machine draws 0.004 MW and earns 100 USD/MWh
    assert load.start_usd_per_mw == pytest.approx(0.6 / 0.004 + 0.25 * 100.0)
    assert load.stop_usd_per_mw == pytest.approx(0.2 / 0.004)
    assert (load.min_up_h, load.ramp_up_mw_per_h, load.ramp_down_mw_per_h) == (2.0, 3.0, np.inf)
    assert mined(dataclasses.replace(MINER, whole=True)).whole


def test_heat_takes_machines_away() -> None:
    points = tuple(
        DeratingPoint(outside_c=at, available_frac=part) for at, part in ((30.0, 1.0), (40.0, 0.5))
    )
    outlook = outlook_of(PRICES, outside_c=[20.0, 35.0])
    load = mined(MINER, dataclasses.replace(FLEET, derating=points), outlook)
    np.testing.assert_allclose(load.available_mw, [10.0, 7.5])


def test_a_tenant_pays_the_power_and_was_promised_some() -> None:
    terms = dataclasses.replace(
        LEASE, profile_frac=(0.5, 1.0) * 12, availability_frac=0.9, credit_usd_per_mwh=300.0
    )
    curve = (PuePoint(outside_c=0.0, pue=1.0), PuePoint(outside_c=20.0, pue=1.5))
    hall = dataclasses.replace(LEASED, colocation=terms, pue_curve=curve, floor_mw=3.0)
    outlook = outlook_of(PRICES, outside_c=[0.0, 20.0])
    (load,) = uses(dataclasses.replace(SITE, halls=(hall,)), outlook).by_use["leased"]
    np.testing.assert_allclose(load.available_mw, [2.0, 6.0])
    np.testing.assert_allclose(load.floor_mw, [2.0, 3.0])
    np.testing.assert_allclose(load.promised_mw, [1.8, 5.4])
    assert load.credit_usd_per_mwh == 300.0
    noi = 200.0 * 0.5 / 0.75  # a year's rent over three quarters of the energy
    np.testing.assert_allclose(load.steps[0].worth_usd_per_mwh, [noi + 45.0, noi / 1.5 + 65.0])


def cloud(**keys: object) -> Site:
    terms: GpuCloud = dataclasses.replace(CLOUD, **keys)  # type: ignore[arg-type]  # by name
    return dataclasses.replace(SITE, halls=(dataclasses.replace(OWNED, gpu_cloud=terms),))


def test_a_plain_gpu_hall_is_one_load() -> None:
    (load,) = uses(cloud()).by_use["own"]
    assert load.available_mw.tolist() == [5.0, 5.0]
    assert load.floor_mw.tolist() == [0.5, 0.5]
    np.testing.assert_allclose(load.steps[0].worth_usd_per_mwh, (2.0 * 0.5 - 0.4) * 500.0 / 1.25)


def test_power_caps_by_hand() -> None:
    caps = (
        PowerCap(power_frac=0.5, throughput_frac=0.8),
        PowerCap(power_frac=0.75, throughput_frac=0.82),  # below the hull
    )
    low, high = uses(cloud(power_caps=caps)).by_use["own"]
    assert (low.name, high.name) == ("own", "own, above 50% power")
    np.testing.assert_allclose([low.available_mw[0], high.available_mw[0]], [2.5, 2.5])
    # Running costs of 0.4 stay whole at half power.
    np.testing.assert_allclose(low.steps[0].worth_usd_per_mwh, (0.8 - 0.4) / 0.5 * 500.0 / 1.25)
    np.testing.assert_allclose(high.steps[0].worth_usd_per_mwh, (1.0 - 0.8) / 0.5 * 500.0 / 1.25)
    full = 2.5 * (low.steps[0].worth_usd_per_mwh + high.steps[0].worth_usd_per_mwh)
    np.testing.assert_allclose(full, 5.0 * (1.0 - 0.4) * 500.0 / 1.25)


def test_job_classes_by_hand() -> None:
    spot = JobClass(
        name="spot",
        kind=JobKind.INTERRUPTIBLE,
        share_frac=0.25,
        usd_per_gpu_h=1.5,
        utilisation_frac=0.8,
        checkpoint_usd_per_gpu=0.5,
    )
    firm = JobClass(name="firm", kind=JobKind.FIRM, share_frac=0.5)
    first, second = uses(cloud(job_classes=(spot, firm))).by_use["own"]
    assert (first.name, second.name) == ("own, firm", "own, spot")
    assert first.floor_mw.tolist() == first.available_mw.tolist() == [2.5, 2.5]
    assert second.floor_mw.tolist() == [0.0, 0.0]
    np.testing.assert_allclose(second.available_mw, 1.25)
    np.testing.assert_allclose(second.steps[0].worth_usd_per_mwh, (1.2 - 0.4) * 500.0 / 1.25)
    assert second.stop_usd_per_mw == pytest.approx(0.5 / (0.002 * 1.25))


def test_a_floor_above_the_firm_work_falls_on_the_rest() -> None:
    firm = JobClass(name="firm", kind=JobKind.FIRM, share_frac=0.2)
    spot = JobClass(name="spot", kind=JobKind.INTERRUPTIBLE, share_frac=0.8)
    site = cloud(job_classes=(firm, spot))
    hall = dataclasses.replace(site.halls[0], floor_mw=3.0)
    loads = uses(dataclasses.replace(site, halls=(hall,))).by_use["own"]
    assert [load.floor_mw.tolist() for load in loads] == [[1.0, 1.0], [2.0, 2.0]]


def test_interruptions_are_not_made_of_weather() -> None:
    spot = JobClass(name="spot", kind=JobKind.INTERRUPTIBLE, share_frac=1.0, checkpoint_usd_per_gpu=0.5)
    curve = (PuePoint(outside_c=0.0, pue=1.0), PuePoint(outside_c=20.0, pue=1.5))
    site = cloud(job_classes=(spot,))
    hall = dataclasses.replace(site.halls[0], pue_curve=curve)
    outlook = outlook_of(PRICES, outside_c=[0.0, 20.0])
    (load,) = uses(dataclasses.replace(site, halls=(hall,)), outlook).by_use["own"]
    np.testing.assert_allclose(load.available_mw, 5.0)


def test_work_that_may_wait_has_a_host_that_draws_nothing_else() -> None:
    night = JobClass(
        name="night", kind=JobKind.DEFERRABLE, share_frac=0.5, daily_work_hours=1.0, ready_h=0, due_h=2
    )
    found = uses(cloud(job_classes=(night,)))
    (host,) = found.by_use["own"]
    assert (host.capacity_mw, host.floor_mw.tolist()) == (0.0, [0.0, 0.0])
    assert host.available_mw.tolist() == [2.5, 2.5]
    assert [job.load for job in found.jobs] == ["own, night"]


def test_the_first_megawatts_sell_their_heat_in_season() -> None:
    sink = HeatSink(
        name="greenhouse", use="S21", max_mw=4.0, captured_frac=0.8, heat_usd_per_mwh=20.0, months=(7,)
    )
    miner = dataclasses.replace(MINER, modes=(ECO,))
    site = dataclasses.replace(SITE, mining=dataclasses.replace(FLEET, classes=(miner,)), heat_sinks=(sink,))
    (load,) = uses(site).by_use["S21"]
    assert [step.capacity_mw for step in load.steps] == pytest.approx([5.0, 0.625, 4.375])
    plain = 48.0 / (0.024 * 15.0)
    assert float(load.steps[0].worth_usd_per_mwh[0]) == pytest.approx(plain + 16.0)
    assert float(load.steps[1].worth_usd_per_mwh[0]) == pytest.approx(plain)
    winter = dataclasses.replace(site, heat_sinks=(dataclasses.replace(sink, months=(1,)),))
    assert len(uses(winter).by_use["S21"][0].steps) == 2


def test_what_ran_before_is_known() -> None:
    assert uses(SITE).by_use["S21"][0].before_mw == 0.0
    assert uses(SITE, state=SiteState(load_mw={"S21": 4.0})).by_use["S21"][0].before_mw == 4.0


def test_what_moved_before_is_bound_for_the_rest_of_its_least_time() -> None:
    outlook = outlook_of(prices_of([40.0] * 4))
    first_at = outlook.start[0]
    moved_at = first_at - timedelta(hours=1)
    state = SiteState(
        load_mw={"S21": 4.0},
        started=(Move(load="S21", power_mw=1.5, at=moved_at),),
        stopped=(Move(load="S21", power_mw=99.0, at=moved_at),),
    )
    mining = SITE.mining
    assert mining is not None
    classes = tuple(
        dataclasses.replace(miner, min_up_h=3.0, min_down_h=2.0) if miner.name == "S21" else miner
        for miner in mining.classes
    )
    site = dataclasses.replace(SITE, mining=dataclasses.replace(mining, classes=classes))
    (load,) = uses(site, outlook, state).by_use["S21"]
    assert load.still_on_mw is not None
    assert load.still_on_mw.tolist() == [1.5, 1.5, 0.0, 0.0]
    assert load.still_off_mw is not None
    rest_mw = load.capacity_mw - 4.0
    assert load.still_off_mw == pytest.approx([rest_mw, 0.0, 0.0, 0.0]), "no more rests than is there"
    (free,) = uses(SITE, outlook, state).by_use["S21"]
    assert (free.still_on_mw, free.still_off_mw) == (None, None)
