"""What tests of the service share: questions good and bad, a present that stands still, a replay."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from pydantic import Field

from wattshift.app.questions.network import AskHashrate
from wattshift.app.questions.question import Ask, Question, World
from wattshift.app.questions.registry import QUESTIONS
from wattshift.app.service.answering.workroom import View
from wattshift.app.service.edition import Board, edition_of
from wattshift.app.service.feeds.feed import Moment
from wattshift.app.service.feeds.place import Place
from wattshift.app.service.now import present
from wattshift.app.service.opening import ReplayWish, ServicePlan
from wattshift.app.sites import open_site
from wattshift.app.snapshot import Archive
from wattshift.errors import InputError
from wattshift.report.documents.network import HashrateDocument

__all__ = [
    "AT",
    "BAD",
    "HASHRATE",
    "StillFeed",
    "hashrate",
    "nothing",
    "replay_plan",
    "still_board",
    "trouble",
    "until",
]

AT = datetime(2026, 1, 20, 12, tzinfo=UTC)
HASHRATE = QUESTIONS["hashrate"]
PATIENCE_S = 60.0


class AskTrouble(Ask):
    """Asks for trouble."""

    what: str = Field(default="hang")


def _trouble(_: World, ask: AskTrouble) -> HashrateDocument:
    while ask.what == "hang":
        pass
    if ask.what == "eat":
        bytearray(16 << 30)
    raise InputError("that makes no sense", key="what", hint="ask for less")


BAD: Question[AskTrouble, HashrateDocument] = Question(
    name="trouble", summary="Trouble.", ask=AskTrouble, document=HashrateDocument, answer=_trouble
)


def trouble(what: str) -> AskTrouble:
    return AskTrouble(what=what)


def hashrate(window: str = "7d", at: datetime | None = None) -> AskHashrate:
    return AskHashrate(window=window, at=at)


def nothing(_: View) -> None:
    """Opens no world."""


def still_board(archive: Archive, at: datetime = AT, *, generation: int = 0) -> Board:
    """A board on which one edition hangs."""
    board = Board()
    now = present(archive, open_site(None)[0], at=at, is_replay=True)
    board.publish(edition_of(now, number=1, generation=generation))
    return board


class StillFeed:
    """Tells the moments that a test sets."""

    def __init__(self, moment: Moment) -> None:
        self.now = moment
        self.is_closed = False

    def moment(self) -> Moment:
        return self.now

    def wait(self, timeout_s: float) -> None:
        assert timeout_s > 0

    def close(self) -> None:
        self.is_closed = True

    def go(self, at: datetime) -> None:
        self.now = replace(self.now, at=at)


def replay_plan(at: datetime = AT, *, speed_ratio: float = 600.0, is_looped: bool = False) -> ServicePlan:
    """A replay of the bundled history."""
    wish = ReplayWish(start_at=at, speed_ratio=speed_ratio, is_looped=is_looped)
    return ServicePlan(place=Place(), replay=wish)


def until(is_so: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait for something."""
    end_s = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < end_s, f"no {what}"
        time.sleep(0.02)
