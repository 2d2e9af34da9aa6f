"""A simulation on a real dask cluster of this machine, one of whose workers is killed in mid-run."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from threading import Timer
from types import TracebackType
from typing import Self, TypeVar

import pytest

from support.simulations import START_AT, small
from wattshift.app.engine.cluster import DaskEngine
from wattshift.app.simulating.run import simulate
from wattshift.app.snapshot import Archive
from wattshift.store.bundled import BundledStore

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

pytestmark = pytest.mark.filterwarnings("default")  # of another's code, and its workers die noisily


@pytest.fixture(scope="module")
def engine() -> Iterator[DaskEngine]:
    with DaskEngine(workers=2) as opened:
        yield opened


class Struck:
    """An engine one of whose workers is killed while all of them work."""

    def __init__(self, engine: DaskEngine) -> None:
        self._engine = engine

    def map(self, function: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
        """Work, and lose a worker after a while."""
        timer = Timer(0.5, os.kill, (self._engine.process_ids[0], signal.SIGKILL))
        timer.start()
        try:
            return self._engine.map(function, items)
        finally:
            timer.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing of its own to give back."""


def test_a_cluster_with_a_killed_worker_gives_what_one_thread_gives(engine: DaskEngine) -> None:
    file = small("ban", paths=4_096, days=120)
    archive = Archive(BundledStore())
    alone = simulate(archive, file, at=START_AT, threads=1)
    before = engine.process_ids
    assert simulate(archive, file, at=START_AT, engine=Struck(engine), threads=12) == alone
    assert engine.process_ids != before
    assert simulate(archive, file, at=START_AT, engine=engine, threads=3) == alone
