from __future__ import annotations

import math

import numpy as np
import pytest

from support.outlooks import outlook_of, prices_of
from wattshift.allocate.coupled.site.outlook import Outlook
from wattshift.assets.weather import PuePoint
from wattshift.errors import InputError

PRICES = prices_of([10.0, 20.0, 30.0])


def test_one_number_holds_for_every_interval() -> None:
    outlook = outlook_of(PRICES, outside_c=20.0)
    assert outlook.hashprice_usd_per_ph_day.tolist() == [48.0] * 3
    assert outlook.outside_c is not None
    assert outlook.outside_c.tolist() == [20.0] * 3


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("key", ["outside_c", "peak_prob", "hashprice_usd_per_ph_day", "price"])
def test_nothing_that_is_not_finite_comes_in(key: str, bad: float) -> None:
    row = [1.0, bad, 1.0]
    prices = prices_of(row) if key == "price" else PRICES
    rows: dict[str, object] = {"hashprice_usd_per_ph_day": 48.0, **({} if key == "price" else {key: row})}
    with pytest.raises(InputError) as raised:
        Outlook.of(prices, zone="UTC", **rows)  # type: ignore[arg-type]  # by name
    assert raised.value.context["interval"] == 1


def test_other_refusals() -> None:
    with pytest.raises(InputError, match="2 numbers for 3 intervals"):
        outlook_of(PRICES, outside_c=[1.0, 2.0])
    with pytest.raises(InputError, match="between 0 and 1"):
        outlook_of(PRICES, peak_prob=[0.0, 5.0, 0.0])
    with pytest.raises(InputError, match="'calls'"):
        outlook_of(PRICES, calls_prob={"calls": [0.0, -1.0, 0.0]})
    with pytest.raises(InputError, match="up to one hour"):
        outlook_of(prices_of([1.0], hours=2.0))
    with pytest.raises(InputError, match="no prices"):
        outlook_of(prices_of([]))
    with pytest.raises(InputError, match="'wind' is missing"):
        outlook_of(PRICES).named("wind")


def test_a_profile_follows_the_local_hour() -> None:
    by_hour = [hour / 100.0 for hour in range(24)]
    assert outlook_of(PRICES, zone="America/Chicago").profile(by_hour).tolist() == [0.19, 0.20, 0.21]
    assert outlook_of(PRICES).profile([]).tolist() == [1.0] * 3


def test_a_curve_is_straight_between_its_points_and_flat_beyond() -> None:
    curve = [PuePoint(outside_c=10.0, pue=1.1), PuePoint(outside_c=30.0, pue=1.3)]
    outlook = outlook_of(PRICES, outside_c=[0.0, 20.0, 50.0])
    np.testing.assert_allclose(outlook.pue(1.25, curve), [1.1, 1.2, 1.3])
    assert outlook_of(PRICES).pue(1.25, []).tolist() == [1.25] * 3
    with pytest.raises(InputError, match="pue_curve needs the outside temperature"):
        outlook_of(PRICES).pue(1.25, curve)
