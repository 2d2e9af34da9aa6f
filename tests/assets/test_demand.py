from __future__ import annotations

from typing import Any

import pytest

from support.refusals import refuses, refuses_what_is_no_number
from wattshift.assets.demand import CoincidentPeakCharge, DemandCharge

DEMAND = DemandCharge(name="peak", charge_usd_per_mw_month=2500.0)
FOUR_CP = CoincidentPeakCharge(name="4CP", charge_usd_per_mw_year=60_000.0)


def test_a_year_is_shared_among_its_peaks() -> None:
    assert FOUR_CP.peak_usd_per_mw == 15_000.0
    assert FOUR_CP.months == (6, 7, 8, 9)
    assert FOUR_CP.weekdays == ()


@pytest.mark.parametrize(
    ("part", "change", "key", "says"),
    [
        (DEMAND, {"name": ""}, "name", "empty"),
        (DEMAND, {"charge_usd_per_mw_month": 2.5}, "charge_usd_per_mw_month", "each kW: write 2500"),
        (DEMAND, {"charge_usd_per_mw_month": 0.0}, "charge_usd_per_mw_month", "positive"),
        (DEMAND, {"hours_of_day": (24,)}, "hours_of_day", "between 0 and 23"),
        (DEMAND, {"months": (13,)}, "months", "between 1 and 12"),
        (FOUR_CP, {"name": ""}, "name", "empty"),
        (FOUR_CP, {"charge_usd_per_mw_year": 60.0}, "charge_usd_per_mw_year", "each kW: write 60000"),
        (FOUR_CP, {"peaks_per_year": 0}, "peaks_per_year", "positive"),
        (FOUR_CP, {"hours_of_day": (-1,)}, "hours_of_day", "between 0 and 23"),
        (FOUR_CP, {"months": (0,)}, "months", "between 1 and 12"),
    ],
)
def test_refusals(part: object, change: dict[str, Any], key: str, says: str) -> None:
    refuses(part, change, key, says)


def test_no_nan() -> None:
    refuses_what_is_no_number(DEMAND)
    refuses_what_is_no_number(FOUR_CP)
