"""Dates, absolute and relative to the text's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.claims.dates import dates_of, first_date
from wattshift.claims.when import Role
from wattshift.clock import parse_instant

TOLD_AT = parse_instant("2026-01-19T23:59Z")


@pytest.mark.parametrize(
    ("text", "start", "end", "role"),
    [
        ("on January 19, 2026", "2026-01-19", "2026-01-20", Role.AT),
        ("on 19 January 2026", "2026-01-19", "2026-01-20", Role.AT),
        ("on Jan. 8", "2026-01-08", "2026-01-09", Role.AT),
        ("on December 20th", "2025-12-20", "2025-12-21", Role.AT),
        ("Dec 20-22", "2025-12-20", "2025-12-23", Role.AT),
        ("2026-01-19", "2026-01-19", "2026-01-20", Role.AT),
        ("2026-01-19T01:00Z", "2026-01-19T01:00", "2026-01-19T01:00:01", Role.AT),
        ("January 19, 2026 at 01:00 UTC", "2026-01-19T01:00", "2026-01-19T01:00:01", Role.AT),
        ("expected on January 22", "2026-01-22", "2026-01-23", Role.AT),
        ("fell on January 22", "2025-01-22", "2025-01-23", Role.AT),
        ("in October 2025", "2025-10-01", "2025-11-01", Role.AT),
        ("in November", "2025-11-01", "2025-12-01", Role.AT),
        ("since mid-September", "2025-09-11", "2025-09-21", Role.SINCE),
        ("in May", "2025-05-01", "2025-06-01", Role.AT),
        ("Q4 2025", "2025-10-01", "2026-01-01", Role.AT),
        ("the second quarter of 2025", "2025-04-01", "2025-07-01", Role.AT),
        ("in 2025", "2025-01-01", "2026-01-01", Role.AT),
        ("yesterday", "2026-01-18", "2026-01-19", Role.AT),
        ("last month", "2025-12-01", "2026-01-01", Role.AT),
        ("last week", "2026-01-12", "2026-01-19", Role.AT),
        ("on Friday", "2026-01-16", "2026-01-17", Role.AT),
        ("over the past month", "2025-12-20T23:59", "2026-01-19T23:59", Role.OVER),
        ("in the last two weeks", "2026-01-05T23:59", "2026-01-19T23:59", Role.OVER),
        ("year over year", "2025-01-19T23:59", "2026-01-19T23:59", Role.OVER),
        ("so far this year", "2026-01-01", "2026-01-19T23:59", Role.OVER),
        ("in ~3 days", "2026-01-22T23:59", "2026-01-22T23:59:01", Role.AHEAD),
        ("in about three days", "2026-01-22T23:59", "2026-01-22T23:59:01", Role.AHEAD),
        ("down 40 % in a week", "2026-01-12T23:59", "2026-01-19T23:59", Role.OVER),
        ("fell about 3% in just two days", "2026-01-17T23:59", "2026-01-19T23:59", Role.OVER),
        ("expected to be down 3 % in two days", "2026-01-21T23:59", "2026-01-21T23:59:01", Role.AHEAD),
        ("a change of 3 % in two days", "2026-01-21T23:59", "2026-01-21T23:59:01", Role.AHEAD),
    ],
)
def test_a_date(text: str, start: str, end: str, role: Role) -> None:
    (found,) = dates_of(text, TOLD_AT)
    assert (parse_instant(start), parse_instant(end)) == (found.start_at, found.end_at)
    assert found.role is role


def test_a_length_after_a_day_ends_on_that_day() -> None:
    day, week = dates_of("On January 10 it stood at 1,000 EH/s, down 40 % in a week", TOLD_AT)
    assert day.end_at == week.end_at == parse_instant("2026-01-11")
    assert week.start_at == parse_instant("2026-01-04")


@pytest.mark.parametrize("text", ["a five-year low", "its lowest level in five years"])
def test_a_superlative_looks_back(text: str) -> None:
    (found,) = dates_of(text, TOLD_AT)
    assert found.role is Role.SINCE
    assert found.start_at < parse_instant("2021-01-19") < found.end_at


@pytest.mark.parametrize(
    "text",
    [
        "2016 blocks",
        "2,025 EH/s",
        "it may fall",
        "they march on",
        "2050.5",
        "pays back in 184 days",
        "$2025",
    ],
)
def test_no_date(text: str) -> None:
    assert dates_of(text, TOLD_AT) == []


def test_a_weekday_before_a_date_is_part_of_it() -> None:
    (found,) = dates_of("on Saturday, July 3, 2021", TOLD_AT)
    assert found.start_at == parse_instant("2021-07-03")
    assert found.has_year


def test_the_date_of_a_head() -> None:
    latest_at = parse_instant("2026-04-22")
    assert str(first_date("News. Published January 19, 2026, by X.", latest_at=latest_at)) == "2026-01-19"
    assert first_date("Published January 19, by X.", latest_at=latest_at) is None
    assert first_date("Published May 19, 2026.", latest_at=latest_at) is None


@given(st.dates(min_value=TOLD_AT.date().replace(year=2009), max_value=TOLD_AT.date()))
def test_every_style_of_a_day_is_the_same_day(day: object) -> None:
    styles = ("{:%Y-%m-%d}", "{:%B} {d}, {:%Y}", "{d} {:%B} {:%Y}", "{:%b} {d}, {:%Y}")
    spans = set()
    for style in styles:
        text = style.replace("{d}", f"{day:%d}".lstrip("0")).replace("{:", "{0:").format(day)
        (found,) = dates_of(text, TOLD_AT)
        spans.add((found.start_at, found.end_at))
    assert len(spans) == 1


@given(st.text(alphabet="0123456789-/, Janurymid", max_size=60))
def test_any_text_is_survived(text: str) -> None:
    for found in dates_of(text, TOLD_AT):
        assert 0 <= found.start < found.end <= len(text)
        assert found.start_at <= found.end_at
