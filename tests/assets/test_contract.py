from __future__ import annotations

import dataclasses

import pytest

from support.refusals import refuses
from wattshift.assets.contract import Colocation, GpuCloud
from wattshift.assets.jobs import JobClass, JobKind
from wattshift.assets.modes import PowerCap
from wattshift.errors import InputError

COLOCATION = Colocation(
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


@pytest.mark.parametrize(
    ("terms", "change", "key"),
    [
        (COLOCATION, {"rent_usd_m_per_mw_year": 0.0}, "rent_usd_m_per_mw_year"),
        (COLOCATION, {"rent_usd_m_per_mw_year": 1_850_000.0}, "rent_usd_m_per_mw_year"),
        (COLOCATION, {"noi_margin_frac": 85.0}, "noi_margin_frac"),
        (COLOCATION, {"low_noi_margin_frac": 0.9}, "noi_margin_frac"),
        (COLOCATION, {"high_noi_margin_frac": 0.8}, "noi_margin_frac"),
        (COLOCATION, {"high_noi_margin_frac": 1.2}, "high_noi_margin_frac"),
        (COLOCATION, {"term_years": 0.0}, "term_years"),
        (COLOCATION, {"discount_rate_frac": 10.0}, "discount_rate_frac"),
        (CLOUD, {"it_kw_per_gpu": 1400.0}, "it_kw_per_gpu"),
        (CLOUD, {"utilisation_frac": 70.0}, "utilisation_frac"),
        (CLOUD, {"usd_per_gpu_h": float("nan")}, "usd_per_gpu_h"),
        (CLOUD, {"low_usd_per_gpu_h": 2.5}, "usd_per_gpu_h"),
        (CLOUD, {"low_usd_per_gpu_h": -1.0}, "low_usd_per_gpu_h"),
        (CLOUD, {"gpu_capex_usd": -1.0}, "gpu_capex_usd"),
    ],
)
def test_refusals_name_the_key(terms: Colocation | GpuCloud, change: dict[str, float], key: str) -> None:
    with pytest.raises(InputError) as raised:
        type(terms)(**{**dataclasses.asdict(terms), **change})
    assert raised.value.context["key"] == key
    assert raised.value.hint


FIRM = JobClass(name="firm", kind=JobKind.FIRM, share_frac=0.6)
CAPS = (PowerCap(power_frac=0.6, throughput_frac=0.8), PowerCap(power_frac=0.8, throughput_frac=0.9))


@pytest.mark.parametrize(
    ("terms", "change", "key", "says"),
    [
        (COLOCATION, {"availability_frac": 99.9}, "availability_frac", "write 0.999"),
        (COLOCATION, {"credit_usd_per_mwh": 900.0}, "credit_usd_per_mwh", "add availability_frac"),
        (COLOCATION, {"credit_usd_per_mwh": -1.0}, "credit_usd_per_mwh", "negative"),
        (COLOCATION, {"profile_frac": (0.5,) * 12}, "profile_frac", "24 numbers"),
        (COLOCATION, {"profile_frac": (0.0,) * 24}, "profile_frac", "at some hour"),
        (CLOUD, {"power_caps": CAPS[::-1]}, "power_caps.1", "low to high"),
        (CLOUD, {"job_classes": (FIRM, FIRM)}, "job_classes.1.share_frac", "add up to 1"),
        (
            CLOUD,
            {"job_classes": (dataclasses.replace(FIRM, share_frac=0.2),) * 2},
            "job_classes.1.name",
            "name them differently",
        ),
    ],
)
def test_promises_are_refused_by_key(terms: object, change: dict[str, object], key: str, says: str) -> None:
    refuses(terms, change, key, says)
