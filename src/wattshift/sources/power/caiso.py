"""CAISO's locational marginal prices, as OASIS gives them: a zip of CSV, or of an XML file that says no.

Columns that count: `INTERVALSTARTTIME_GMT`, `INTERVALENDTIME_GMT`, `NODE`, `MARKET_RUN_ID`, `LMP_TYPE`
(only `LMP`, the whole price, is kept) and the price, which is called `MW` (PRC_LMP, PRC_HASP_LMP), `PRC`
(PRC_RTPD_LMP) or `VALUE` (PRC_INTVL_LMP). Source: CAISO, Interface Specification for OASIS, version 5, with
the error codes of its appendix.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType

import polars as pl

from wattshift.errors import Malformed, NoData, Rejected, SourceError, Unavailable
from wattshift.sources.files.archives import leaves
from wattshift.sources.files.csvfile import CsvFile, number, quoted, read_csv
from wattshift.sources.power.pricerows import PriceRows, merged

__all__ = ["MARKETS", "parse_caiso"]

MARKETS: Mapping[str, str] = MappingProxyType(
    {"DAM": "caiso_dam", "HASP": "caiso_hasp", "RTPD": "caiso_rtpd", "RTM": "caiso_rtm"}
)
"""What `MARKET_RUN_ID` says, and the market's name in `grid_prices`: day ahead (1 h), hour ahead and
fifteen-minute market (15 min), and real time (5 min)."""

_PRICE_COLUMNS = ("MW", "PRC", "VALUE")
_NO_DATA = frozenset({1000, 1001})
_TROUBLE = frozenset({1003, 1007, 1008, 1009, 1010, 1012, 1013, 1015})
_ERROR_CODE = re.compile(rb"<(?:\w{1,9}:)?ERR_CODE>\s*(\d{1,6})\s*<", re.IGNORECASE)
_ERROR_TEXT = re.compile(rb"<(?:\w{1,9}:)?ERR_DESC>([^<]{0,200})<", re.IGNORECASE)
_ERROR_SPAN = 1 << 16
_AGAIN = "ask OASIS again, and change nothing in what it gives"


def parse_caiso(
    data: bytes, *, name: str, source: str = "CAISO", locations: Collection[str] | None = None
) -> pl.DataFrame:
    """Read an answer of OASIS: a zip, or the CSV or XML from inside it.

    Args:
        data: the bytes.
        name: the file's name, for the errors.
        source: who published it, for the table.
        locations: nodes to keep; None keeps all.

    Returns:
        Table `grid_prices` with the markets of `MARKETS`.

    Raises:
        NoData: if OASIS says so, or no row is left.
        Rejected: if OASIS refuses the question.
        Unavailable: if OASIS says that it is in trouble or busy.
        Malformed: if the answer is not what OASIS promises, or rows contradict each other.
    """
    frames = []
    for member in leaves(data, name=name):
        if member.content.lstrip()[:1] == b"<":
            raise _refusal(member.content, member.name)
        frames.append(_parse_csv(member.content, member.name, locations).frame(source=source))
    return merged(frames, name=name, source=source)


def _refusal(content: bytes, name: str) -> SourceError:
    """What an XML answer means: OASIS gives no data in XML where CSV was asked for."""
    found = _ERROR_CODE.search(content, 0, _ERROR_SPAN)
    words = _ERROR_TEXT.search(content, 0, _ERROR_SPAN)
    if found is None:
        return Malformed("an XML file without an error code came instead of CSV", file=name, hint=_AGAIN)
    code = int(found[1])
    says = quoted(words[1].decode("utf-8", "replace").strip()) if words else "nothing"
    if code in _NO_DATA:
        return NoData("OASIS has no data for this question", file=name, code=code, says=says)
    if code in _TROUBLE:
        return Unavailable("OASIS cannot answer now", file=name, code=code, says=says, hint="ask again later")
    return Rejected(
        "OASIS refuses the question",
        file=name,
        code=code,
        says=says,
        hint="ask for at most 31 days and 10 nodes, and not more often than every 5 seconds",
    )


@dataclass(frozen=True, slots=True)
class _Columns:
    start: int
    end: int
    node: int
    run: int
    kind: int
    price: int

    @classmethod
    def of(cls, file: CsvFile) -> _Columns:
        return cls(
            start=file.column("INTERVALSTARTTIME_GMT"),
            end=file.column("INTERVALENDTIME_GMT"),
            node=file.column("NODE"),
            run=file.column("MARKET_RUN_ID"),
            kind=file.column("LMP_TYPE"),
            price=file.column(*_PRICE_COLUMNS),
        )


def _parse_csv(data: bytes, name: str, locations: Collection[str] | None) -> PriceRows:
    file = read_csv(data, name=name)
    at = _Columns.of(file)
    rows = PriceRows(name)
    for line, cells in file.rows:
        node = cells[at.node].strip()
        if cells[at.kind].strip() != "LMP" or (locations is not None and node not in locations):
            continue
        market = MARKETS.get(cells[at.run].strip())
        start_at, end_at = _instant(cells[at.start].strip()), _instant(cells[at.end].strip())
        if market is None or start_at is None or end_at is None:
            raise Malformed(
                "a row names no instants of a market that is known",
                file=name,
                line=line,
                start=quoted(cells[at.start]),
                end=quoted(cells[at.end]),
                market=quoted(cells[at.run]),
                hint=_AGAIN,
            )
        rows.add(
            line,
            start_at=start_at,
            length=end_at - start_at,
            market=market,
            location=node,
            price_usd_per_mwh=number(
                cells[at.price].strip(), name=name, line=line, what="price", hint=_AGAIN
            ),
        )
    return rows


@lru_cache(maxsize=1024)
def _instant(text: str) -> datetime | None:
    """An instant with its offset, as the columns in GMT have it; None for anything else."""
    try:
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo and 2000 <= instant.year < 2100 else None
    except (ValueError, OverflowError):
        return None
