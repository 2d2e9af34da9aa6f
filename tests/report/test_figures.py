from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.report import figures


@pytest.mark.parametrize(
    ("figure", "digits", "signed", "text"),
    [
        (1234567.891, 2, False, "1,234,567.89"),
        (-4.25, 1, True, "\N{MINUS SIGN}4.2"),
        (4.0, 0, True, "+4"),
        (-0.0001, 2, True, "0.00"),
        (0.0001, 2, True, "0.00"),
        (0, 0, False, "0"),
    ],
)
def test_numbers(figure: float, digits: int, signed: bool, text: str) -> None:
    assert figures.number(figure, digits, signed=signed) == text


def test_intervals_days_and_instants() -> None:
    at = datetime(2026, 1, 19, 18, 5, tzinfo=timezone(timedelta(hours=6)))
    assert figures.interval(-930.4, 1057.2) == "\N{MINUS SIGN}930 to 1,057"
    assert figures.day(at) == "19 Jan 2026"
    assert figures.short_day(at) == "19 Jan"
    assert figures.minute(at) == "19 Jan 12:05"
    assert figures.instant(at) == "19 Jan 2026, 12:05 UTC"
    assert figures.day(datetime(2026, 1, 19, 23, tzinfo=UTC)) == "19 Jan 2026"


@pytest.mark.parametrize(
    ("value_prob", "text"),
    [(0.5, "50.0 %"), (1.0, "over 99.9 %"), (0.0, "under 0.1 %"), (0.9985, "99.9 %")],
)
def test_chances_are_never_certain(value_prob: float, text: str) -> None:
    assert figures.chance(value_prob) == text


def test_kinds_and_sentences() -> None:
    assert figures.kind("gpu_cloud") == "GPU cloud"
    assert figures.sentence("now: run") == "Now: run"
    assert figures.sentence("") == ""


@given(st.text(max_size=300), st.integers(2, 60))
def test_printable_is_short_flat_and_moves_nothing(text: str, length: int) -> None:
    safe = figures.printable(text, length=length)
    assert len(safe) <= length
    for character in safe:
        assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=40))
def test_printable_leaves_ordinary_text_alone(text: str) -> None:
    assert figures.printable(text) == text


def test_long_names_end_in_an_ellipsis() -> None:
    assert figures.name("m" * 10_000) == "m" * 47 + "\N{HORIZONTAL ELLIPSIS}"


def test_a_word_without_end_does_not_fill_a_page() -> None:
    told = figures.printable(f"run {'m' * 10_000} now")
    assert told == f"run {'m' * 79}\N{HORIZONTAL ELLIPSIS} now"


@pytest.mark.parametrize(
    ("ends", "told"),
    [((93.2, 96.9), "93 to 97"), ((127.31, 127.44), "127.3 to 127.4"), ((105.0, 105.0), "")],
)
def test_an_uncertainty_is_empty_where_there_is_none(ends: tuple[float, float], told: str) -> None:
    assert figures.uncertainty(*ends) == told
