from __future__ import annotations

import json
from threading import Thread

import pytest
from starlette.testclient import TestClient

from support.api import EVERYONE, SomeoneAsks
from support.serving import until
from wattshift.api.app import build_api
from wattshift.app.service import health
from wattshift.app.service.service import Service
from wattshift.errors import Busy
from wattshift.web.live import Live


def test_the_dictionary_explains_what_is_answered(client: TestClient) -> None:
    found = client.get("/v1/dictionary").json()
    assert found["schema"] == "wattshift/dictionary/1"
    pools = next(table for table in found["answers"] if table["name"] == "pools")
    assert {"name": "hashrate_ehs", "type": "Float64", "unit": "exahash per second (10^18)"}.items() <= next(
        column for column in pools["columns"] if column["name"] == "hashrate_ehs"
    ).items()


def test_the_service_is_well(client: TestClient) -> None:
    until(lambda: client.get("/health/ready").status_code == 200, "readiness")
    for name in ("live", "ready"):
        found = client.get(f"/health/{name}")
        assert (found.status_code, found.json()["is_well"]) == (200, True)
        assert found.json()["schema"] == "wattshift/health/1"
        assert found.headers["cache-control"] == "no-store"


def test_a_service_that_is_not_well_says_so_with_its_status(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "STILL_S", -1.0)  # no loop turns as often as that
    found = client.get("/health/live")
    assert (found.status_code, found.json()["is_well"]) == (503, False)
    assert "has not turned" in json.dumps(found.json())


def test_without_a_store_there_are_no_sources(client: TestClient) -> None:
    found = client.get("/v1/sources")
    assert (found.status_code, found.json()["status"]) == (404, 404)


def test_metrics_are_there(client: TestClient) -> None:
    found = client.get("/metrics")
    assert found.status_code == 200
    assert b"wattshift_network_hashrate_hashes_per_second" in found.content


def test_the_description_describes_itself(client: TestClient) -> None:
    found = client.get("/v1/openapi.json")
    assert found.json()["openapi"].startswith("3.1")
    assert found.json()["paths"]["/v1/openapi.json"]["get"]["operationId"] == "openapi"
    assert client.get("/v1/openapi.json", headers={"If-None-Match": found.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/openapi.json", "/", "/v1", "/v1/", "/v2/now", "/v1/now/"]
)
def test_there_is_nothing_elsewhere(path: str, client: TestClient) -> None:
    found = client.get(path)
    assert found.status_code == 404
    assert found.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v1/now", "GET, HEAD"),
        ("DELETE", "/v1/hashrate", "GET, HEAD"),
        ("GET", "/v1/check", "POST"),
        ("HEAD", "/v1/check", "POST"),
        ("OPTIONS", "/v1/now", "GET, HEAD"),
        ("TRACE", "/v1/now", "GET, HEAD"),
        ("PUT", "/v1/simulations", None),
    ],
)
def test_what_cannot_be_done_says_what_can(
    method: str, path: str, allowed: str | None, client: TestClient
) -> None:
    found = client.request(method, path)
    assert found.status_code == 405
    assert found.headers["content-type"] == "application/problem+json"
    assert allowed is None or found.headers["allow"] == allowed


def test_a_defect_is_a_number_and_nothing_more(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("/srv/private")

    monkeypatch.setattr(service, "sources", broken)
    found = client.get("/v1/sources")
    assert found.status_code == 500
    assert "private" not in found.text
    assert found.json()["incident"] in caplog.text


def test_too_many_at_once_are_refused_with_a_time(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> None:
        raise Busy("too many", retry_s=3)

    monkeypatch.setattr(service, "sources", busy)
    found = client.get("/v1/sources")
    assert (found.status_code, found.headers["retry-after"]) == (503, "3")


def test_live_values_are_a_stream_that_ends_in_order(service: Service) -> None:
    app = build_api(service)
    live: Live = app.state.live
    edition = service.board.latest
    assert edition is not None

    def end_when_one_listens() -> None:
        until(lambda: live.readers == 1, "reader")
        live.close()

    ending = Thread(target=end_when_one_listens)
    ending.start()
    with TestClient(SomeoneAsks(app, EVERYONE)) as client:
        found = client.get("/v1/live")
        ending.join()
        assert found.headers["content-type"] == "text/event-stream; charset=utf-8"
        event = f"id: {edition.number}\nevent: now\ndata: {edition.live.decode()}\n\n"
        assert found.text.startswith(f"retry: 3000\n\n{event}")
        assert client.get("/v1/live").status_code == 503
