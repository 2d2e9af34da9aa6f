from __future__ import annotations

import time
from typing import Any

import pytest
from starlette.testclient import TestClient

PATIENCE_S = 60.0
ASKED = {
    "simulation": {"scenario": "ban", "paths": 20, "horizon_days": 10},
    "backtest": {"start_at": "2026-01-01", "end_at": "2026-01-03"},
}
OTHER = {"simulation": "backtest", "backtest": "simulation"}


def over(client: TestClient, path: str) -> dict[str, Any]:
    end_s = time.monotonic() + PATIENCE_S
    while True:
        job: dict[str, Any] = client.get(path).json()
        if job["state"] not in {"queued", "running"}:
            return job
        assert time.monotonic() < end_s
        time.sleep(0.05)


@pytest.fixture(scope="module", params=["simulation", "backtest"])
def done(request: pytest.FixtureRequest, client: TestClient) -> tuple[str, str]:
    """A job that is done: its kind and its address."""
    kind: str = request.param
    asked = client.post(f"/v1/{kind}s", json=ASKED[kind])
    assert asked.status_code == 202
    assert asked.json()["schema"] == "wattshift/job/1"
    assert asked.headers["location"] == f"/v1/{kind}s/{asked.json()['id']}"
    assert asked.json()["by"] == "everyone"
    job = over(client, asked.headers["location"])
    assert (job["state"], job["progress_frac"], job["trouble"]) == ("done", 1.0, "")
    return kind, asked.headers["location"]


def test_its_result_is_the_document(done: tuple[str, str], client: TestClient) -> None:
    kind, path = done
    found = client.get(f"{path}/result")
    assert found.json()["schema"] == f"wattshift/{kind}/1"
    assert client.get(f"{path}/result", headers={"If-None-Match": found.headers["etag"]}).status_code == 304


def test_it_is_listed_among_its_kind_alone(done: tuple[str, str], client: TestClient) -> None:
    kind, path = done
    name = path.rpartition("/")[2]
    assert name in {job["id"] for job in client.get(f"/v1/{kind}s").json()["jobs"]}
    assert name not in {job["id"] for job in client.get(f"/v1/{OTHER[kind]}s").json()["jobs"]}
    assert client.get(f"/v1/{OTHER[kind]}s/{name}").status_code == 404


def test_one_that_is_over_stays_as_it_is(done: tuple[str, str], client: TestClient) -> None:
    _, path = done
    assert client.delete(path).json()["state"] == "done"
    assert client.get(f"{path}/result").status_code == 200


def test_one_under_way_has_no_result_and_can_be_ended(client: TestClient) -> None:
    path = client.post("/v1/simulations", json={"scenario": "ban", "paths": 20_000}).headers["location"]
    early = client.get(f"{path}/result")
    assert early.status_code == 409
    assert early.headers["retry-after"] == "2"
    assert client.delete(path).json()["state"] == "cancelled"
    gone = client.get(f"{path}/result")
    assert (gone.status_code, "no result" in gone.json()["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("simulation", {}),
        ("simulation", {"scenario": "nonsense"}),
        ("simulation", {"scenario": "ban", "toml": "x = 1"}),
        ("simulation", {"toml": "x = ["}),
        ("simulation", {"toml": "x = 1"}),
        ("simulation", {"toml": "x" * 70_000}),
        ("simulation", {"scenario": "ban", "paths": 20_001}),
        ("simulation", {"scenario": "ban", "paths": 10**400}),
        ("simulation", {"scenario": "ban", "horizon_days": -1}),
        ("simulation", {"scenario": "ban", "price_file": "/etc/passwd"}),
        ("backtest", {}),
        ("backtest", {"start_at": "2026-01-03", "end_at": "2026-01-01"}),
        ("backtest", {"start_at": "2020-01-01", "end_at": "2026-01-01"}),
        ("backtest", {"start_at": "9999-12-31", "end_at": "9999-12-31"}),
        ("backtest", [1]),
        ("backtest", None),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_hint(kind: str, body: object, client: TestClient) -> None:
    found = client.post(f"/v1/{kind}s", json=body)
    assert found.status_code == 422
    assert found.json()["hint"]


def test_what_is_not_known_cannot_be_replayed(client: TestClient) -> None:
    body = {"start_at": "2026-01-01", "end_at": "2026-02-01"}
    assert client.post("/v1/backtests", json=body).status_code == 404


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"{", 422), (b"\xff", 400), (b"[" * 100_000, 400), (b'{"paths": NaN}', 422), (b"", 422)],
)
def test_a_body_that_is_no_json_is_refused(content: bytes, status: int, client: TestClient) -> None:
    found = client.post("/v1/simulations", content=content, headers={"Content-Type": "application/json"})
    assert found.status_code == status
    assert found.headers["content-type"] == "application/problem+json"


def test_a_form_is_no_json(client: TestClient) -> None:
    assert client.post("/v1/simulations", data={"scenario": "ban"}).status_code == 422
