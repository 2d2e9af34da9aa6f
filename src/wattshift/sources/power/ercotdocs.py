"""ERCOT's public list of documents (MIS, no account needed) as a source of prices.

The list of a report names its documents of the last days; each is a zip. Real-time prices (report 12301)
come as one document for every quarter of an hour, day-ahead prices (12331) as one for every day, around
noon of the day before.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from wattshift.clock import Clock, SystemClock, Window, parse_instant
from wattshift.errors import ConfigError, InputError, NoData, Rejected
from wattshift.sources.files.archives import pack
from wattshift.sources.http.client import HttpLimits
from wattshift.sources.port import Endpoint, Fetched
from wattshift.sources.power.ercot import DAY_AHEAD, REAL_TIME, parse_ercot
from wattshift.sources.power.operator import OperatorService
from wattshift.sources.power.pricerows import within
from wattshift.sources.strictjson import Json

__all__ = ["Document", "ErcotSource"]

_BASE_URL = "https://www.ercot.com"
_UPSTREAM = "ERCOT"
_LIMITS = HttpLimits(read_s=30.0, total_s=60.0, max_bytes=16 << 20)
_MAX_DOCUMENTS = 400
_ID = re.compile(r"\d{1,20}", re.ASCII)
_NAME = re.compile(r"[\w.\-]{1,200}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?([+-]\d\d:\d\d|Z)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document of a list.

    Args:
        doc_id: what it is asked for by.
        friendly_name: such as SPPHLZNP6905_20260119_1545_csv.
        published_at: when; around a change of clocks, ERCOT's offset may be an hour off.
    """

    doc_id: str
    friendly_name: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class _Report:
    """A kind of document, and how long before and after a window what belongs to it is published."""

    type_id: int
    before: timedelta
    after: timedelta


_REPORTS = {
    REAL_TIME: _Report(12301, timedelta(hours=1), timedelta(hours=3)),
    DAY_AHEAD: _Report(12331, timedelta(hours=48), timedelta(0)),
}


class ErcotSource(OperatorService):
    """Settlement point prices from ERCOT's list of public documents.

    Args:
        market: `ercot_rtm` or `ercot_dam`.
        locations: settlement points to keep, such as HB_HOUSTON.
        name: the name under which it is configured.
        base_url: where the list is served.
        limits: what one request may cost.
        clock: says when bytes arrived.

    Raises:
        ConfigError: if there is no such market, no location, or the URL must not be asked.
    """

    def __init__(
        self,
        market: str,
        locations: Collection[str],
        *,
        name: str = "ercot",
        base_url: str = _BASE_URL,
        limits: HttpLimits = _LIMITS,
        clock: Clock = SystemClock(),  # noqa: B008  # frozen
    ) -> None:
        if market not in _REPORTS or not locations:
            raise ConfigError(
                "ERCOT is asked for a market and at least one settlement point",
                market=market,
                hint=f"write one of {', '.join(_REPORTS)}, and a settlement point such as HB_HOUSTON",
            )
        self._report = _REPORTS[market]
        self._locations = frozenset(locations)
        super().__init__(_UPSTREAM, name=name, base_url=base_url, limits=limits, clock=clock)

    @property
    def documents(self) -> Endpoint[Window, tuple[Document, ...]]:
        """The documents that may hold prices of a window, in the order of their publication."""
        return Endpoint(self._fetch_list, self._parse_list)

    @property
    def rows(self) -> Endpoint[Window, pl.DataFrame]:
        """The prices of a window; fetched as an archive of the documents as they came."""
        return Endpoint(self._fetch_documents, self._parse_documents)

    def _fetch_list(self, _window: Window) -> Fetched:
        url = f"{self._base_url}/misapp/servlets/IceDocListJsonWS"
        return self._client.get(url, params={"reportTypeId": str(self._report.type_id)})

    def _parse_list(self, window: Window, fetched: Fetched) -> tuple[Document, ...]:
        first, last = window.start_at - self._report.before, window.end_at + self._report.after
        listed = Json.read(fetched)["ListDocsByRptTypeRes"]["DocumentList"].items()
        documents = {_document(item["Document"]) for item in listed}
        chosen = [
            document
            for document in documents
            if first <= document.published_at <= last and document.friendly_name.endswith("csv")
        ]
        return tuple(sorted(chosen, key=lambda document: (document.published_at, document.doc_id)))

    def _fetch_documents(self, window: Window) -> Fetched:
        listed = self._fetch_list(window)
        documents = self._parse_list(window, listed)
        if not documents:
            raise NoData(
                "ERCOT lists no document for this window",
                source=self._name,
                url=listed.origin.url,
                hint="its list reaches back some days; import older files",
            )
        if len(documents) > _MAX_DOCUMENTS:
            raise Rejected(
                "this window needs too many documents",
                source=self._name,
                documents=len(documents),
                limit=_MAX_DOCUMENTS,
                hint="ask for a day at a time",
            )
        url = f"{self._base_url}/misdownload/servlets/mirDownload"
        answers = [self._client.get(url, params={"doclookupId": document.doc_id}) for document in documents]
        return Fetched.of(
            pack({f"{number:03}.zip": answer.content for number, answer in enumerate(answers)}),
            source=self._name,
            upstream=_UPSTREAM,
            url=listed.origin.url,
            fetched_at=answers[-1].origin.fetched_at,
        )

    def _parse_documents(self, window: Window, fetched: Fetched) -> pl.DataFrame:
        table = parse_ercot(fetched.content, name=self._name, source=self._name, locations=self._locations)
        return within(table, window, name=self._name)


def _document(listed: Json) -> Document:
    published = listed["PublishDate"].text(_INSTANT)
    try:
        published_at = parse_instant(published)
    except InputError:
        raise listed.malformed("there is no such instant", found=published) from None
    return Document(
        doc_id=listed["DocID"].text(_ID),
        friendly_name=listed["FriendlyName"].text(_NAME),
        published_at=published_at,
    )
