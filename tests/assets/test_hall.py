from __future__ import annotations

import dataclasses

import pytest

from support.refusals import refuses
from wattshift.assets.contract import Colocation, GpuCloud
from wattshift.assets.hall import AiHall
from wattshift.assets.jobs import JobClass, JobKind
from wattshift.assets.kind import UseKind
from wattshift.assets.weather import PuePoint
from wattshift.errors import InputError

LEASE = Colocation(
    rent_usd_m_per_mw_year=1.85,
    noi_margin_frac=0.85,
    capex_usd_m_per_mw=9.0,
    term_years=15.0,
    discount_rate_frac=0.1,
)
CLOUD = GpuCloud(
    usd_per_gpu_h=2.4,
    utilisation_frac=0.7,
    it_kw_per_gpu=1.4,
    opex_usd_per_gpu_h=0.35,
    gpu_capex_usd=38_000.0,
    gpu_life_years=5.0,
    hall_capex_usd_m_per_mw=10.0,
    hall_life_years=15.0,
    discount_rate_frac=0.1,
)


def test_kind_and_contract_follow_from_the_table_given() -> None:
    lease = AiHall(name="a", it_mw=10.0, pue=1.25, floor_mw=12.5, colocation=LEASE)
    cloud = AiHall(name="b", it_mw=10.0, pue=1.3, floor_mw=0.0, gpu_cloud=CLOUD)
    assert (lease.kind, lease.contract, lease.facility_mw) == (UseKind.COLOCATION, LEASE, 12.5)
    assert (cloud.kind, cloud.contract, cloud.facility_mw) == (UseKind.GPU_CLOUD, CLOUD, 13.0)


def test_exactly_one_contract() -> None:
    with pytest.raises(InputError, match="exactly one contract"):
        AiHall(name="a", it_mw=10.0, pue=1.25, floor_mw=0.0)
    with pytest.raises(InputError, match="exactly one contract"):
        AiHall(name="a", it_mw=10.0, pue=1.25, floor_mw=0.0, colocation=LEASE, gpu_cloud=CLOUD)


def test_floor_within_the_hall() -> None:
    with pytest.raises(InputError, match=r"exceeds its 12\.5 MW") as raised:
        AiHall(name="a", it_mw=10.0, pue=1.25, floor_mw=12.6, colocation=LEASE)
    assert raised.value.context["key"] == "floor_mw"


def test_what_was_promised_at_the_most() -> None:
    lease = AiHall(name="a", it_mw=10.0, pue=1.25, floor_mw=5.0, colocation=LEASE)
    assert lease.promised_mw == 5.0
    terms = dataclasses.replace(LEASE, availability_frac=0.8, profile_frac=(0.5,) * 23 + (1.0,))
    assert dataclasses.replace(lease, colocation=terms).promised_mw == pytest.approx(10.0)
    firm = JobClass(name="firm", kind=JobKind.FIRM, share_frac=0.6)
    spot = JobClass(name="spot", kind=JobKind.INTERRUPTIBLE, share_frac=0.4)
    cloud = dataclasses.replace(CLOUD, job_classes=(firm, spot))
    hall = AiHall(name="b", it_mw=10.0, pue=1.25, floor_mw=5.0, gpu_cloud=cloud)
    assert hall.promised_mw == pytest.approx(7.5)


def test_weather_and_calls_are_refused_by_key() -> None:
    hall = AiHall(name="a", it_mw=10.0, pue=1.25, floor_mw=5.0, colocation=LEASE)
    cold, hot = PuePoint(outside_c=0.0, pue=1.1), PuePoint(outside_c=40.0, pue=1.4)
    assert dataclasses.replace(hall, pue_curve=(cold, hot)).pue_curve == (cold, hot)
    refuses(hall, {"pue_curve": (hot, cold)}, "pue_curve.1", "low to high")
    refuses(hall, {"drop_s": -1.0}, "drop_s", "negative")
