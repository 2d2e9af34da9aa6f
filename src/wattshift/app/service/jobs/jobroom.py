"""What a job's process does: simulations and backtests, with their progress."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from wattshift.app.engine.telling import tell
from wattshift.app.questions.jobs import AskBacktest, AskSimulation, scenarios_of
from wattshift.app.service.answering.workroom import View, shown
from wattshift.clock import format_instant
from wattshift.config.scenario import ScenarioFile
from wattshift.errors import OutOfSpan
from wattshift.report.jsontext import to_json

__all__ = ["JobTask", "backtested", "checked", "simulated"]

_NICENESS = 10
"""Jobs yield to the loop and to whoever waits for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTask:
    """A job for a process.

    Args:
        view: what it is computed from.
        ask: what is asked, as JSON.
        present_at: nothing from later is used.
    """

    view: View
    ask: str
    present_at: datetime


def checked(task: JobTask) -> str:
    """What a simulation is about, if it makes sense.

    Raises:
        ConfigError: if a text is not a scenario.
        OutOfSpan: if it starts after the present.
    """
    ask = AskSimulation.model_validate_json(task.ask)
    file, other = scenarios_of(ask)
    _start_of(ask, file, task.present_at)
    return file.name if other is None else f"{file.name} beside {other.name}"


def simulated(task: JobTask) -> bytes:
    """The document of a simulation; errors as `wattshift.app.simulating.run`."""
    from wattshift.app.simulating.run import simulate

    _yield_to_others()
    ask = AskSimulation.model_validate_json(task.ask)
    file, other = scenarios_of(ask)
    at = _start_of(ask, file, task.present_at)
    document = simulate(shown(task.view).archive, file, at=at, other=other, progress=_progress())
    return to_json(document, name="simulation").encode()


def backtested(task: JobTask) -> bytes:
    """The document of a backtest; errors as `wattshift.app.backtest.run`."""
    from wattshift.app.backtest.run import backtest

    _yield_to_others()
    ask = AskBacktest.model_validate_json(task.ask)
    world = shown(task.view)
    document = backtest(
        world.archive,
        world.site,
        start_at=ask.start_at,
        end_at=ask.end_at,
        hashprice_usd_per_ph_day=ask.hashprice_usd_per_ph_day,
        progress=_progress(),
    )
    return to_json(document, name="backtest").encode()


def _start_of(ask: AskSimulation, file: ScenarioFile, present_at: datetime) -> datetime:
    at = ask.at or file.at or present_at
    if at > present_at:
        raise OutOfSpan(
            "the simulation would start at a time that has not come yet",
            start=format_instant(at),
            present=format_instant(present_at),
            hint="start it at the present, or earlier",
        )
    return at


def _progress() -> Callable[[int, int], None]:
    return lambda done, total: tell(done / total if total else 0.0)


def _yield_to_others() -> None:
    os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
