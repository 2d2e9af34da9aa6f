from __future__ import annotations

from pathlib import Path

import pytest

from wattshift.app.sites import EXAMPLE_SITES
from wattshift.config import load_site
from wattshift.config.state import EXAMPLE_STATE, load_state
from wattshift.errors import ConfigError

SITE = load_site(EXAMPLE_SITES["miner-battery-10mw"])
TEXT = EXAMPLE_STATE.read_text(encoding="utf-8")


def test_the_example_is_a_state_of_its_site() -> None:
    state = load_state(EXAMPLE_STATE, SITE)
    assert state.load_mw == {"air 17.5 J/TH": 4.0}
    assert state.held_mwh == {"battery": 1.2}
    assert [move.power_mw for move in state.stopped] == [1.5]
    assert state.at is not None
    assert state.at.tzinfo is not None


@pytest.mark.parametrize(
    ("old", "new", "key", "line", "says"),
    [
        ("at = 2026-01-25T12:00:00Z\n\n", "", "at", None, "add at = "),
        (
            "[held_mwh]\nbattery = 1.2",
            "[held_mwh]\nbattery = 1200",
            "held_mwh.battery",
            21,
            "write 1.2 (MWh)",
        ),
        ("[held_mwh]", "[held_kwh]", "held_kwh", 20, "write held_mwh"),
        ("[load_mw]", "[loads_mw]", "loads_mw", 9, "did you mean load_mw"),
        ("power_mw = 1.5", "power_kw = 1500.0", "stopped[0].power_kw", 16, "write power_mw = 1.5"),
        ("power_mw = 1.5", 'power_mw = "1.5"', "stopped[0].power_mw", 16, "give a plain number"),
        ("battery = 1.2", "cell = 1.2", "held_mwh", 20, "there are 'battery'"),
        ("12:00:00Z", "12:00:00", "at", 6, "write 2026-03-07T14:00:00Z"),
        ("T11:45:00Z", "T13:45:00Z", "stopped[0].at", 17, "check both instants"),
        ("battery = 1.2", "battery = nan", "held_mwh.battery", 21, ""),
    ],
)
def test_a_slip_is_told_with_its_file_line_and_cure(
    tmp_path: Path, old: str, new: str, key: str, line: int | None, says: str
) -> None:
    assert old in TEXT
    path = tmp_path / "state.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_state(path, SITE)
    assert raised.value.context["file"] == path
    assert raised.value.context["key"] == key
    assert raised.value.context.get("line") == line
    assert raised.value.hint
    assert says in raised.value.hint
