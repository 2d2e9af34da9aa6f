"""Markup and normalisation: the words a reader sees, each with its place in the source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.claims.text import MAX_BYTES, read_text

DASHES = "\u2010\u2011\u2012\u2013\u2212"
HTML = """<!doctype html><html><head><title>A title</title>
<meta property="article:published_time" content="2026-01-19T10:00:00Z">
<style>p { margin: 12px }</style><script>var hashrate = "100 EH/s";</script></head>
<body><!-- 200 EH/s -->
<p class="a>b">Hashrate&nbsp;fell to <b>992</b>&#8239;EH/s &mdash; &ldquo;down&rdquo;.</p>
<p>10<sup>18</sup> hashes</p></body></html>"""


def test_html_keeps_what_a_reader_sees() -> None:
    text = read_text(HTML)
    assert "Hashrate fell to 992 EH/s" in text.plain
    assert '; "down".' in text.plain
    assert "100" not in text.plain
    assert "200" not in text.plain
    assert "12px" not in text.plain
    assert "a>b" not in text.plain
    assert "10^18" in text.plain
    assert "A title\n" in text.plain
    assert text.published == "2026-01-19"


def test_words_keep_their_own_dashes_and_quotes() -> None:
    text = read_text("It\u2019s \u221215 \u2013 \u201cnews\u201d")
    assert text.plain == 'It\'s -15 - "news"'
    assert text.quote(0, len(text.words)) == "It\u2019s \u221215 \u2013 \u201cnews\u201d"


@pytest.mark.parametrize("dash", DASHES)
def test_every_dash_is_one(dash: str) -> None:
    assert read_text(f"57{dash}129").plain == "57-129"


def test_an_em_dash_parts_clauses() -> None:
    assert read_text("fell \u2014 rose").plain == "fell ; rose"


def test_no_break_spaces_stay_only_inside_numbers() -> None:
    assert read_text("1\u00a0155\u202fEH/s").plain == "1\u2009155 EH/s"


def test_markdown_loses_its_marks() -> None:
    text = read_text(
        "# Head\n* one **992 EH/s**\n> quote [words](https://x.y/2026/01/19) _so_ snake_case\n1. two"
    )
    assert "Head\n" in text.plain
    assert "one 992 EH/s" in text.plain
    assert "quote words so snake_case" in text.plain
    assert "2026" not in text.plain


def test_addresses_are_no_statements() -> None:
    assert "123" not in read_text("see https://x.y/123?a=456 and www.z.com/789 now").plain


@pytest.mark.parametrize("mark", ["\u202e", "\u200f", "\u2066", "\x00", "\x1b", "\u00ad", "\ufeff", "\u200b"])
def test_invisible_characters_vanish_and_places_stay(mark: str) -> None:
    source = f"a{mark}b{mark}992 EH/s"
    text = read_text(source)
    assert text.words == text.plain == "ab992 EH/s"
    assert "".join(source[place] for place in text.origin) == text.words


def test_bytes_of_any_kind_are_read() -> None:
    assert read_text(b"\xff\xfe9\x009\x002\x00").plain == "992"
    assert read_text("992 \u20ac".encode()).plain == "992 \u20ac"
    assert "992" in read_text(b"\x80\xff 992").plain
    assert read_text(b"").plain == ""


def test_what_is_longer_is_cut_and_says_so() -> None:
    assert read_text("a" * (MAX_BYTES + 1)).is_cut
    assert len(read_text(b"a" * (MAX_BYTES + 1)).plain) == MAX_BYTES
    assert not read_text("a" * MAX_BYTES).is_cut


@given(st.text(max_size=400))
def test_places_always_agree(source: str) -> None:
    text = read_text(source)
    assert len(text.plain) == len(text.words) == len(text.origin)
    assert all(0 <= place < len(source) for place in text.origin)
    assert list(text.origin) == sorted(text.origin)


@given(
    st.lists(st.sampled_from(["<p>", "</p>", "<b", "<script>", "'", '"', ">", "<!--", "&amp;", "992 ", "x"]))
)
def test_html_places_always_agree(pieces: list[str]) -> None:
    source = "<html>" + "".join(pieces)
    text = read_text(source)
    assert len(text.plain) == len(text.words) == len(text.origin)
    assert all(0 <= place < len(source) for place in text.origin)


@given(st.text(alphabet="abc 123.,%-", max_size=80))
def test_normalising_twice_changes_nothing(source: str) -> None:
    once = read_text(source).plain
    assert read_text(once).plain == once
