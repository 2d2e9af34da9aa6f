from __future__ import annotations

from typing import Any

import pytest

from support.refusals import refuses, refuses_what_is_no_number
from wattshift.assets.feeder import Feeder

FEEDER = Feeder(name="transformer", limit_mw=40.0, uses=("hall",))


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"name": ""}, "name", "empty"),
        ({"limit_mw": 0.0}, "limit_mw", "positive"),
        ({"limit_mw": 40_000.0}, "limit_mw", "write 40 (MW)"),
        ({"uses": ()}, "uses", "list the names"),
    ],
)
def test_refusals(change: dict[str, Any], key: str, says: str) -> None:
    refuses(FEEDER, change, key, says)


def test_no_nan() -> None:
    refuses_what_is_no_number(FEEDER)
