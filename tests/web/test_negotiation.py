from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.web.negotiation import best_of, holds, takes_gzip

OFFERS = ("application/json", "text/csv", "application/vnd.apache.parquet")


@pytest.mark.parametrize(
    ("accept", "best"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("text/*", "text/csv"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        ("text/csv;q=0.4, application/json;q=0.5", "application/json"),
        ("text/csv; q=0.4 , */*;q=0.5", "application/json"),
        ("application/json;q=0, */*", "text/csv"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("application/*;q=0.2, application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("image/png", None),
        ("*/*;q=0", None),
        ("text/csv;q=nonsense", None),
        ("text/csv;q=nan", None),
        (";;;,,,", None),
        ("text/csv;charset=utf-8;q=0.9", "text/csv"),
    ],
)
def test_the_heaviest_offer_is_taken(accept: str | None, best: str | None) -> None:
    assert best_of(accept, OFFERS) == best


@given(st.text(max_size=400))
def test_any_header_is_read(accept: str) -> None:
    assert best_of(accept, OFFERS) in {*OFFERS, None}
    assert takes_gzip(accept) in {True, False}
    assert not holds(accept.replace("*", "").replace("tag", ""), '"tag"')


def test_a_header_of_a_million_ranges_is_read_in_part() -> None:
    assert best_of("image/png," * 100_000 + "text/csv", OFFERS) is None


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        (None, False),
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("*", True),
        ("gzip;q=0", False),
        ("*;q=0", False),
        ("*, gzip;q=0", False),
        ("br", False),
        ("identity", False),
    ],
)
def test_gzip_is_sent_to_who_takes_it(header: str | None, takes: bool) -> None:
    assert takes_gzip(header) is takes


@pytest.mark.parametrize(
    ("header", "is_held"),
    [
        (None, False),
        ('"tag"', True),
        ('W/"tag"', True),
        ('"other", "tag"', True),
        ("*", True),
        ('"other"', False),
        ("tag", False),
        ("", False),
    ],
)
def test_an_entity_tag_is_found_among_those_held(header: str | None, is_held: bool) -> None:
    assert holds(header, '"tag"') is is_held
