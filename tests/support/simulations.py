"""Small simulations of the ready scenarios."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from wattshift.app.simulating.scenarios import open_scenario
from wattshift.config.scenario import ScenarioFile

__all__ = ["START_AT", "small"]

START_AT = datetime(2026, 1, 19, 12, tzinfo=UTC)


def small(name: str, *, paths: int = 64, days: int | None = 60) -> ScenarioFile:
    """A ready scenario with few paths, and if wanted fewer days."""
    file = open_scenario(name)
    return replace(file, paths=paths, horizon_days=days or file.horizon_days)
