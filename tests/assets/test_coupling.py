from __future__ import annotations

import dataclasses
from pathlib import Path

from support.backtests import PLAIN, RICH
from wattshift.assets.coupling import beyond_merit_order
from wattshift.config import load_site

ROOT = Path(__file__).parents[2]


def test_a_plain_site_has_a_merit_order() -> None:
    assert beyond_merit_order(PLAIN) == ()
    for name in ("houston-100mw", "fixed-price-10mw"):
        assert beyond_merit_order(load_site(ROOT / "examples" / f"{name}.toml")) == ()


def test_whatever_couples_is_named() -> None:
    assert beyond_merit_order(RICH) == ("batteries", "ancillary", "demand_charges")
    assert PLAIN.mining is not None
    new, old = PLAIN.mining.classes
    slow = dataclasses.replace(PLAIN.mining, classes=(new, dataclasses.replace(old, min_up_h=2.0)))
    assert beyond_merit_order(dataclasses.replace(PLAIN, mining=slow)) == ("min_up_h",)
