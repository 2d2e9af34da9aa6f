"""One service for all tests of the dashboard: the bundled history, which stands still."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from support.api import EVERYONE, SomeoneAsks
from support.serving import replay_plan, until
from wattshift.app.service.opening import open_service
from wattshift.app.service.service import Service
from wattshift.dashboard.app import build_pages
from wattshift.errors import Busy


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """A service that tells one instant of history."""
    with open_service(replay_plan(speed_ratio=1e-6)) as service:
        assert service.board.wait(60.0) is not None
        until(lambda: _has_looked(service), "first look of the alerts")
        yield service


def _has_looked(service: Service) -> bool:
    try:
        service.alerts.document()
    except Busy:
        return False
    return True


@pytest.fixture(scope="session")
def pages(service: Service) -> SomeoneAsks:
    """Its pages, asked for by somebody who may do everything."""
    return SomeoneAsks(build_pages(service), EVERYONE)


@pytest.fixture(scope="session")
def client(pages: SomeoneAsks) -> Iterator[TestClient]:
    """A browser without scripts."""
    with TestClient(pages) as client:
        yield client
