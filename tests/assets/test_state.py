from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.refusals import refuses
from wattshift.assets.state import Move, SiteState, require_fits
from wattshift.config import load_site
from wattshift.errors import InputError

EXAMPLES = Path(__file__).parents[2] / "examples"
MINER = load_site(EXAMPLES / "miner-battery-10mw.toml")
RICH = load_site(EXAMPLES / "west-texas-300mw.toml")
AT = datetime(2026, 3, 7, 14, tzinfo=UTC)
ASIC = "air 17.5 J/TH"
STARTED = Move(load=ASIC, power_mw=1.0, at=AT)
STATE = SiteState(at=AT, load_mw={ASIC: 4.0}, started=(STARTED,), held_mwh={"battery": 1.0})


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"load_mw": {ASIC: -1.0}, "started": ()}, f"load_mw.{ASIC}", "must not be negative"),
        ({"held_mwh": {"battery": float("nan")}}, "held_mwh.battery", "must not be negative"),
        ({"call_hours": {"x": float("inf")}}, "call_hours.x", "must not be negative"),
        ({"calls": {"x": -1}}, "calls.x", "must not be negative"),
        ({"at": datetime(2026, 3, 7, 14)}, "at", "write 2026-03-07T14:00:00Z"),  # noqa: DTZ001  # as a local time
        ({"at": datetime(2026, 3, 7, 13, tzinfo=UTC)}, "started.0.at", "check both instants"),
        ({"load_mw": {ASIC: 0.5}}, "started.0.power_mw", "list only what still runs"),
        ({"load_mw": {}}, "started.0.power_mw", "1 MW of air 17.5 J/TH were started, and 0 MW of it run"),
    ],
)
def test_a_state_that_cannot_be(change: dict[str, Any], key: str, says: str) -> None:
    refuses(STATE, change, key, says)


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"load": " "}, "load", "short name"),
        ({"power_mw": 0.0}, "power_mw", "positive"),
        ({"at": datetime(2026, 3, 7, 14)}, "at", "offset"),  # noqa: DTZ001  # as a local time
    ],
)
def test_a_move_that_cannot_be(change: dict[str, Any], key: str, says: str) -> None:
    refuses(STARTED, change, key, says)


def test_a_state_of_the_site() -> None:
    require_fits(STATE, MINER)
    require_fits(SiteState(), MINER)
    full = SiteState(held_mwh={"battery": 4.0}, peak_mw={"monthly peak": 10.0}, load_mw={ASIC: 9.9})
    require_fits(full, MINER)


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"load_mw": {"air 17 J/TH": 1.0}, "started": ()}, "load_mw.air 17 J/TH", f"did you mean '{ASIC}'"),
        ({"load_mw": {ASIC: 4000.0}}, f"load_mw.{ASIC}", "if it is in kW, write 4 (MW)"),
        ({"load_mw": {ASIC: 40.0}}, f"load_mw.{ASIC}", "check the meter"),
        ({"stopped": (Move(load="B", power_mw=1.0, at=AT),)}, "stopped.0.load", "there is no load 'B'"),
        (
            {"stopped": (Move(load=ASIC, power_mw=9.5, at=AT),)},
            "stopped.0.power_mw",
            "and 4 MW of it run: it has 9.9225 MW",
        ),
        ({"held_mwh": {"battery": 1200.0}}, "held_mwh.battery", "if it is in kWh, write 1.2 (MWh)"),
        ({"held_mwh": {"cell": 1.0}}, "held_mwh", "there is no battery 'cell'"),
        ({"peak_mw": {"monthly peak": 6500.0}}, "peak_mw.monthly peak", "write 6.5 (MW)"),
        ({"peak_mw": {"peak": 6.5}}, "peak_mw", "there is no demand charge 'peak'"),
        ({"calls": {"ERS": 1}}, "calls", "there is no contract 'ERS'"),
        ({"call_hours": {"ERS": 1.0}}, "call_hours", "there is no contract 'ERS'"),
    ],
)
def test_a_state_of_another_site(change: dict[str, Any], key: str, says: str) -> None:
    with pytest.raises(InputError) as raised:
        require_fits(dataclasses.replace(STATE, **change), MINER)
    assert raised.value.context["key"] == key
    assert says in f"{raised.value.message} / {raised.value.hint}"


def test_a_part_of_a_hall_is_called_by_both_names() -> None:
    hall = next(hall for hall in RICH.halls if hall.gpu_cloud is not None)
    require_fits(SiteState(load_mw={f"{hall.name}, firm": 1.0}), RICH)
    with pytest.raises(InputError, match="there is no load"):
        require_fits(SiteState(load_mw={f"{hall.name} firm": 1.0}), RICH)
