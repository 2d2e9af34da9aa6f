from __future__ import annotations

import json
from dataclasses import replace

import pytest

from support.serving import StillFeed
from wattshift.app.service.edition import Board
from wattshift.app.service.feeds.feed import Moment
from wattshift.app.service.loop import Loop
from wattshift.app.service.pulse import pulse_line, pulse_of
from wattshift.app.snapshot import Archive
from wattshift.assets.site import Site


class Quiet(Loop):
    """A loop that never has news."""

    def _take(self, moment: Moment) -> None:
        assert moment is self.moment


@pytest.fixture
def feed(archive: Archive) -> StillFeed:
    return StillFeed(Moment(at=archive.newest_at, archive=archive, generation=0, is_replay=False, lag_s=60.0))


def test_before_the_first_edition_nothing_is_known(feed: StillFeed, site: Site) -> None:
    pulse = pulse_of(Loop(feed, site, Board()), Board())
    assert (pulse.number, pulse.as_of, pulse.has_ended) == (0, None, False)


def test_an_edition_grows_old_without_news(feed: StillFeed, site: Site, board: Board) -> None:
    loop = Quiet(feed, site, board)
    loop.turn()
    fresh = pulse_of(loop, board)
    assert 60.0 <= fresh.lag_s < 70.0
    assert (fresh.number, fresh.is_stale, fresh.in_words) == (1, False, "")
    feed.now = replace(feed.now, lag_s=3 * 3_600.0)
    loop.turn()
    late = pulse_of(loop, board)
    assert late.is_stale
    assert late.in_words == "the newest block known is 3 h old"
    assert json.loads(pulse_line(late))["is_stale"] is True


def test_a_loop_that_stands_or_cannot_go_on_is_told(feed: StillFeed, site: Site, board: Board) -> None:
    loop = Loop(feed, site, board)
    loop.trouble = "the file is locked"
    assert pulse_of(loop, board).in_words == "no newer figures: the file is locked"
    loop.turned_s -= 600.0
    assert pulse_of(loop, board).in_words == "nothing was looked at for 10 min"


def test_a_replay_does_not_lag_but_ends(feed: StillFeed, site: Site, board: Board) -> None:
    feed.now = replace(feed.now, is_replay=True, has_ended=True)
    loop = Quiet(feed, site, board)
    loop.turn()
    pulse = pulse_of(loop, board)
    assert (pulse.lag_s, pulse.has_ended, pulse.is_stale) == (0.0, True, False)
