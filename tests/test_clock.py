from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given

from wattshift.clock import (
    Clock,
    ReplayClock,
    SystemClock,
    Window,
    format_instant,
    from_unix,
    parse_duration_s,
    parse_instant,
    to_unix,
)
from wattshift.errors import InputError
from wattshift.testing import instants

NOON = datetime(2026, 1, 19, 12, tzinfo=UTC)
NAIVE = NOON.replace(tzinfo=None)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-19T12:00Z",
        "2026-01-19T12:00",
        " 2026-01-19 12:00:00 ",
        "2026-01-19T06:00-06:00",
        "2026-01-19T12:00:00.000+00:00",
    ],
)
def test_many_spellings_of_one_instant(text: str) -> None:
    assert parse_instant(text) == NOON
    assert parse_instant(text).tzinfo is UTC


def test_a_date_is_its_midnight() -> None:
    assert parse_instant("2026-01-19") == datetime(2026, 1, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "noon", "19.01.2026", "2026-02-30", "2026-01-19T25:00", "1768824000", "0001-01-01T00:00+05:00"],
)
def test_what_is_no_instant_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match="is not an instant") as refusal:
        parse_instant(text)
    assert "2026-01-19T12:00Z" in str(refusal.value.hint)


def test_an_instant_is_written_with_seconds_only_where_there_are_any() -> None:
    assert format_instant(NOON) == "2026-01-19T12:00Z"
    assert format_instant(NOON + timedelta(seconds=7)) == "2026-01-19T12:00:07Z"
    assert format_instant(NOON.astimezone(timezone(timedelta(hours=-6)))) == "2026-01-19T12:00Z"


@given(instants(datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)))
def test_instants_survive_text_and_unix_time(instant: datetime) -> None:
    assert parse_instant(format_instant(instant)) == instant
    assert from_unix(to_unix(instant)) == instant


def test_unix_time_needs_a_time_zone() -> None:
    assert to_unix(from_unix(1_768_824_000)) == 1_768_824_000
    assert from_unix(1_768_824_000) == NOON
    with pytest.raises(InputError, match="time zone"):
        to_unix(NAIVE)


@pytest.mark.parametrize(
    ("text", "length_s"),
    [
        ("7d", 604_800),
        ("36h", 129_600),
        ("90min", 5_400),
        ("90m", 5_400),
        ("2w", 1_209_600),
        ("1.5 H", 5_400),
        ("3s", 3),
        ("1.6s", 2),
    ],
)
def test_durations(text: str, length_s: int) -> None:
    assert parse_duration_s(text) == length_s


@pytest.mark.parametrize(
    "text", ["", "7", "d", "-7d", "0d", "0.2s", "7 days", "1d12h", "٣d", "9" * 400 + "d"]
)
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match="is not a duration") as refusal:
        parse_duration_s(text)
    assert "7d" in str(refusal.value.hint)


def test_a_window_is_half_open_and_not_empty() -> None:
    window = Window(start_at=NOON, end_at=NOON + timedelta(hours=1))
    assert window.length_s == 3_600
    with pytest.raises(InputError, match="end after it starts") as refusal:
        Window(start_at=NOON, end_at=NOON)
    assert refusal.value.hint


@pytest.mark.parametrize(("start_at", "end_at", "end"), [(NAIVE, NOON, "start"), (NOON, NAIVE, "end")])
def test_a_window_needs_time_zones(start_at: datetime, end_at: datetime, end: str) -> None:
    with pytest.raises(InputError, match=f"{end} of a window needs a time zone"):
        Window(start_at=start_at, end_at=end_at)


def test_a_replay_clock_stands_where_it_is_put() -> None:
    clock = ReplayClock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.advance(timedelta(minutes=5))
    assert clock.now() == NOON + timedelta(minutes=5)
    with pytest.raises(InputError, match="backwards"):
        clock.advance(timedelta(seconds=-1))
    assert clock.now() == NOON + timedelta(minutes=5)


def test_the_system_clock_tells_utc() -> None:
    clock: Clock = SystemClock()
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().tzinfo is UTC
    assert SystemClock(read=lambda: NOON).now() == NOON
