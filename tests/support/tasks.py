"""What child processes are asked to do, good and bad."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from wattshift.allocate.coupled.highs import Ended
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.app.engine.telling import tell
from wattshift.errors import Infeasible

__all__ = [
    "contradict",
    "crash",
    "die_once",
    "eat",
    "hang",
    "refuse",
    "spoiled_plan",
    "square",
    "told_square",
]


def square(number: int) -> int:
    return number * number


def told_square(number: int) -> int:
    for done in range(number):
        tell(done)
    return number * number


def crash(_: object) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def hang(_: object) -> None:
    while True:
        pass


def contradict(_: object) -> None:
    raise Infeasible("no", start="now", hint="less")


def eat(size: int) -> float:
    return float(np.ones(size // 8).sum())


def spoiled_plan(asked: tuple[CoupledProblem, object]) -> tuple[CoupledPlan, Ended, float]:
    """A plan that draws a megawatt which nobody uses."""
    found = plan_coupled(asked[0])
    plan = replace(found.plan, bought_mw=found.plan.bought_mw + 1.0)
    return plan, found.ended, found.gap_usd


def refuse(number: int) -> int:
    if number == 3:
        message = "three"
        raise ValueError(message)
    return number


def die_once(asked: tuple[int, str]) -> int:
    """A slow square whose process dies the first time that somebody takes it, if it is asked to."""
    number, mark = asked
    if mark and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return number * number
