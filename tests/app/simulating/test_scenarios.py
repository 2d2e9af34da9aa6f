from __future__ import annotations

from pathlib import Path

import pytest

from wattshift.app.simulating.scenarios import READY_SCENARIOS, open_scenario, scenario_path
from wattshift.errors import InputError


def test_ready_scenarios_are_all_that_lie_there() -> None:
    folder = next(iter(READY_SCENARIOS.values())).parent
    assert {path.stem for path in folder.iterdir()} == set(READY_SCENARIOS)


def test_a_name_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(scenario_path("ban").read_text(encoding="utf-8"), encoding="utf-8")
    assert open_scenario(str(path)) == open_scenario("ban")


def test_neither_is_refused() -> None:
    with pytest.raises(InputError, match="no scenario 'bann'") as caught:
        open_scenario("bann")
    assert "winter-storm" in str(caught.value)
