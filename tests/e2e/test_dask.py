"""The same work on a real dask cluster of this machine, one of whose workers is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

from support.tasks import die_once, refuse, square
from wattshift.app.engine.cluster import DaskEngine
from wattshift.app.engine.local import LocalEngine
from wattshift.app.engine.opening import open_engine

TASKS = 120

pytestmark = pytest.mark.filterwarnings("default")  # of another's code, and its workers die noisily


@pytest.fixture(scope="module")
def engine() -> Iterator[DaskEngine]:
    with DaskEngine(workers=2) as opened:
        yield opened


def test_results_equal_those_of_local_processes(engine: DaskEngine) -> None:
    with LocalEngine(2) as local:
        assert engine.map(square, range(TASKS)) == local.map(square, range(TASKS))


def test_a_worker_that_dies_in_a_task_loses_nothing(engine: DaskEngine, tmp_path: Path) -> None:
    items = [(number, str(tmp_path / str(number)) if number % 40 == 7 else "") for number in range(TASKS)]
    assert engine.map(die_once, items) == [number * number for number in range(TASKS)]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_worker_killed_from_outside_loses_nothing(engine: DaskEngine) -> None:
    timer = Timer(0.3, os.kill, (engine.process_ids[0], signal.SIGKILL))
    timer.start()
    assert engine.map(die_once, [(number, "") for number in range(TASKS)]) == [n * n for n in range(TASKS)]
    timer.join()


def test_what_the_function_raises_is_raised_here(engine: DaskEngine) -> None:
    with pytest.raises(ValueError, match="three"):
        engine.map(refuse, range(6))


def test_one_setting_opens_it() -> None:
    with open_engine("dask") as engine:
        assert engine.map(square, [2, 3]) == [4, 9]
