from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError, Malformed
from wattshift.sources.files.localtime import EPOCH, parse_time, time_zone_of, to_us

CHICAGO = ZoneInfo("America/Chicago")


@given(instant=st.datetimes(datetime(1971, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds
def test_local_times_come_back_to_their_instant_or_are_refused(instant: datetime) -> None:
    expected = (instant - EPOCH) // (datetime.resolution)
    assert to_us(instant.astimezone(CHICAGO), CHICAGO, name="a", where="line 2") == expected
    bare = instant.astimezone(CHICAGO).replace(tzinfo=None, fold=0)
    try:
        assert to_us(bare, CHICAGO, name="a", where="line 2") == expected
    except Malformed:
        twice = {bare.replace(tzinfo=CHICAGO, fold=fold).utcoffset() for fold in (0, 1)}
        assert len(twice) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-03-08T02:30", "does not exist: the clocks skip it"),
        ("2026-11-01T01:30", "happens twice, at 2026-11-01T06:30Z and 2026-11-01T07:30Z"),
    ],
)
def test_blurred_times_are_refused(text: str, says: str) -> None:
    with pytest.raises(Malformed, match=says) as raised:
        to_us(parse_time(text, name="a", line=2), CHICAGO, name="a", where="line 2")
    assert raised.value.context["time_zone"] == "America/Chicago"


def test_texts_and_zones_that_are_none() -> None:
    with pytest.raises(Malformed, match="is not a time"):
        parse_time("yesterday", name="a", line=2)
    with pytest.raises(InputError, match="no such time zone"):
        time_zone_of("../../etc/passwd")
    assert time_zone_of(None).key == "UTC"
