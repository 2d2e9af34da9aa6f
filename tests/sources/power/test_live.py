"""The seam to gridstatus, by a stand-in of its shapes; `tests/e2e/test_gridstatus.py` drives the real one."""

from __future__ import annotations

import importlib.machinery
import sys
import types
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from sources.conformance import NOW, replay
from wattshift.clock import Window
from wattshift.errors import ConfigError, Malformed, NoData, Rejected, Unavailable
from wattshift.sources.power.live import GridstatusSource

START = datetime(2026, 1, 19, 5, tzinfo=UTC)
WINDOW = Window(start_at=START, end_at=START + timedelta(hours=30))
COLUMNS = ("Time", "Interval Start", "Interval End", "Market", "Location", "Location Type", "LMP")


class Column(list[Any]):
    """As much of a pandas column as the seam touches."""

    def __eq__(self, other: object) -> Any:  # as pandas compares
        return [value == other for value in self]

    __hash__ = None  # a list has none


class Frame:
    """As much of a pandas frame as the seam touches."""

    def __init__(self, rows: list[tuple[Any, ...]], columns: tuple[str, ...] = COLUMNS) -> None:
        self.rows, self.columns = rows, columns

    def __getitem__(self, key: str | list[bool]) -> Any:
        if isinstance(key, str):
            return Column(row[self.columns.index(key)] for row in self.rows)
        return Frame([row for row, kept in zip(self.rows, key, strict=True) if kept], self.columns)


class NoDataFoundException(Exception):
    pass


class NotSupported(Exception):
    pass


class NYISO:
    """Answers like the operator's class there, an hour a row."""

    default_timezone = "US/Eastern"
    asked: ClassVar[list[str]] = []
    fails: Exception | None = None
    columns: tuple[str, ...] = COLUMNS
    price: object = 31.5

    def get_lmp_day_ahead_hourly(self, date: str) -> Frame:
        type(self).asked.append(date)
        if self.fails is not None:
            raise self.fails
        begin = datetime.fromisoformat(f"{date}T00:00-05:00")
        rows: list[tuple[Any, ...]] = []
        for place in ("N.Y.C.", "WEST"):
            for hour in range(24):
                start = begin + timedelta(hours=hour)
                end = start + timedelta(hours=1)
                rows.append((start, start, end, "DAY_AHEAD_HOURLY", place, "Zone", self.price))
        return Frame(rows, self.columns)


@pytest.fixture
def nyiso(monkeypatch: pytest.MonkeyPatch) -> type[NYISO]:
    package = types.ModuleType("gridstatus")
    package.__spec__ = importlib.machinery.ModuleSpec("gridstatus", None)
    operator = type("NYISO", (NYISO,), {"asked": []})
    for name, value in (
        ("NYISO", operator),
        ("NoDataFoundException", NoDataFoundException),
        ("NotSupported", NotSupported),
    ):
        setattr(package, name, value)
    monkeypatch.setitem(sys.modules, "gridstatus", package)
    return operator


def source(market: str = "day_ahead_hourly", location: str = "N.Y.C.") -> GridstatusSource:
    return GridstatusSource(iso="nyiso", market=market, location=location, clock=replay())


def test_each_local_day_of_a_window_is_asked_for(nyiso: type[NYISO]) -> None:
    asking = source()
    fetched = asking.rows.fetch(WINDOW)
    found = asking.rows.parse(WINDOW, fetched)
    assert nyiso.asked == ["2026-01-19", "2026-01-20"]
    assert found["start"].to_list() == [START + timedelta(hours=n) for n in range(30)]
    assert found.select("hours", "market", "location", "price_usd_per_mwh", "source").unique().rows() == [
        (1.0, "nyiso_day_ahead_hourly", "N.Y.C.", 31.5, "gridstatus")
    ]
    assert fetched.origin.fetched_at == NOW
    assert fetched.origin.upstream == "NYISO"
    asking.close()


@pytest.mark.parametrize(
    ("fails", "kind"),
    [
        (NoDataFoundException("none"), NoData),
        (NotSupported("no"), Rejected),
        (ConnectionError("refused"), Unavailable),
        (KeyError("LBMP"), Malformed),
        (RecursionError("deep"), Malformed),
    ],
)
def test_its_failures_are_ours(nyiso: type[NYISO], fails: Exception, kind: type[Exception]) -> None:
    nyiso.fails = fails
    with pytest.raises(kind) as raised:
        source().rows(WINDOW)
    assert type(raised.value) is kind


def test_changed_columns_and_holes_are_refused(nyiso: type[NYISO]) -> None:
    nyiso.columns = tuple(column.replace("LMP", "Price") for column in COLUMNS)
    with pytest.raises(Malformed, match="gridstatus cannot read"):
        source().rows(WINDOW)
    nyiso.columns = COLUMNS
    nyiso.price = float("nan")
    with pytest.raises(Malformed, match="is not a price"):
        source().rows(WINDOW)
    nyiso.price = None
    with pytest.raises(Malformed, match="gridstatus cannot read"):
        source().rows(WINDOW)


@pytest.mark.usefixtures("nyiso")
def test_what_it_does_not_offer() -> None:
    with pytest.raises(Rejected):
        source("real_time_hourly").rows(WINDOW)
    with pytest.raises(Rejected, match="31 days"):
        source().rows(Window(start_at=START, end_at=START + timedelta(days=40)))
    with pytest.raises(NoData):
        source(location="ELSEWHERE").rows(WINDOW)
    for iso, market in (("texas", "day_ahead_hourly"), ("nyiso", "yearly"), ("caiso", "real_time_5_min")):
        with pytest.raises(ConfigError):
            GridstatusSource(iso=iso, market=market, location="x")


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "gridstatus", raising=False)
    monkeypatch.setattr("wattshift.sources.power.live.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"pip install 'wattshift\[grid\]'"):
        source()
