from __future__ import annotations

from typing import Any

import pytest

from support.refusals import refuses, refuses_what_is_no_number
from wattshift.assets.ppa import Ppa

PPA = Ppa(ppa_usd_per_mwh=30.0, share_frac=0.4)


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"ppa_usd_per_mwh": 0.03}, "ppa_usd_per_mwh", "write 30 "),
        ({"share_frac": 40.0}, "share_frac", "write 0.4"),
        ({"share_frac": None}, "share_frac", "exactly one"),
        ({"produced_series": "wind"}, "share_frac", "exactly one"),
    ],
)
def test_refusals(change: dict[str, Any], key: str, says: str) -> None:
    refuses(PPA, change, key, says)


def test_no_nan() -> None:
    refuses_what_is_no_number(PPA)
