from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from support.chains import NOW, Bundle, easy_start, facts_of, kept
from support.headers import START_S
from support.serving import until
from wattshift.app.service.feeds.live import FollowFeed, StoreFeed
from wattshift.app.service.feeds.storesign import StoreSigns
from wattshift.app.snapshot import Archive
from wattshift.clock import ReplayClock
from wattshift.config.follow import FollowSettings
from wattshift.errors import StoreError, WattshiftError
from wattshift.store.chainstore import ChainStore
from wattshift.store.home import Home
from wattshift.store.kept import KeptStore
from wattshift.store.ledger import SqliteLedger
from wattshift.store.series import SeriesStore

FIRST = 300 * 2016


class Periods(Bundle):
    """With a difficulty for every period before the start."""

    def read(self, name: str) -> pl.DataFrame:
        frame = super().read(name)
        if name != "difficulty_periods":
            return frame
        before = pl.int_range(frame["period"].item(), eager=True)
        columns = [each for each in frame.columns if each not in {"period", "first_height"}]
        rows = pl.DataFrame({"period": before, "first_height": before * 2016})
        return pl.concat([rows.join(frame.select(columns), how="cross").cast(frame.schema), frame])


class Kept:
    """A store that continues a chain of easy blocks."""

    def __init__(self, folder: Path) -> None:
        self.start, self.branch = easy_start(FIRST, time_s=START_S)
        self.branch.grow(20)
        self.home = Home(folder)
        self.opened = 0
        kept(folder, self.start, [self.branch.raw()])

    def open(self) -> Archive:
        self.opened += 1
        return Archive(KeptStore(self.home, bundled=Periods(self.start), start=self.start))

    def take(self, count: int) -> None:
        self.branch.grow(count)
        with SqliteLedger.lead(self.home.ledger) as ledger:
            store = ChainStore.open(ledger, self.start.network, start=self.start, now=NOW)
            store.take(self.branch.raw(), now=NOW, origin=None)


@pytest.fixture
def growing(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "store")


def test_a_block_is_seen_and_nothing_else_is_read_anew(growing: Kept) -> None:
    feed = StoreFeed(growing.home, growing.open, ReplayClock(NOW))
    first = feed.moment()
    assert first.archive.blocks.whole.tip_height == FIRST + 20
    assert not first.is_replay
    assert first.lag_s == pytest.approx((NOW - first.at).total_seconds())
    for _ in range(5):
        assert feed.moment() == first
    assert growing.opened == 1
    with SqliteLedger.lead(growing.home.ledger) as ledger:
        ledger.record("notice", known_at=NOW, body=b"{}")
    assert feed.moment() == first, "a line of the journal is no news"
    growing.take(1)
    second = feed.moment()
    assert second.archive.blocks.whole.tip_height == FIRST + 21
    assert (first.generation, second.generation, growing.opened) == (0, 1, 2)
    assert second.at > first.at


def test_facts_are_seen_too(growing: Kept) -> None:
    feed = StoreFeed(growing.home, growing.open, ReplayClock(NOW))
    feed.moment()
    frame = facts_of(growing.branch, FIRST + 10)
    SeriesStore(growing.home.series).append("block_facts", frame, known_at=NOW)
    assert feed.moment().generation == 1
    SeriesStore(growing.home.series).append("block_facts", frame, known_at=NOW)
    assert feed.moment().generation == 1, "the same again is no news"


def test_a_clock_that_is_late_makes_no_negative_lag(growing: Kept) -> None:
    feed = StoreFeed(growing.home, growing.open, ReplayClock(NOW - timedelta(days=9_000)))
    assert feed.moment().lag_s == 0.0


def test_a_store_that_is_still_empty_has_no_tip(tmp_path: Path) -> None:
    sign = StoreSigns(Home(tmp_path)).look()
    assert sign.tip is None
    assert set(sign.tables) == {None}


def test_a_damaged_ledger_is_told(growing: Kept) -> None:
    signs = StoreSigns(growing.home)
    signs.look()
    content = bytearray(growing.home.ledger.read_bytes())
    content[:4_096] = bytes(4_096)
    growing.home.ledger.write_bytes(content)
    for path in growing.home.folder.glob("ledger.sqlite-*"):
        path.unlink()
    with pytest.raises(StoreError):
        signs.look()


def follow_feed(folder: Path, opened: Callable[[], Archive]) -> FollowFeed:
    settings = FollowSettings(
        sources=("core:http://127.0.0.1:9?cookie=/nowhere&name=node",), network="regtest"
    )
    return FollowFeed(settings, Home(folder), opened, ReplayClock(NOW))


def test_a_follower_runs_beside_and_ends_with_the_feed(tmp_path: Path, archive: Archive) -> None:
    home = Home(tmp_path / "new")
    feed = follow_feed(home.folder, lambda: archive)
    feed.moment()
    until(home.status.exists, "sign of life of the follower")
    feed.close()
    assert not feed._thread.is_alive()


def test_a_follower_that_fails_fails_the_feed(tmp_path: Path, archive: Archive) -> None:
    home = Home(tmp_path / "led")
    home.make_folder()
    with SqliteLedger.lead(home.ledger):
        feed = follow_feed(home.folder, lambda: archive)
        until(lambda: _fails(feed), "failure of the feed")
    feed.close()


def _fails(feed: FollowFeed) -> bool:
    try:
        feed.moment()
    except WattshiftError as error:
        return "another process" in error.message
    return False
