from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.editions import bundled_edition
from wattshift.api.shelf import Asked, Prepared, Shelf, prepared
from wattshift.app.service.edition import Board
from wattshift.web.principal import Scope

ASKED = Asked(path="/v1/now", query=b"", accept=b"", zips=False)


def answer(body: bytes = b"x", *, zips: bool = False, media: str = "application/json") -> Prepared:
    at = datetime(2026, 1, 20, 12, tzinfo=UTC)
    return prepared(body, etag='"tag"', media=media, scope=Scope.READ, zips=zips, as_of=at)


def publish(board: Board, number: int) -> None:
    board.publish(replace(bundled_edition(), number=number))


def test_an_answer_lies_there_until_the_next_edition() -> None:
    board = Board()
    shelf = Shelf(board)
    assert shelf.get(ASKED) is None
    publish(board, 1)
    held = answer()
    shelf.put(ASKED, held, number=shelf.number)
    assert shelf.get(ASKED) is held
    assert shelf.get(replace(ASKED, zips=True)) is None
    publish(board, 2)
    assert shelf.get(ASKED) is None


def test_an_answer_made_of_an_older_edition_is_not_laid_there() -> None:
    board = Board()
    shelf = Shelf(board)
    publish(board, 1)
    number = shelf.number
    publish(board, 2)
    shelf.put(ASKED, answer(), number=number)
    assert shelf.get(ASKED) is None


def test_what_is_held_is_bounded() -> None:
    board = Board()
    shelf = Shelf(board)
    publish(board, 1)
    held = answer()
    keys = [replace(ASKED, query=b"%d" % number) for number in range(5_000)]
    for key in keys:
        shelf.put(key, held, number=1)
    assert shelf.get(keys[-1]) is held
    assert 0 < sum(shelf.get(key) is not None for key in keys) <= 2_000
    large = answer(b"x" * 2**22)
    for key in keys[:100]:
        shelf.put(key, large, number=1)
    assert 0 < sum(shelf.get(key) is large for key in keys) <= 16


@given(st.binary(max_size=5_000))
def test_zipped_or_not_it_is_the_same_answer(body: bytes) -> None:
    plain, zipped = answer(body), answer(body, zips=True)
    assert plain.body == body
    is_zipped = (b"content-encoding", b"gzip") in zipped.head
    assert (gzip.decompress(zipped.body) if is_zipped else zipped.body) == body
    assert is_zipped == (zipped.etag != plain.etag) == (len(body) >= 1_400)
    for each in (plain, zipped):
        assert (b"content-length", b"%d" % len(each.body)) in each.head
        assert set(each.same_head) <= set(each.head)


def test_what_is_compressed_already_is_left_as_it_is() -> None:
    body = b"x" * 10_000
    assert answer(body, zips=True, media="application/vnd.apache.parquet").body == body


@pytest.mark.parametrize("name", [b"cache-control", b"vary", b"etag", b"last-modified"])
def test_a_304_has_the_headers_that_caches_need(name: bytes) -> None:
    assert name in {header for header, _ in answer().same_head}
