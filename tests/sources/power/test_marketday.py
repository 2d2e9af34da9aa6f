from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from support.power import MARKETS, changes
from wattshift.sources.power.marketday import MarketDay, UnknownHour

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("zone", [ZoneInfo(key) for key in MARKETS.values()], ids=MARKETS.keys())
def test_every_change_of_clocks_from_2000_to_2035(zone: ZoneInfo) -> None:
    """The hours named by the market tile the day: none twice, none lost, and their energy is the day's."""
    days = changes(zone)
    assert len(days) == (0 if zone.key in {"Etc/GMT+5", "EST"} else 72)
    for day in [*days, date(2026, 1, 19)]:
        market = MarketDay(day, zone)
        begin = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        ending = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone).astimezone(UTC)
        starts = [market.named(hour, repeated=False) for hour in range(1, 25)]
        repeated = [hour for hour in range(1, 25) if is_repeated(market, hour)]
        starts += [market.named(hour, repeated=True) for hour in repeated]
        known = sorted(start for start in starts if start is not None)
        assert known == [begin + number * HOUR for number in range(market.hours)]
        assert known[-1] + HOUR == ending
        assert known == [market.counted(number) for number in range(1, market.hours + 1)]
        assert len(starts) - len(known) == (1 if market.hours == 23 else 0)


def is_repeated(market: MarketDay, hour: int) -> bool:
    try:
        market.named(hour, repeated=True)
    except UnknownHour:
        return False
    return market.named(hour, repeated=False) is not None


def test_the_days_of_2026_in_chicago() -> None:
    spring = MarketDay(date(2026, 3, 8), ZoneInfo("America/Chicago"))
    assert spring.hours == 23
    assert spring.named(2, repeated=False) == datetime(2026, 3, 8, 7, tzinfo=UTC)
    assert spring.named(3, repeated=False) is None
    assert spring.named(4, repeated=False) == datetime(2026, 3, 8, 8, tzinfo=UTC)
    autumn = MarketDay(date(2026, 11, 1), ZoneInfo("America/Chicago"))
    assert autumn.hours == 25
    assert autumn.named(2, repeated=False) == datetime(2026, 11, 1, 6, tzinfo=UTC)
    assert autumn.named(2, repeated=True) == datetime(2026, 11, 1, 7, tzinfo=UTC)
    assert autumn.counted(25) == datetime(2026, 11, 2, 5, tzinfo=UTC)


@pytest.mark.parametrize("hour", [-1, 0, 25, 99])
def test_hours_that_no_day_names(hour: int) -> None:
    with pytest.raises(UnknownHour):
        MarketDay(date(2026, 1, 19), ZoneInfo("America/Chicago")).named(hour, repeated=False)


def test_hours_that_this_day_has_not() -> None:
    day = MarketDay(date(2026, 1, 19), ZoneInfo("America/Chicago"))
    with pytest.raises(UnknownHour, match="do not repeat"):
        day.named(2, repeated=True)
    with pytest.raises(UnknownHour, match="24 hours"):
        day.counted(25)
