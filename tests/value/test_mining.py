from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.assets.miner import MinerClass
from wattshift.assets.site import Mining
from wattshift.errors import InputError
from wattshift.value.mining import (
    break_even_efficiency_j_per_th,
    break_even_hashprice_usd_per_ph_day,
    machine_cost_usd_per_mw,
    miner_usd_per_mwh,
    mining_usd_per_mwh,
    payback,
)

positive = st.floats(0.1, 1_000.0)
fractions = st.floats(0.01, 0.99)


@pytest.mark.parametrize(
    ("efficiency_j_per_th", "expected"), [(29.5, 56.5), (13.5, 123.5), (29.2, 57.1), (12.9, 129.2)]
)
def test_published_values_at_hashprice_40(efficiency_j_per_th: float, expected: float) -> None:
    value = mining_usd_per_mwh(40.0, efficiency_j_per_th=efficiency_j_per_th)
    assert value == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(("power", "days"), [(40.0, 184), (58.0, 295), (73.0, 596)])
def test_published_paybacks(power: float, days: int) -> None:
    result = payback(4.0, hashprice_usd_per_ph_day=40.0, power_usd_per_mwh=power, efficiency_j_per_th=19.0)
    assert result.days is not None
    assert round(result.days) == days


def test_payback_never_comes_from_the_break_even_price_on() -> None:
    edge = mining_usd_per_mwh(40.0, efficiency_j_per_th=19.0)
    assert edge == pytest.approx(87.72, abs=0.005)
    above = payback(
        4.0, hashprice_usd_per_ph_day=40.0, power_usd_per_mwh=edge * 1.000001, efficiency_j_per_th=19.0
    )
    assert above.days is None
    assert above.reason.startswith("never: it earns 40.00 and pays 40.00")


def test_machine_cost() -> None:
    assert machine_cost_usd_per_mw(4.0, 19.0) == pytest.approx(210_526, abs=1)


def test_pool_fee_pue_and_uptime() -> None:
    plain = mining_usd_per_mwh(40.0, efficiency_j_per_th=20.0)
    assert mining_usd_per_mwh(
        40.0, efficiency_j_per_th=20.0, pool_fee_frac=0.02, pue=1.1, uptime_frac=0.95
    ) == pytest.approx(plain * 0.98 * 0.95 / 1.1)


def test_arrays_and_classes() -> None:
    miner = MinerClass(name="a", efficiency_j_per_th=20.0, hashrate_ths=100.0, count=1)
    fleet = Mining(pool_fee_frac=0.02, pue=1.1, uptime_frac=0.95, classes=(miner,))
    hashprice = np.array([30.0, 40.0])
    values = miner_usd_per_mwh(miner, fleet, hashprice)
    assert values.tolist() == [miner_usd_per_mwh(miner, fleet, float(each)) for each in hashprice]


@given(positive, positive, fractions, st.floats(1.0, 2.0), fractions)
def test_break_evens_invert_the_value(
    hashprice: float, efficiency: float, fee: float, pue: float, uptime: float
) -> None:
    worth = mining_usd_per_mwh(
        hashprice, efficiency_j_per_th=efficiency, pool_fee_frac=fee, pue=pue, uptime_frac=uptime
    )
    assert break_even_hashprice_usd_per_ph_day(
        worth, efficiency_j_per_th=efficiency, pool_fee_frac=fee, pue=pue, uptime_frac=uptime
    ) == pytest.approx(hashprice)
    assert break_even_efficiency_j_per_th(
        hashprice, worth, pool_fee_frac=fee, pue=pue, uptime_frac=uptime
    ) == pytest.approx(efficiency)


@given(positive, positive, st.floats(-100.0, 200.0), positive)
def test_payback_earns_the_price(hashprice: float, efficiency: float, power: float, price: float) -> None:
    result = payback(
        price, hashprice_usd_per_ph_day=hashprice, power_usd_per_mwh=power, efficiency_j_per_th=efficiency
    )
    margin = hashprice - 0.024 * efficiency * power
    if result.days is None:
        assert margin <= 1e-9 * hashprice
    else:
        assert result.days * margin == pytest.approx(price * 1_000.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0])
def test_bad_numbers_are_refused(bad: float) -> None:
    with pytest.raises(InputError):
        mining_usd_per_mwh(bad, efficiency_j_per_th=20.0)
    with pytest.raises(InputError):
        mining_usd_per_mwh(np.array([40.0, bad]), efficiency_j_per_th=20.0)
    with pytest.raises(InputError):
        mining_usd_per_mwh(40.0, efficiency_j_per_th=bad)
    with pytest.raises(InputError):
        payback(bad, hashprice_usd_per_ph_day=40.0, power_usd_per_mwh=40.0, efficiency_j_per_th=20.0)


def test_break_evens_without_an_answer_are_refused() -> None:
    with pytest.raises(InputError, match="every machine earns"):
        break_even_efficiency_j_per_th(40.0, 0.0)
    with pytest.raises(InputError, match="nothing is earned"):
        break_even_hashprice_usd_per_ph_day(40.0, efficiency_j_per_th=20.0, uptime_frac=0.0)
