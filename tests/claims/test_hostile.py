"""Hostile and huge input: bounded, never refused, and never slower than its length."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattshift.app.evidence import ArchiveEvidence
from wattshift.app.snapshot import Archive
from wattshift.claims import (
    dates,
    direction,
    grammar,
    markup,
    mood,
    quantities,
    reading,
    sentences,
    subjects,
    text,
    unit,
)
from wattshift.claims.check import check
from wattshift.claims.claim import Told
from wattshift.claims.dates import dates_of
from wattshift.claims.quantities import quantities_of
from wattshift.claims.reading import MAX_CLAIMS, MAX_NUMBERS, read_claims
from wattshift.claims.sentences import sentences_of
from wattshift.claims.text import MAX_BYTES, read_text
from wattshift.clock import parse_instant
from wattshift.store.bundled import BundledStore

AT = parse_instant("2026-01-19")
TOLD = Told(start_at=AT, end_at=AT, source="a test")

SEEDS = [
    "1",
    "1,",
    "1 ",
    "-1",
    "1.234",
    "9'",
    "$1",
    "about ",
    "from 1 to ",
    "1-",
    "EH/s 1 ",
    "<",
    "<a ",
    "<a '",
    "<p>",
    "<!--",
    "<script>",
    "&amp;",
    "[a](",
    "![",
    "**",
    "_",
    "# ",
    "\n",
    " ",
    "\t",
    ".",
    ". A",
    "!?",
    "Jan. ",
    "Jan 1 ",
    "in the last ",
    "lowest a ",
    "Hashrate ",
    "hashrate fell 1% ",
    "difficulty ",
    "7-day ",
    "block ",
    "(",
    ") ",
    "; ",
    "ASICs a ",
    "AI ",
    "Riot ",
    "\u202e",
    "\x00",
    "\u00a0",
    "\u2013",
    "\u2019",
    "http://",
    "one ",
    "first ",
    "per ",
]


@pytest.mark.parametrize("seed", SEEDS)
def test_repetition_is_survived(evidence: ArchiveEvidence, seed: str) -> None:
    checked = check(seed * (20_000 // len(seed)), evidence, as_of=AT)
    assert len(checked.text.plain) == len(checked.text.words)


def test_ten_megabytes_of_digits(evidence: ArchiveEvidence) -> None:
    checked = check(b"1" * 10_000_000, evidence, as_of=AT)
    assert checked.is_cut
    assert len(checked.text.source) == MAX_BYTES
    assert checked.findings == ()
    assert checked.unmatched


def test_a_megabyte_of_numbers_is_cut_and_says_so() -> None:
    found = read_claims(read_text("7 apples. " * 100_000), TOLD)
    assert found.is_cut
    assert len(found.unmatched) <= MAX_NUMBERS + 100


def test_a_megabyte_of_claims_is_cut_and_says_so() -> None:
    found = read_claims(read_text("Hashrate is 992 EH/s.\n\n" * 40_000), TOLD)
    assert found.is_cut
    assert MAX_CLAIMS <= len(found.claims) <= MAX_CLAIMS + 10


def test_the_work_for_one_text_is_bounded(store: BundledStore) -> None:
    evidence = ArchiveEvidence(Archive(store))
    asked = "\n\n".join(
        f"Bitcoin's {days}-day average hashrate is at an all-time high." for days in range(2, 302)
    )
    days = [parse_instant("2020-03-01") + timedelta(days=7 * week) for week in range(300)]
    told = "\n\n".join(f"The hashrate on {day:%Y-%m-%d} was the lowest since {AT:%B} 2020." for day in days)
    check(asked, evidence, as_of=AT)
    checked = check(told, evidence, as_of=AT)
    assert any("too many averages" in found.explanation for found in checked.findings)


def test_nested_tags_are_flat() -> None:
    nested = "<div>" * 50_000 + "hashrate 992 EH/s" + "</div>" * 50_000
    assert read_text("<html>" + nested).plain.split() == ["hashrate", "992", "EH/s"]


def test_long_sentences_are_cut() -> None:
    assert max(len(sentence.text) for sentence in sentences_of("word " * 50_000)) <= 1_200


def patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Every compiled pattern of the reading side."""
    found = []
    for module in (
        dates,
        direction,
        grammar,
        markup,
        mood,
        quantities,
        reading,
        sentences,
        subjects,
        text,
        unit,
    ):
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                found.append((f"{module.__name__}.{name}", value))
    found += [(f"unit.{spelling.unit.name}", spelling.pattern) for spelling in unit.SPELLINGS]
    for entry in (*grammar.NUMBERS, *grammar.STATEMENTS):
        for words in (entry.clause, entry.near, entry.sentence, entry.never, entry.around):
            if words:
                found.append((f"grammar.{entry.kind.name}", re.compile(words, re.IGNORECASE)))
    return found


_NESTED = re.compile(r"\((?:[^()\\]|\\.)*[+*](?:[^()\\]|\\.)*\)[+*]")


@pytest.mark.parametrize(
    ("name", "pattern"), patterns(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_no_pattern_repeats_a_repetition_without_bound(name: str, pattern: re.Pattern[str]) -> None:
    assert name
    assert _NESTED.search(pattern.pattern) is None


@settings(max_examples=60)
@given(st.text(max_size=300))
def test_any_text_is_survived(evidence: ArchiveEvidence, source: str) -> None:
    checked = check(source, evidence, as_of=AT)
    assert all(0 <= found.claim.start < found.claim.end for found in checked.findings)


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_any_bytes_are_survived(evidence: ArchiveEvidence, source: bytes) -> None:
    check(source, evidence, as_of=AT)


PIECES = st.lists(
    st.sampled_from(
        [
            "Hashrate",
            "difficulty",
            "hashprice",
            "fell",
            "rose",
            "to",
            "below",
            "since",
            "in",
            "October",
            "992",
            "15%",
            "EH/s",
            "$40",
            "per PH/s per day",
            "per megawatt",
            "four times",
            "the lowest",
            "expected",
            "J/TH",
            "19",
            "51% attack",
            "confirmations",
            "IREN",
            "contract",
            "billion",
            "GW",
            "network",
            ",",
            ".",
            "because",
            "AI",
        ]
    ),
    max_size=40,
)


@settings(max_examples=150)
@given(PIECES)
def test_any_order_of_the_trades_words_is_survived(evidence: ArchiveEvidence, words: list[str]) -> None:
    source = " ".join(words)
    checked = check(source, evidence, as_of=AT)
    for found in checked.findings:
        assert found.explanation
        assert found.understood


@pytest.mark.parametrize("reader", [quantities_of, lambda plain: dates_of(plain, AT)])
@pytest.mark.parametrize(
    "seed", ["1,234.5 EH/s to ", "Jan 19, 2026 ", "one two three ", "1 234 567 ", "about ~"]
)
def test_readers_work_in_pieces(reader: Callable[[str], list[object]], seed: str) -> None:
    short, long = seed * 10, seed * 40
    assert len(reader(long)) <= 4 * len(reader(short)) + 4
