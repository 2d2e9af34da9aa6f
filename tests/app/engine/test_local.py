from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

from support.tasks import crash, die_once, refuse, square
from wattshift.app.engine.local import LocalEngine
from wattshift.app.engine.opening import open_engine
from wattshift.errors import ConfigError, InputError, SolveError

TASKS = 120


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    with LocalEngine(2) as opened:
        yield opened


def test_results_are_in_order(engine: LocalEngine) -> None:
    assert engine.map(square, range(TASKS)) == [number * number for number in range(TASKS)]


def test_nothing_asked_is_nothing_done(engine: LocalEngine) -> None:
    assert engine.map(square, []) == []


def test_what_a_dead_process_held_is_done_by_another(engine: LocalEngine, tmp_path: Path) -> None:
    items = [(number, str(tmp_path / str(number)) if number % 40 == 7 else "") for number in range(TASKS)]
    before = engine.process_ids
    assert engine.map(die_once, items) == [number * number for number in range(TASKS)]
    assert set(engine.process_ids) != set(before)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_process_killed_from_outside_loses_nothing(engine: LocalEngine) -> None:
    victim = engine.process_ids[0]
    timer = Timer(0.2, os.kill, (victim, signal.SIGKILL))
    timer.start()
    assert engine.map(die_once, [(number, "") for number in range(TASKS)]) == [n * n for n in range(TASKS)]
    timer.join()
    assert victim not in engine.process_ids


def test_an_item_that_ends_every_process_is_told(engine: LocalEngine) -> None:
    with pytest.raises(SolveError, match="ended before it answered"):
        engine.map(crash, [0])
    assert engine.map(square, [3]) == [9]


def test_the_first_error_is_raised_and_the_engine_goes_on(engine: LocalEngine) -> None:
    with pytest.raises(ValueError, match="three"):
        engine.map(refuse, range(6))
    assert engine.map(refuse, [1, 2]) == [1, 2]


def test_one_setting_opens_an_engine() -> None:
    with open_engine("local:1") as engine:
        assert engine.map(square, [2]) == [4]


@pytest.mark.parametrize("setting", ["", "ray", "local:0", "local:x", "dask:host"])
def test_another_setting_is_refused(setting: str) -> None:
    with pytest.raises(ConfigError, match="no such engine"):
        open_engine(setting)


def test_an_engine_without_processes_is_refused() -> None:
    with pytest.raises(InputError, match="at least one"):
        LocalEngine(0)
