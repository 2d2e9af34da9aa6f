"""ERCOT's settlement point prices: its documents NP6-905-CD (real time) and NP4-190-CD (day ahead).

Real time, a quarter of an hour a row: `DeliveryDate, DeliveryHour, DeliveryInterval, SettlementPointName,
SettlementPointType, SettlementPointPrice, DSTFlag`. Day ahead, an hour a row: `DeliveryDate, HourEnding,
SettlementPoint, SettlementPointPrice, DSTFlag`. The flag (also `RepeatedHourFlag`) marks the second of the
two hours that end at 2 o'clock when summer time ends. A row of the hour that is skipped in spring, such as
ERCOT has published for 8 March 2026, lasts no time and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import polars as pl

from wattshift.errors import Malformed
from wattshift.sources.files.archives import leaves
from wattshift.sources.files.csvfile import CsvFile, number, quoted, read_csv
from wattshift.sources.power.marketday import MarketDay, UnknownHour
from wattshift.sources.power.pricerows import PriceRows, merged

__all__ = ["DAY_AHEAD", "REAL_TIME", "ZONE", "parse_ercot"]

REAL_TIME = "ercot_rtm"
DAY_AHEAD = "ercot_dam"
ZONE = ZoneInfo("America/Chicago")

_HOUR = timedelta(hours=1)
_YEARS = range(2000, 2100)
_QUARTER = timedelta(minutes=15)
_DATE = re.compile(r"(?P<m>\d{2})/(?P<d>\d{2})/(?P<y>\d{4})|(?P<Y>\d{4})-(?P<M>\d{2})-(?P<D>\d{2})", re.ASCII)
_HOUR_ENDING = re.compile(r"(\d{1,2})(?::00)?", re.ASCII)
_INTERVAL = re.compile(r"[1-4]", re.ASCII)
_FLAGS = {"Y": True, "N": False, "TRUE": True, "FALSE": False}
_ENERGY_WEIGHTED = frozenset({"LZEW", "LZ_DCEW"})
_DOWNLOAD = "download the document again, and change nothing in it"


def parse_ercot(
    data: bytes, *, name: str, source: str = "ERCOT", locations: Collection[str] | None = None
) -> pl.DataFrame:
    """Read a document of ERCOT: its CSV, the zip around it, or a zip of such zips (a bundle).

    Args:
        data: the bytes.
        name: the file's name, for the errors.
        source: who published it, for the table.
        locations: settlement points to keep; None keeps all. The energy-weighted price of a load zone is kept
            under its name with `_EW`.

    Returns:
        Table `grid_prices`, markets `ercot_rtm` and `ercot_dam`; a later document of an archive corrects an
        earlier one.

    Raises:
        Malformed: if a row is not what ERCOT promises, or rows contradict each other.
        NoData: if no row is left.
    """
    frames = [
        _parse_csv(member.content, member.name, locations).frame(source=source)
        for member in leaves(data, name=name, levels=2)
    ]
    return merged(frames, name=name, source=source)


@dataclass(frozen=True, slots=True)
class _Columns:
    day: int
    hour: int
    interval: int | None
    point: int
    kind: int | None
    price: int
    flag: int | None

    @classmethod
    def of(cls, file: CsvFile) -> _Columns:
        return cls(
            day=file.column("DeliveryDate"),
            hour=file.column("HourEnding", "DeliveryHour"),
            interval=file.find("DeliveryInterval"),
            point=file.column("SettlementPointName", "SettlementPoint"),
            kind=file.find("SettlementPointType"),
            price=file.column("SettlementPointPrice"),
            flag=file.find("DSTFlag", "RepeatedHourFlag"),
        )


def _parse_csv(data: bytes, name: str, locations: Collection[str] | None) -> PriceRows:
    file = read_csv(data, name=name)
    at = _Columns.of(file)
    rows = PriceRows(name)
    hours = _Hours(name, flagged=at.flag is not None)
    for line, cells in file.rows:
        location = cells[at.point].strip()
        if at.kind is not None and cells[at.kind].strip() in _ENERGY_WEIGHTED:
            location += "_EW"
        if locations is not None and location not in locations:
            continue
        flag = "N" if at.flag is None else cells[at.flag].strip()
        start_at = hours.start(cells[at.day].strip(), cells[at.hour].strip(), flag, line)
        quarter = 1 if at.interval is None else _quarter(cells[at.interval].strip(), name, line)
        price = number(cells[at.price].strip(), name=name, line=line, what="price", hint=_DOWNLOAD)
        if start_at is not None:
            rows.add(
                line,
                start_at=start_at + _QUARTER * (quarter - 1),
                length=_HOUR if at.interval is None else _QUARTER,
                market=DAY_AHEAD if at.interval is None else REAL_TIME,
                location=location,
                price_usd_per_mwh=price,
            )
    hours.close()
    return rows


@dataclass(slots=True)
class _Hours:
    """Tells when the hours of one document begin.

    Args:
        name: the document's name, for the errors.
        flagged: whether a flag marks the repeated hour. Documents without one count the hours of a long day
            to 25; those hours are kept in mind, so that another way to write them is seen and refused.
    """

    name: str
    flagged: bool
    _odd_days: dict[MarketDay, set[int]] = field(default_factory=dict)

    def start(self, day: str, ending: str, flag: str, line: int) -> datetime | None:
        """When an hour begins; None if it lasts no time."""
        try:
            return self._start(_market_day(day), _hour_ending(ending), repeated=_is_repeated(flag))
        except UnknownHour as error:
            raise Malformed(f"{error}", file=self.name, line=line, day=quoted(day), hint=_DOWNLOAD) from None

    def _start(self, day: MarketDay, ending: int, *, repeated: bool) -> datetime | None:
        if self.flagged or day.hours == 24:
            return _named(day, ending, repeated)
        self._odd_days.setdefault(day, set()).add(ending)
        return day.counted(ending) if day.hours > 24 else _named(day, ending, repeated)

    def close(self) -> None:
        """Refuse a document that left open how it names the hours of a day with 23 or 25 of them."""
        for day, seen in self._odd_days.items():
            last, sure = (day.hours, 1) if day.hours > 24 else (24, 2)
            if max(seen) > sure and last not in seen:
                raise Malformed(
                    f"{day.day} has {day.hours} hours, and the document does not tell which is which",
                    file=self.name,
                    hint="give a document with the column DSTFlag, or the whole day",
                )


@lru_cache(maxsize=512)
def _named(day: MarketDay, ending: int, repeated: bool) -> datetime | None:  # noqa: FBT001 - a cache takes positions
    return day.named(ending, repeated=repeated)


def _hour_ending(text: str) -> int:
    found = _HOUR_ENDING.fullmatch(text)
    if found is None:
        raise UnknownHour(f"{quoted(text)} is no hour")
    return int(found[1])


def _is_repeated(flag: str) -> bool:
    if flag.upper() not in _FLAGS:
        raise UnknownHour(f"{quoted(flag)} is no flag of the repeated hour")
    return _FLAGS[flag.upper()]


@lru_cache(maxsize=64)
def _market_day(text: str) -> MarketDay:
    found = _DATE.fullmatch(text)
    if found is None:
        raise UnknownHour("the day is not written as 03/08/2026")
    year, month, day = (int(found[a] or found[b]) for a, b in ("yY", "mM", "dD"))
    try:
        found_day = date(year, month, day)
    except ValueError:
        raise UnknownHour("there is no such day") from None
    if found_day.year not in _YEARS:
        raise UnknownHour(f"the market has no prices of {found_day.year}")
    return MarketDay(found_day, ZONE)


def _quarter(text: str, name: str, line: int) -> int:
    if not _INTERVAL.fullmatch(text):
        raise Malformed(f"{quoted(text)} is no quarter of an hour", file=name, line=line, hint=_DOWNLOAD)
    return int(text)
