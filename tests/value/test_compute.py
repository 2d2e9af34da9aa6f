from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.assets.contract import Colocation, GpuCloud
from wattshift.assets.hall import AiHall
from wattshift.assets.kind import UseKind
from wattshift.assets.miner import MinerClass
from wattshift.errors import InputError
from wattshift.value.compute import (
    EnergyBasis,
    break_even_capex_usd_m_per_mw,
    capital_recovery_factor,
    capital_usd_per_mwh,
    colocation_value,
    gpu_cloud_value,
    hall_usd_per_mwh,
    hall_value,
)
from wattshift.value.mining import mining_usd_per_mwh

LEASE = Colocation(
    rent_usd_m_per_mw_year=1.752,
    noi_margin_frac=0.85,
    capex_usd_m_per_mw=10.0,
    term_years=15.0,
    discount_rate_frac=0.1,
    low_noi_margin_frac=0.8,
)
CLOUD = GpuCloud(
    usd_per_gpu_h=2.0,
    utilisation_frac=0.75,
    it_kw_per_gpu=1.25,
    opex_usd_per_gpu_h=0.5,
    gpu_capex_usd=30_000.0,
    gpu_life_years=5.0,
    hall_capex_usd_m_per_mw=10.0,
    hall_life_years=15.0,
    discount_rate_frac=0.1,
    high_usd_per_gpu_h=3.0,
)


def test_ten_million_per_mw_costs_150_per_mwh() -> None:
    assert capital_usd_per_mwh(10.0, discount_rate_frac=0.1, term_years=15.0) == pytest.approx(150.0, abs=0.1)


@given(st.floats(0.0, 0.5), st.integers(1, 40))
def test_the_recovery_factor_repays_exactly(rate: float, years: int) -> None:
    debt = 1.0
    for _ in range(years):
        debt = debt * (1.0 + rate) - capital_recovery_factor(rate, years)
    assert debt == pytest.approx(0.0, abs=1e-9 * (1.0 + rate) ** years)


def test_the_recovery_factor_refuses_nonsense() -> None:
    for rate, years in ((-0.1, 10.0), (0.1, 0.0), (float("nan"), 10.0), (0.1, float("nan"))):
        with pytest.raises(InputError):
            capital_recovery_factor(rate, years)


@pytest.mark.parametrize(("efficiency", "capex"), [(15.0, 9.7), (19.0, 11.3), (25.0, 12.7), (29.5, 13.3)])
def test_published_capex_at_which_ai_equals_mining(efficiency: float, capex: float) -> None:
    noi = 454e6 / (245.0 * 8_760.0)
    mining = mining_usd_per_mwh(40.0, efficiency_j_per_th=efficiency) - 45.0
    found = break_even_capex_usd_m_per_mw(noi, mining, discount_rate_frac=0.1, term_years=15.0)
    assert found == pytest.approx(capex, abs=0.06)
    assert noi - capital_usd_per_mwh(found, discount_rate_frac=0.1, term_years=15.0) == pytest.approx(mining)


def test_colocation_per_it_mwh() -> None:
    value = colocation_value(LEASE)
    assert (value.kind, value.basis) == (UseKind.COLOCATION, EnergyBasis.CRITICAL_IT)
    assert value.gross_usd_per_mwh == pytest.approx(200.0)
    assert value.income_usd_per_mwh == pytest.approx(170.0)
    assert value.low_usd_per_mwh == pytest.approx(160.0)
    assert value.high_usd_per_mwh == pytest.approx(170.0)
    assert value.net_of_capital_usd_per_mwh == pytest.approx(170.0 - 150.08, abs=0.01)


def test_gpu_cloud_per_it_mwh() -> None:
    value = gpu_cloud_value(CLOUD)
    assert value.kind is UseKind.GPU_CLOUD
    assert value.gross_usd_per_mwh == pytest.approx(2.0 * 0.75 * 800.0)
    assert value.income_usd_per_mwh == pytest.approx(1_200.0 - 400.0)
    assert value.low_usd_per_mwh == pytest.approx(800.0)
    assert value.high_usd_per_mwh == pytest.approx(1_400.0)
    gpus = 30_000.0 * capital_recovery_factor(0.1, 5.0) / 8_760.0 * 800.0
    assert value.capital_usd_per_mwh == pytest.approx(gpus + 150.08, abs=0.01)


def test_per_facility_mwh_divides_everything_by_the_pue_once() -> None:
    per_it, at_meter = colocation_value(LEASE), colocation_value(LEASE).at_meter(1.25)
    for field in dataclasses.fields(per_it):
        before, after = getattr(per_it, field.name), getattr(at_meter, field.name)
        assert after == (before / 1.25 if isinstance(before, float) else after)
    assert at_meter.basis is EnergyBasis.FACILITY
    with pytest.raises(InputError):
        at_meter.at_meter(1.25)
    with pytest.raises(InputError):
        per_it.at_meter(0.5)


def test_only_the_colocation_tenant_pays_the_power() -> None:
    lease = AiHall(name="a", it_mw=10.0, pue=1.25, floor_mw=0.0, colocation=LEASE)
    cloud = AiHall(name="b", it_mw=10.0, pue=1.25, floor_mw=0.0, gpu_cloud=CLOUD)
    delivered = np.array([-20.0, 40.0, 5_000.0])
    assert (hall_usd_per_mwh(lease, delivered) - delivered).tolist() == pytest.approx([136.0] * 3)
    assert hall_usd_per_mwh(cloud, delivered).tolist() == pytest.approx([640.0] * 3)


def test_a_sha256_machine_has_no_ai_value() -> None:
    miner = MinerClass(name="S21", efficiency_j_per_th=17.5, hashrate_ths=200.0, count=1)
    for function in (hall_value, colocation_value, gpu_cloud_value):
        with pytest.raises(InputError, match="SHA-256 machines can only mine"):
            function(miner)  # type: ignore[arg-type]  # the type checker refuses it too
