"""One service for all tests of the API: the bundled history, which stands still."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from support.api import EVERYONE, SomeoneAsks, still_plan
from wattshift.api.app import build_api
from wattshift.app.service.opening import open_service
from wattshift.app.service.service import Service


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """A service that tells one instant of history."""
    with open_service(still_plan()) as service:
        assert service.board.wait(60.0) is not None
        yield service


@pytest.fixture(scope="session")
def app(service: Service) -> FastAPI:
    """Its API."""
    return build_api(service)


@pytest.fixture(scope="session")
def client(app: FastAPI) -> Iterator[TestClient]:
    """Somebody who may do everything; a failure within the API is an answer, as it is on the wire."""
    with TestClient(SomeoneAsks(app, EVERYONE), raise_server_exceptions=False) as client:
        client.headers["accept-encoding"] = "identity"
        yield client
