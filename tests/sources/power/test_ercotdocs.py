from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from sources.conformance import EASY, NOW, replay
from support.power import CHICAGO, dam_csv, quarters, rtm_csv, zipped
from support.servers import LoopbackServer, Reply, Request, http
from wattshift.clock import Window
from wattshift.errors import ConfigError, Malformed, NoData, Rejected
from wattshift.sources.power.ercotdocs import ErcotSource
from wattshift.sources.power.gaps import gaps

START = datetime(2026, 1, 19, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Mis:
    """ERCOT's list of documents, with one document for each quarter of an hour or each day."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}
        self.listed: list[dict[str, dict[str, str]]] = []
        self.asked: list[str] = []

    def publish(self, name: str, at: datetime, content: bytes) -> None:
        doc_id = str(900_000_000 + len(self.listed))
        self.documents[doc_id] = content
        published = at.astimezone(CHICAGO).isoformat(timespec="seconds")
        document = {"DocID": doc_id, "FriendlyName": name, "PublishDate": published, "Extension": "zip"}
        self.listed.append({"Document": document})

    def respond(self, request: Request) -> Reply:
        parts = urlsplit(request.target)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path == "/misapp/servlets/IceDocListJsonWS":
            self.asked.append(query["reportTypeId"])
            listing = {"ListDocsByRptTypeRes": {"DocumentList": self.listed[::-1]}}
            return Reply(body=json.dumps(listing).encode())
        assert parts.path == "/misdownload/servlets/mirDownload"
        self.asked.append(query["doclookupId"])
        return Reply(body=self.documents[query["doclookupId"]])

    @contextmanager
    def source(self, market: str, *locations: str) -> Iterator[ErcotSource]:
        with LoopbackServer(http(self.respond)) as server:
            source = ErcotSource(market, locations, base_url=server.url, limits=EASY, clock=replay())
            try:
                yield source
            finally:
                source.close()


def real_time(hours: int = 6) -> Mis:
    mis = Mis()
    for row in quarters(START, START + hours * HOUR):
        published = row[0] + timedelta(minutes=17)
        stamp = f"{row[0].astimezone(CHICAGO) + timedelta(minutes=15):%Y%m%d_%H%M}"
        mis.publish(f"SPPHLZNP6905_{stamp}_csv", published, zipped(a_csv=rtm_csv([row])))
        mis.publish(f"SPPHLZNP6905_{stamp}_xml", published, b"<xml/>")
    return mis


def test_the_documents_of_a_window_make_its_rows() -> None:
    window = Window(start_at=START + HOUR, end_at=START + 3 * HOUR)
    mis = real_time()
    with mis.source("ercot_rtm", "HB_HOUSTON") as source:
        fetched = source.rows.fetch(window)
        found = source.rows.parse(window, fetched)
    assert found.select("start", "price_usd_per_mwh").rows() == quarters(START, START + 3 * HOUR)[4:]
    assert gaps(found, within=window) == []
    assert mis.asked[0] == "12301"
    assert len(mis.asked) < 25
    assert fetched.origin.url.endswith("IceDocListJsonWS?reportTypeId=12301")
    assert (fetched.origin.source, fetched.origin.upstream, fetched.origin.fetched_at) == (
        "ercot",
        "ERCOT",
        NOW,
    )


def test_a_document_that_was_published_again_corrects() -> None:
    mis = real_time()
    window = Window(start_at=START, end_at=START + 6 * HOUR)
    corrected = zipped(a_csv=rtm_csv([(START + HOUR, 77.0)]))
    mis.publish("SPPHLZNP6905_retry_20260119_0115_csv", START + 2 * HOUR, corrected)
    with mis.source("ercot_rtm", "HB_HOUSTON") as source:
        assert source.rows(window)["price_usd_per_mwh"][4] == 77.0


def test_day_ahead_prices_are_known_the_day_before() -> None:
    mis = Mis()
    for day in range(3):
        begin = START + 24 * day * HOUR
        rows = [(begin + n * HOUR, 30.0 + n) for n in range(24)]
        mis.publish("DAMSPNP4190_csv", begin - 12 * HOUR, zipped(a_csv=dam_csv(rows)))
    window = Window(start_at=START + 24 * HOUR, end_at=START + 48 * HOUR)
    with mis.source("ercot_dam", "HB_HUBAVG") as source:
        found = source.rows(window)
    assert found["start"].to_list() == [START + (24 + n) * HOUR for n in range(24)]
    assert mis.asked[0] == "12331"


def test_no_document_no_location_too_many() -> None:
    mis = real_time()
    with mis.source("ercot_rtm", "HB_HOUSTON") as source:
        with pytest.raises(NoData, match="lists no document"):
            source.rows(Window(start_at=START + 100 * HOUR, end_at=START + 101 * HOUR))
        assert len(mis.asked) == 1
    with mis.source("ercot_rtm", "HB_EAST") as source, pytest.raises(NoData):
        source.rows(Window(start_at=START, end_at=START + HOUR))
    many = Mis()
    for number in range(401):
        many.publish("a_csv", START + number * timedelta(seconds=1), b"")
    with many.source("ercot_rtm", "HB_HOUSTON") as source, pytest.raises(Rejected, match="too many"):
        source.rows(Window(start_at=START, end_at=START + HOUR))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DocID", "1&x=2"),
        ("DocID", "../../etc/passwd"),
        ("FriendlyName", "a b"),
        ("PublishDate", "2026-01-19"),
        ("PublishDate", "2026-02-30T00:00:00-06:00"),
        ("PublishDate", "2026-01-19T00:00:00"),
    ],
)
def test_a_list_that_names_no_documents(key: str, value: str) -> None:
    mis = real_time(1)
    mis.listed[0]["Document"][key] = value
    with mis.source("ercot_rtm", "HB_HOUSTON") as source, pytest.raises(Malformed) as raised:
        source.documents(Window(start_at=START, end_at=START + HOUR))
    assert raised.value.context["source"] == "ercot"


def test_what_it_is_configured_with() -> None:
    for market, locations in (("ercot", ["HB_WEST"]), ("ercot_rtm", [])):
        with pytest.raises(ConfigError):
            ErcotSource(market, locations)
    with pytest.raises(ConfigError, match="plain http"):
        ErcotSource("ercot_rtm", ["HB_WEST"], base_url="http://example.com")
    source = ErcotSource("ercot_rtm", ["HB_WEST"], name="mine")
    assert (source.name, source.upstream, source.table) == ("mine", "ERCOT", "grid_prices")
    source.close()
    source.close()
