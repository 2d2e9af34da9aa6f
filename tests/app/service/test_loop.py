from __future__ import annotations

import gc
import logging
import tracemalloc
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from support.serving import AT, StillFeed
from wattshift.app.service.edition import Board, Edition
from wattshift.app.service.feeds.feed import Moment
from wattshift.app.service.loop import Loop, News
from wattshift.app.service.now import present
from wattshift.app.snapshot import Archive
from wattshift.assets.site import Site
from wattshift.errors import Corrupt, Locked, OutOfSpan, StoreError
from wattshift.report.documents.now import NowDocument
from wattshift.report.jsontext import plain


def still(archive: Archive, at: datetime = AT) -> StillFeed:
    return StillFeed(Moment(at=at, archive=archive, generation=0, is_replay=True))


def test_an_edition_says_what_the_library_says_at_that_instant(archive: Archive, site: Site) -> None:
    feed, board = still(archive), Board()
    loop = Loop(feed, site, board)
    for hours in (0, 30):
        feed.go(AT + timedelta(hours=hours))
        loop.turn()
        assert board.latest is not None
        expected = present(archive, site, at=AT + timedelta(hours=hours), is_replay=True)
        assert plain(board.latest.now) == plain(expected)


def test_an_edition_comes_with_each_block_and_each_price_and_not_otherwise(
    archive: Archive, site: Site
) -> None:
    feed, board = still(archive), Board()
    told: list[Edition] = []
    board.listen(told.append)
    seen: list[News] = []
    loop = Loop(feed, site, board, then=lambda _, news: seen.append(news))
    for seconds in range(0, 1_800, 60):
        feed.go(AT + timedelta(seconds=seconds))
        loop.turn()
    assert len(seen) == 30, "alerts look at every moment"
    assert len(told) == len(set(seen)) == len([*dict.fromkeys(seen)])
    assert 3 <= len(told) < 20
    assert [each.number for each in told] == list(range(1, len(told) + 1))
    assert len({news.priced_at for news in seen}) == 2
    feed.now = replace(feed.now, generation=1)
    loop.turn()
    assert told[-1].generation == 1, "history itself is another"


def test_what_is_not_known_is_told_once_and_recovered_from(
    archive: Archive, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    feed, board = still(archive, AT - timedelta(days=20_000)), Board()
    loop = Loop(feed, site, board)
    with caplog.at_level(logging.INFO, logger="wattshift.serve"):
        for _ in range(5):
            loop.turn()
        assert len(caplog.records) == 1
        assert board.latest is None
        assert "not known" in loop.trouble
        feed.go(AT)
        loop.turn()
        assert loop.trouble == ""
        assert board.latest is not None


def test_the_end_of_a_replay_is_said_once(
    archive: Archive, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    feed = still(archive)
    loop = Loop(feed, site, Board())
    with caplog.at_level(logging.INFO, logger="wattshift.serve"):
        loop.turn()
        feed.now = replace(feed.now, has_ended=True)
        loop.turn()
        loop.turn()
    assert [record.message for record in caplog.records] == [
        "the replay has come to the end of the history: 2026-01-20T12:00Z"
    ]


def test_stop_ends_the_loop_and_closes_the_feed(archive: Archive, site: Site) -> None:
    feed = still(archive)
    loop = Loop(feed, site, Board(), then=lambda *_: loop.stop())
    loop.run()
    assert feed.is_closed


def test_an_error_of_what_follows_ends_the_loop(archive: Archive, site: Site) -> None:
    def then(*_: object) -> None:
        raise RuntimeError("a defect")

    feed = still(archive)
    with pytest.raises(RuntimeError):
        Loop(feed, site, Board(), then=then).run()
    assert feed.is_closed


def test_memory_stays_flat_over_hundreds_of_editions(
    archive: Archive, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = present(archive, site, at=AT)

    def cheap_present(*_: object, at: datetime, **__: object) -> NowDocument:
        return replace(template, as_of=at)

    def cheap_edition(now: NowDocument, *, number: int, generation: int) -> Edition:
        body = bytes(30_000)
        return Edition(number=number, generation=generation, now=now, body=body, etag="", live=body)

    monkeypatch.setattr("wattshift.app.service.loop.present", cheap_present)
    monkeypatch.setattr("wattshift.app.service.loop.edition_of", cheap_edition)
    feed, board = still(archive), Board()
    loop = Loop(feed, site, board)

    def traced(count: int) -> int:
        for _ in range(count):
            feed.now = replace(feed.now, at=feed.now.at + timedelta(minutes=15))
            loop.turn()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = traced(100)
        after = traced(400)
    finally:
        tracemalloc.stop()
    assert board.latest is not None
    assert board.latest.number > 300
    assert after - before < 100_000, "two editions at most are held"


def test_a_moment_outside_is_no_reason_to_stop(archive: Archive, site: Site) -> None:
    with pytest.raises(OutOfSpan):
        archive.as_of(archive.newest_at + timedelta(days=1))
    feed = still(archive, archive.newest_at + timedelta(days=1))
    Loop(feed, site, Board()).turn()


class Locking(StillFeed):
    """A store that cannot be read now and then."""

    error: StoreError | None = None

    def moment(self) -> Moment:
        if self.error is not None:
            raise self.error
        return super().moment()


def test_a_store_that_is_locked_for_a_while_is_waited_for(
    archive: Archive, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    feed, board = Locking(still(archive).now), Board()
    heard: list[Moment] = []
    loop = Loop(feed, site, board, then=lambda moment, _: heard.append(moment))
    loop.turn()
    turned_s = loop.turned_s
    feed.error = Locked("the file is locked")
    with caplog.at_level(logging.WARNING, logger="wattshift.serve"):
        for _ in range(3):
            loop.turn()
    assert [record.message for record in caplog.records] == ["no new edition: the file is locked"]
    assert loop.trouble == "the file is locked"
    assert loop.turned_s > turned_s, "the watchdog sees that it turns"
    assert len(heard) == 4, "alerts go on looking at the store"
    feed.error = None
    loop.turn()
    assert loop.trouble == "", "there was no news, but all is well again"
    feed.error = Corrupt("the file is damaged")
    with pytest.raises(Corrupt):
        loop.turn()


def test_what_cannot_be_computed_is_not_tried_at_every_turn(archive: Archive, site: Site) -> None:
    count = 0

    def presented(_: Moment) -> NowDocument:
        nonlocal count
        count += 1
        raise OutOfSpan("no price is known")

    feed = still(archive)
    loop = Loop(feed, site, Board(), presented=presented)
    for _ in range(5):
        loop.turn()
    assert count == 1
    loop._again_s = 0.0
    loop.turn()
    assert count == 2, "but after a while"
    feed.now = replace(feed.now, generation=1)
    loop.turn()
    assert count == 3, "and at once when there is news"
