"""One history and one set of workers for all tests of the service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.serving import still_board
from wattshift.app.service.answering.pool import PoolLimits
from wattshift.app.service.answering.workers import WorkerAnswers, WorkLimits
from wattshift.app.service.edition import Board
from wattshift.app.service.feeds.place import Place
from wattshift.app.sites import open_site
from wattshift.app.snapshot import Archive
from wattshift.assets.site import Site
from wattshift.store.bundled import BundledStore


@pytest.fixture(scope="session")
def archive(store: BundledStore) -> Archive:
    return Archive(store)


@pytest.fixture(scope="session")
def site() -> Site:
    return open_site(None)[0]


@pytest.fixture(scope="session")
def board(archive: Archive) -> Board:
    """One edition hangs there. Leave it as it is."""
    return still_board(archive)


@pytest.fixture(scope="session")
def answers(board: Board) -> Iterator[WorkerAnswers]:
    """Workers that answer, with a light limit that tests can wait for."""
    limits = WorkLimits(light=PoolLimits(wall_s=5.0), heavy=PoolLimits(wall_s=30.0))
    with WorkerAnswers(Place(), board, limits) as opened:
        yield opened
