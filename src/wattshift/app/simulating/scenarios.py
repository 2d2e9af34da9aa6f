"""Which scenario a verb speaks about: the user's file, or one that ships with wattshift."""

from __future__ import annotations

from pathlib import Path

from wattshift.config.scenario import ScenarioFile, load_scenario
from wattshift.errors import InputError

__all__ = ["READY_SCENARIOS", "open_scenario", "scenario_path"]

_FOLDER = Path(__file__).resolve().parents[2] / "data" / "scenarios"

READY_SCENARIOS = {
    name: _FOLDER / f"{name}.toml"
    for name in (
        "ai-pull-fast",
        "ai-pull-slow",
        "ban",
        "halving-2028",
        "hidden-fleet",
        "price-halving",
        "winter-storm",
    )
}
"""The scenarios that ship with wattshift."""


def scenario_path(named: str) -> Path:
    """The file of a ready scenario, or the path itself.

    Raises:
        InputError: if it is neither a ready scenario nor a file.
    """
    if named in READY_SCENARIOS:
        return READY_SCENARIOS[named]
    path = Path(named)
    if not path.exists():
        raise InputError(
            f"there is no scenario {named[:80]!r}",
            hint=f"name a file, or one of {', '.join(READY_SCENARIOS)}",
        )
    return path


def open_scenario(named: str) -> ScenarioFile:
    """A scenario by the name of a ready one, or by its file.

    Raises:
        InputError: if there is no such scenario.
        ConfigError: if the file does not describe a scenario.
    """
    return load_scenario(scenario_path(named))
