"""`check_text` and its three faces: terminal, HTML, JSON."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from io import StringIO

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from wattshift.app.checking import check_text
from wattshift.app.snapshot import Archive
from wattshift.clock import parse_instant
from wattshift.report.documents.claims import ClaimsDocument
from wattshift.report.jsontext import json_schema, to_json
from wattshift.report.page.claims import claims_html
from wattshift.report.terminal.claims import MARKS, claims_view
from wattshift.store.bundled import BundledStore

AT = parse_instant("2026-01-19")
TEXT = """The seven-day average hashrate fell to 992 EH/s, and <i>mining</i> earns $57\u2013129 per megawatt.
The hashrate is down 40% from its October peak. Hut 8's shares rose 4% to $50. Miners blame AI & "luck".
Hashrate fell because miners moved to AI. Blocks are found every 10.4 minutes on average.
"""
VOID = {"br", "hr", "img", "input", "link", "meta"}


class Balance(HTMLParser):
    """Every tag that opens closes, in order; collects the tags and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.data: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not any(name.startswith("on") for name, _ in attrs)
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.data.append(data)


@pytest.fixture(scope="module")
def archive(store: BundledStore) -> Archive:
    return Archive(store)


@pytest.fixture(scope="module")
def document(archive: Archive) -> ClaimsDocument:
    return check_text(archive, TEXT, as_of=AT)


def printed(document: ClaimsDocument, width: int) -> str:
    out = StringIO()
    Console(file=out, width=width, highlight=False).print(claims_view(document))
    return out.getvalue()


def parsed(page: str) -> Balance:
    parser = Balance()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def test_the_document(document: ClaimsDocument) -> None:
    assert [row.number for row in document.claims] == list(range(1, len(document.claims) + 1))
    assert sum(document.counts.values()) == len(document.claims) == 5
    assert set(document.counts) == set(MARKS)
    assert document.counts["misstated unit"] == 1
    assert document.counts["contradicted"] == 1
    assert [row.words for row in document.unmatched] == ["October", "4%", "$50"][1:]
    assert document.in_words.startswith("5 statements:")


def test_the_pieces_are_the_whole_text(document: ClaimsDocument) -> None:
    assert "".join(piece.words for piece in document.pieces) == TEXT
    marked = {piece.number: piece.words for piece in document.pieces if piece.number}
    assert marked[1] == "992 EH/s"
    for row in document.claims:
        assert TEXT[row.start : row.end] == marked.get(row.number, TEXT[row.start : row.end])


def test_figures_carry_their_unit_in_their_names(document: ClaimsDocument) -> None:
    row = document.claims[0]
    assert set(row.stated) == {"low_ehs", "high_ehs"}
    assert {"value_ehs", "low_ehs", "high_ehs"} == set(row.figures[0].values)


def test_json_obeys_its_schema_and_is_the_same_twice(document: ClaimsDocument, archive: Archive) -> None:
    text = to_json(document, name="check")
    jsonschema.validate(json.loads(text), json_schema(ClaimsDocument, name="check"))
    assert text == to_json(check_text(archive, TEXT, as_of=AT), name="check")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_terminal_view_fits(document: ClaimsDocument, width: int) -> None:
    told = printed(document, width)
    assert max(map(len, told.splitlines())) <= width
    for verdict, count in document.counts.items():
        assert (f"{MARKS[verdict]} {verdict}" in told) is (count > 0)
    assert "belong to no claim" in told


def test_the_page_is_whole_and_marks_every_claim(document: ClaimsDocument) -> None:
    page = claims_html(document)
    parser = parsed(page)
    assert parser.tags.count("mark") == sum(piece.number is not None for piece in document.pieces)
    assert parser.tags.count("article") == len(document.claims)
    assert "script" not in parser.tags
    assert "default-src 'none'" in page
    assert "http" not in page.split("</style>")[1].replace("http-equiv", "")
    told = " ".join("".join(parser.data).split())
    for row in document.claims:
        assert f"{MARKS[row.verdict]} {row.verdict}" in told
    assert "992 EH/s" in told


HOSTILE = [
    "</title><script>alert(1)</script> Hashrate is 992 EH/s.",
    "Hashrate is \u202e992 EH/s\u202c \x1b[31m <b onload=x> [bold]now[/bold].",
    "{{ 7 * 7 }} {% raw %} Difficulty fell 3.28% on January 22 \x00 & <mark>",
    "'\"><img src=x onerror=y> The hashrate is down 15% from its peak" + "n" * 5_000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_breaks_out(archive: Archive, text: str) -> None:
    document = check_text(archive, text, as_of=AT)
    parser = parsed(claims_html(document))
    assert not {"script", "img", "b"} & set(parser.tags)
    assert "49" not in "".join(parser.data).replace("949", "")
    told = printed(document, 80)
    assert "\x1b" not in told
    assert "\u202e" not in told


@settings(max_examples=40)
@given(st.text(max_size=200))
def test_any_text_makes_a_page(archive: Archive, text: str) -> None:
    document = check_text(archive, text, as_of=AT)
    parsed(claims_html(document))
    json.loads(to_json(document, name="check"))


def test_an_empty_text_says_so(archive: Archive) -> None:
    document = check_text(archive, b"")
    assert document.in_words == "no statement here is understood"
    assert not document.claims
    assert not document.unmatched
    assert not document.pieces
    assert "No statement of this text is understood" in claims_html(document)


def test_outside_the_history_there_are_no_origins(archive: Archive) -> None:
    document = check_text(archive, "The hashrate is 1 EH/s.", as_of=parse_instant("2012-01-01"))
    assert document.origins == ()
    assert document.counts["cannot be checked here"] == 1


def test_a_long_text_says_that_it_was_cut(archive: Archive) -> None:
    document = check_text(archive, "word " * 300_000, as_of=AT)
    assert document.is_cut
    assert "was not checked" in claims_html(document)
    assert "was not checked" in printed(document, 80)
