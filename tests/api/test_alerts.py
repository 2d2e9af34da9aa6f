from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from support.serving import AT, until


@pytest.fixture(scope="module")
def rule(client: TestClient) -> str:
    """A rule that the service has looked at."""
    until(lambda: client.get("/v1/alerts").status_code == 200, "first look at the alerts")
    rules = client.get("/v1/alerts").json()["rules"]
    assert len(rules) > 3
    return str(rules[0]["rule"])


def changes(client: TestClient) -> list[tuple[str, str]]:
    return [(event["rule"], event["change"]) for event in client.get("/v1/alerts/events").json()["events"]]


def test_a_silence_begins_and_ends(rule: str, client: TestClient) -> None:
    until_at = (AT + timedelta(hours=2)).isoformat()
    silenced = client.post(
        f"/v1/alerts/{quote(rule, safe='')}/silence", json={"until_at": until_at, "reason": "known"}
    )
    assert silenced.status_code == 200
    assert silenced.json()["schema"] == "wattshift/alerts/1"
    assert changes(client)[0] == (rule, "silenced")
    assert "everyone" in client.get("/v1/alerts/events").json()["events"][0]["note"]
    assert client.delete(f"/v1/alerts/{quote(rule, safe='')}/silence").status_code == 200
    assert changes(client)[0] == (rule, "silence ended")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "until_at"),
        ({"until_at": "2026-02-01"}, "reason"),
        ({"until_at": "2020-01-01", "reason": "x"}, ""),
        ({"until_at": "2026-02-01", "reason": "x" * 501}, "reason"),
        ({"until_at": "2026-02-01", "reason": "x", "by": "the admin"}, "by"),
    ],
)
def test_a_silence_that_makes_no_sense_is_refused(
    body: object, word: str, rule: str, client: TestClient
) -> None:
    found = client.post(f"/v1/alerts/{quote(rule, safe='')}/silence", json=body)
    assert found.status_code == 422
    assert word in found.json()["detail"]


@pytest.mark.parametrize("name", ["nonsense", "%0d%0aX: y", "..", "x" * 100, "<script>"])
def test_a_rule_that_there_is_not_is_refused(name: str, client: TestClient) -> None:
    for path in ("acknowledgement", "silence"):
        body = {"until_at": "2026-02-01", "reason": "x"}
        assert client.post(f"/v1/alerts/{name}/{path}", json=body).status_code in {404, 422}


def test_events_are_paged_the_newest_first(rule: str, client: TestClient) -> None:
    del rule
    whole = client.get("/v1/alerts/events").json()["events"]
    path, found = "/v1/alerts/events?limit=1", []
    while path:
        page = client.get(path)
        found += page.json()["events"]
        path = page.links["next"]["url"] if "next" in page.links else ""
    assert found == whole
    numbers = [event["number"] for event in whole]
    assert numbers == sorted(numbers, reverse=True)
