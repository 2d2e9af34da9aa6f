from __future__ import annotations

from typing import Any

import pytest

from support.refusals import refuses, refuses_what_is_no_number
from wattshift.assets.heat import HeatSink

SINK = HeatSink(
    name="greenhouse", use="hall", max_mw=8.0, captured_frac=0.8, heat_usd_per_mwh=20.0, months=(12, 1, 2)
)


def test_the_load_that_makes_all_the_heat_that_is_wanted() -> None:
    assert SINK.load_mw == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"name": ""}, "name", "empty"),
        ({"max_mw": 8_000_000.0}, "max_mw", "write 8000 (MW)"),
        ({"captured_frac": 80.0}, "captured_frac", "write 0.8"),
        ({"captured_frac": 0.0}, "captured_frac", "positive"),
        ({"heat_usd_per_mwh": 0.0}, "heat_usd_per_mwh", "positive"),
        ({"months": (0,)}, "months", "between 1 and 12"),
    ],
)
def test_refusals(change: dict[str, Any], key: str, says: str) -> None:
    refuses(SINK, change, key, says)


def test_no_nan() -> None:
    refuses_what_is_no_number(SINK)
