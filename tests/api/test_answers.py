"""Answers in their forms, with what clients and caches need to know of them."""

from __future__ import annotations

import gzip
import json
from email.utils import parsedate_to_datetime
from io import BytesIO

import polars as pl
import pytest
from starlette.testclient import TestClient

from support.serving import AT
from wattshift.api.operations import MEDIA_TYPES
from wattshift.app.questions.registry import QUESTIONS
from wattshift.app.service.answering.answers import Form
from wattshift.app.service.service import Service

PATHS = {name: f"/v1/{question.path}" for name, question in QUESTIONS.items() if question.body is None}
TABLES = {name: path for name, path in PATHS.items() if QUESTIONS[name].rows is not None}
QUERY = {"score": "?periods=1"}


@pytest.mark.parametrize("name", PATHS)
def test_a_question_is_answered_with_all_that_caches_need(name: str, client: TestClient) -> None:
    path = PATHS[name] + QUERY.get(name, "")
    found = client.get(path)
    assert found.status_code == 200
    assert found.headers["content-type"] == "application/json"
    assert found.json()["schema"] == f"wattshift/{name}/1"
    assert found.headers["cache-control"] == "private, no-cache"
    assert found.headers["vary"] == "Accept, Accept-Encoding"
    assert parsedate_to_datetime(found.headers["last-modified"]) == AT
    again = client.get(path, headers={"If-None-Match": found.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == found.headers["etag"]
    assert "content-type" not in again.headers
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(found.content))
    zipped = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert zipped.json() == found.json()
    assert (zipped.headers["etag"] != found.headers["etag"]) == (
        zipped.headers.get("content-encoding") == "gzip"
    )


@pytest.mark.parametrize("name", TABLES)
def test_a_table_comes_in_three_forms_by_header_and_by_ending(name: str, client: TestClient) -> None:
    path, query = TABLES[name], QUERY.get(name, "")
    for form in (Form.CSV, Form.PARQUET):
        by_header = client.get(path + query, headers={"Accept": MEDIA_TYPES[form]})
        by_ending = client.get(f"{path}.{form.value}{query}")
        assert by_header.status_code == 200
        assert by_header.content == by_ending.content
        assert by_header.headers["content-type"].partition(";")[0] == MEDIA_TYPES[form]
    csv, parquet = client.get(f"{path}.csv{query}"), client.get(f"{path}.parquet{query}")
    assert csv.text.splitlines()[0].split(",") == pl.read_parquet(BytesIO(parquet.content)).columns


def test_what_lies_ready_is_the_same_answer(client: TestClient) -> None:
    first, second = (client.get("/v1/hashprice") for _ in range(2))
    assert first.content == second.content
    assert first.headers == second.headers


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "text/html"])
def test_a_form_that_there_is_not_is_refused(accept: str, client: TestClient) -> None:
    found = client.get("/v1/hashprice", headers={"Accept": accept})
    assert found.status_code == 406
    assert found.headers["content-type"] == "application/problem+json"
    assert "application/json" in found.json()["hint"]


@pytest.mark.parametrize(
    "path", ["/v1/hashrate.csv", "/v1/now.xml", "/v1/alerts.csv", "/v1/.csv", "/v1/now.csv.csv"]
)
def test_an_ending_without_a_table_leads_nowhere(path: str, client: TestClient) -> None:
    assert client.get(path).status_code == 404


def test_zipped_bytes_are_gzip(client: TestClient) -> None:
    with client.stream("GET", "/v1/brief", headers={"Accept-Encoding": "gzip"}) as found:
        raw = b"".join(found.iter_raw())
    assert found.headers["content-encoding"] == "gzip"
    assert int(found.headers["content-length"]) == len(raw) < 150_000
    assert json.loads(gzip.decompress(raw))["schema"] == "wattshift/brief/1"


def test_the_present_is_the_edition_itself(client: TestClient, service: Service) -> None:
    edition = service.board.latest
    assert edition is not None
    found = client.get("/v1/now")
    assert found.content == edition.body
    assert found.headers["etag"] == edition.etag


def test_an_earlier_instant_is_a_permanent_link(client: TestClient) -> None:
    found = client.get("/v1/now?at=2026-01-10")
    assert found.json()["as_of"] == "2026-01-10T00:00:00Z"
    assert found.headers["cache-control"] == "private, max-age=60"
    assert client.get("/v1/now", params={"at": "2026-01-10T00:00:00+00:00"}).content == found.content


def test_the_future_is_not_told(client: TestClient) -> None:
    found = client.get("/v1/hashrate?at=2026-01-20T12:00:01Z")
    assert found.status_code == 404
    assert "has not come yet" in found.json()["detail"]


def test_pages_are_followed_by_their_links_and_are_of_one_instant(client: TestClient) -> None:
    path, rows, pages = "/v1/series/hashprice.csv?step=6h&limit=100", [], 0
    whole = client.get("/v1/series/hashprice.csv?step=6h").text.splitlines()
    while path:
        found = client.get(path)
        assert found.status_code == 200
        rows += found.text.splitlines()[1:]
        pages += 1
        path = found.links["next"]["url"] if "next" in found.links else ""
        assert not path or "at=2026-01-20T12%3A00%3A00Z" in path
    assert rows == whole[1:]
    assert pages == 4


def test_a_text_is_checked(client: TestClient) -> None:
    found = client.post(
        "/v1/check?written_at=2026-01-19",
        content="The hashrate is 980 EH/s.",
        headers={"Content-Type": "text/plain"},
    )
    assert found.status_code == 200
    assert found.json()["claims"][0]["quote"] == "The hashrate is 980 EH/s."
    assert found.json()["dated_by"] == "as given"


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b"", "text/plain", 200),
        (b"\xff\xfe\x00 980 EH/s", "text/html", 200),
        (b"x" * 262_144, "text/markdown; charset=utf-8", 200),
        (b"x" * 262_145, "text/plain", 413),
        (b"{}", "application/json", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415),
    ],
)
def test_any_text_is_read_and_nothing_else(
    content: bytes, media: str, status: int, client: TestClient
) -> None:
    assert client.post("/v1/check", content=content, headers={"Content-Type": media}).status_code == status


def test_what_was_posted_is_answered_whole_whatever_the_client_holds(client: TestClient) -> None:
    found = client.post(
        "/v1/check", content="x", headers={"Content-Type": "text/plain", "If-None-Match": "*"}
    )
    assert found.status_code == 200
