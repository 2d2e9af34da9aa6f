from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from wattshift.allocate.merit import dispatch
from wattshift.allocate.problem import Problem, Use
from wattshift.allocate.reasons import explain
from wattshift.assets.kind import UseKind
from wattshift.assets.tariff import PowerBlock
from wattshift.errors import InputError

BLOCK = PowerBlock(block_mw=4.0, block_usd_per_mwh=40.0, resale=True, resale_fee_usd_per_mwh=1.0)
NO_RESALE = dataclasses.replace(BLOCK, resale=False)


def reason(
    spot: float,
    worth: float,
    *,
    block: PowerBlock | None = None,
    cap: float = 10.0,
    floor: float = 0.0,
    capacity: float = 10.0,
) -> str:
    use = Use(
        name="a",
        kind=UseKind.GPU_CLOUD,
        capacity_mw=capacity,
        floor_mw=floor,
        worth_usd_per_mwh=np.array([worth]),
    )
    problem = Problem(
        start=np.array(["2021-02-14"], "datetime64[us]"),
        hours=np.ones(1),
        spot_usd_per_mwh=np.array([spot]),
        adder_usd_per_mwh=2.0,
        connection_mw=10.0,
        cap_mw=np.array([cap]),
        cap_rule=np.array([0 if cap < 10.0 else -1]),
        rule_reasons=("peak",),
        uses=(use,),
        block=block,
    )
    (text,) = explain(problem, dispatch(problem).load_mw, 0)
    return text


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (reason(81.1, 71.2), "off: delivered power 83.1 > worth 71.2 USD/MWh"),
        (reason(69.2, 71.2), "off: delivered power 71.2 = worth 71.2 USD/MWh"),
        (reason(30.0, 71.2), "on: worth 71.2 >= delivered power 32.0 USD/MWh"),
        (reason(81.1, 71.2, floor=3.0), "at its floor of 3.0 MW: delivered power 83.1 > worth 71.2 USD/MWh"),
        (
            reason(81.1, 71.2, floor=10.0),
            "on: its floor of 10.0 MW is all it can take (worth 71.2 USD/MWh)",
        ),
        (
            reason(30.0, 71.2, cap=6.0),
            "at 6.0 of 10.0 MW: the rule 'peak' allows 6 MW, and worth 71.2 > delivered power 32.0 USD/MWh",
        ),
        (reason(80.0, 60.0, block=BLOCK), "off: block power, resale forgone, 81.0 > worth 60.0 USD/MWh"),
        (
            reason(80.0, 60.0, block=NO_RESALE),
            "at 4.0 of 10.0 MW: the block ends here, and delivered power 82.0 > worth 60.0 USD/MWh",
        ),
        (
            reason(80.0, 60.0, block=NO_RESALE, capacity=3.0),
            "on: worth 60.0 >= block power, already paid, 2.0 USD/MWh",
        ),
        (reason(-15.0, 1.0, block=NO_RESALE), "on: worth 1.0 >= delivered power \N{MINUS SIGN}13.0 USD/MWh"),
    ],
)
def test_words(found: str, expected: str) -> None:
    assert found == expected


def test_a_block_that_is_not_worth_filling() -> None:
    told = reason(-15.0, -10.0, block=NO_RESALE)
    assert told.startswith("off: block power, already paid, 2.0 > worth \N{MINUS SIGN}10.0")


def test_who_comes_first_at_a_limit(uri: Problem) -> None:
    limited = dataclasses.replace(
        uri, cap_mw=np.full_like(uri.cap_mw, 40.0), cap_rule=np.zeros_like(uri.cap_rule)
    )
    texts = explain(limited, dispatch(limited).load_mw, 0)
    assert texts[2].startswith("at 19.8 of 31.2 MW: the rule 'summer peak hours")
    assert texts[3].startswith("off: the rule 'summer peak hours")
    assert "other uses come first" in texts[3]


def test_every_interval_of_uri_has_a_reason_that_fits_its_load(uri: Problem) -> None:
    load = dispatch(uri).load_mw
    for row in range(0, uri.hours.size, 13):
        for use, power, text in zip(uri.uses, load[row], explain(uri, load, row), strict=True):
            state = text.partition(":")[0]
            expected = {
                power == 0.0: "off",
                power > 0.0: f"at {power:.1f} of {use.capacity_mw:.1f} MW",
                power == use.floor_mw > 0.0: f"at its floor of {use.floor_mw:.1f} MW",
                power >= use.capacity_mw - 1e-6: "on",
            }
            assert state == [words for holds, words in expected.items() if holds][-1]


def test_rows_outside_are_refused(uri: Problem) -> None:
    for row in (-1, uri.hours.size):
        with pytest.raises(InputError, match="no such interval"):
            explain(uri, dispatch(uri).load_mw, row)
