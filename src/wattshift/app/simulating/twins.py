"""Twins of a scenario: the same luck, and something left out, to tell what it changes."""

from __future__ import annotations

from dataclasses import replace

from wattshift.simulate.events import Event, Outage
from wattshift.simulate.scenario import Scenario

__all__ = ["where_all_stay", "without_ai"]

_MOST_PATHS = 2_000
"""Enough to tell a mean from none: differences are taken path by path."""


def without_ai(scenario: Scenario) -> Scenario:
    """The same, and AI does not pull."""
    return replace(scenario, ai=None)


def where_all_stay(scenario: Scenario) -> Scenario:
    """The same, and nobody leaves: no outage strikes, AI does not pull, no machine is switched off or sold.

    Its paths are the first of the scenario's, 2,000 at most.
    """
    return replace(
        scenario,
        ai=None,
        responds=False,
        events=tuple(_harmless(event) for event in scenario.events),
        paths=min(scenario.paths, _MOST_PATHS),
    )


def _harmless(event: Event) -> Event:
    """An outage of nobody: left out, it would shift the luck of the events after it."""
    return replace(event, share_frac=(0.0, 0.0)) if isinstance(event, Outage) else event
