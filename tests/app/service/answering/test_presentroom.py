from __future__ import annotations

from dataclasses import replace

from support.serving import AT, StillFeed
from wattshift.app.service.answering.presentroom import PresentTask, presented
from wattshift.app.service.answering.workers import WorkerAnswers
from wattshift.app.service.answering.workroom import View
from wattshift.app.service.edition import Board, Edition
from wattshift.app.service.feeds.feed import Moment
from wattshift.app.service.feeds.place import Place
from wattshift.app.service.loop import Loop
from wattshift.app.service.now import present
from wattshift.app.snapshot import Archive
from wattshift.assets.site import Site
from wattshift.errors import Overrun
from wattshift.report.documents.now import NowDocument
from wattshift.report.jsontext import plain

TASK = PresentTask(view=View(place=Place(), generation=0), at=AT, is_replay=True, lag_s=3.0)


def test_a_worker_shows_the_present_that_this_process_would(
    answers: WorkerAnswers, archive: Archive, site: Site
) -> None:
    there = answers.of_editions.call(presented, TASK, TASK.view, is_first=True)
    assert plain(there) == plain(present(archive, site, at=AT, is_replay=True, lag_s=3.0))


def test_a_present_that_takes_too_long_is_told_and_comes_later(archive: Archive, site: Site) -> None:
    feed, board = StillFeed(Moment(at=AT, archive=archive, generation=0, is_replay=True)), Board()
    troubles = [Overrun("it took too long")]

    def slow(moment: Moment) -> NowDocument:
        if troubles:
            raise troubles.pop()
        return present(moment.archive, site, at=moment.at)

    loop = Loop(feed, site, board, presented=slow)
    told: list[Edition] = []
    board.listen(told.append)
    loop.turn()
    assert not told
    assert "too long" in loop.trouble
    feed.now = replace(feed.now, generation=1)
    loop.turn()
    assert [each.generation for each in told] == [1]
    assert loop.trouble == ""
