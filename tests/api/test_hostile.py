"""Whatever is sent, the answer is a refusal that the description knows, never a failure."""

from __future__ import annotations

from itertools import product
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

TRAVERSALS = [
    f"{dots * depth}{target}"
    for dots, depth, target in product(
        (
            "../",
            "..\\",
            "%2e%2e/",
            "%2e%2e%2f",
            "..%2f",
            "..%5c",
            "....//",
            "%252e%252e%252f",
            "..;/",
            "%c0%ae%c0%ae/",
        ),
        (1, 3, 6, 12),
        ("etc/passwd", "etc/passwd%00.csv", "windows/win.ini", "proc/self/environ", "ledger.sqlite"),
    )
]
PLACES = ("/v1/", "/v1/series/", "/v1/simulations/", "/v1/alerts/")
NONSENSE = [
    "",
    "null",
    "NaN",
    "inf",
    "-inf",
    "1e400",
    "-1",
    "9" * 400,
    "0x10",
    "1_000",
    "9999-12-31T23:59:59Z",
    "0000-00-00",
    "2026-01-20T12:00:00",
    "'; DROP TABLE blocks; --",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "\r\nSet-Cookie: x=1",
    "\x00",
    "\u202e",
    "\ud7ff\uffff",
    "🦀" * 50,
    "[" * 500,
    "a" * 5_000,
]
PARAMETERS = [
    ("/v1/hashrate", "at"),
    ("/v1/hashrate", "window"),
    ("/v1/hashrate", "below_ehs"),
    ("/v1/difficulty", "count"),
    ("/v1/series/hashrate", "step"),
    ("/v1/series/hashrate", "limit"),
    ("/v1/series/hashrate", "cursor"),
    ("/v1/security", "attacker_frac"),
    ("/v1/value", "contracts"),
    ("/v1/alerts/events", "before"),
    ("/v1/simulations", "limit"),
    ("/v1/plan", "start_at"),
]


def test_there_are_enough_of_them() -> None:
    assert len(set(TRAVERSALS)) == 200


@pytest.mark.parametrize("place", PLACES)
def test_no_path_leads_out(place: str, client: TestClient) -> None:
    for name in TRAVERSALS:
        found = client.get(place + name)
        assert found.status_code in {404, 405, 422}, name
        assert b"root:" not in found.content


@pytest.mark.parametrize(("path", "name"), PARAMETERS, ids=lambda each: each)
def test_nonsense_in_a_parameter_is_refused(path: str, name: str, client: TestClient) -> None:
    for value in NONSENSE:
        found = client.get(f"{path}?{name}={quote(value, errors='surrogatepass')}")
        assert found.status_code in {200, 404, 422}, value
        if found.status_code != 200:
            assert found.headers["content-type"] == "application/problem+json"
            assert found.json()["hint"]
        assert "set-cookie" not in found.headers


@pytest.mark.parametrize(
    "query", ["%ff=%fe", "at=%ff", "at=%", "&&&===", "at=2026-01-01&at=nonsense", "x" * 3_000]
)
def test_a_query_that_is_none_is_refused(query: str, client: TestClient) -> None:
    assert client.get(f"/v1/hashrate?{query}").status_code == 422


@pytest.mark.parametrize(
    "name", ["accept", "accept-encoding", "if-none-match", "last-event-id", "content-type"]
)
def test_nonsense_in_a_header_does_no_harm(name: str, client: TestClient) -> None:
    for value in (b"\xff\xfe", b"*", b"," * 4_000, b";q=" * 1_000, b'"' * 999, b"gzip;q=1e999"):
        found = client.get("/v1/hashprice", headers=[(name.encode(), value)])
        assert found.status_code in {200, 304, 406}


def test_a_refusal_repeats_no_more_than_a_line_of_what_was_sent(client: TestClient) -> None:
    found = client.get("/v1/hashrate", params={"window": "x" * 4_000 + "\n<b>"})
    assert len(found.content) < 1_500
    assert "\n" not in found.json()["detail"]


def test_a_million_levels_are_no_body(client: TestClient) -> None:
    for content in (b"[" * 10**6, b'{"a":' * 10**5):
        found = client.post("/v1/backtests", content=content, headers={"Content-Type": "application/json"})
        assert found.status_code in {400, 422}
