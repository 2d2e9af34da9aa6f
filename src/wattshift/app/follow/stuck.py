"""Feeds that say the same number again and again: noticed, told once, and told again when they move."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from wattshift.app.follow.desk import Now
from wattshift.app.follow.notices import Notice, Notices
from wattshift.clock import format_instant
from wattshift.tables.stuck import Flatline, flatline

__all__ = ["Feed", "StuckFeeds"]

_HISTORY = 3_000
"""So many values before a run are remembered: ten days of one each five minutes."""
_MOST_EQUAL = 2_000
_LEAST_PROB = 1e-99


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One series of numbers of one source.

    Args:
        source: name of the source.
        series: which of its series.
        unit: of its numbers.
    """

    source: str
    series: str
    unit: str


@dataclass(slots=True)
class _Run:
    """What a feed says now, and what it said before."""

    level: float
    since_at: datetime
    n_equal: int = 1
    found: Flatline | None = None
    before: deque[float] = field(default_factory=lambda: deque(maxlen=_HISTORY))

    def add(self, value: float, at: datetime) -> None:
        """Take the next value."""
        if value == self.level:
            self.n_equal = min(self.n_equal + 1, _MOST_EQUAL)
            self.found = flatline(pl.Series([self.level] * self.n_equal), pl.Series(self.before))
        else:
            # A feed that was stuck must not pass for one that likes to rest.
            self.before.extend([self.level] * (1 if self.found else self.n_equal))
            self.level, self.since_at, self.n_equal, self.found = value, at, 1, None


class StuckFeeds:
    """Watches feeds.

    Args:
        notices: where it is told that one stops or moves again.
    """

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._runs: dict[Feed, _Run] = {}

    def recall(self, feed: Feed, values: Iterable[tuple[datetime, float]]) -> None:
        """Take what a feed said before this process, in order of time."""
        for at, value in values:
            self._add(feed, value, at)

    def hear(self, feed: Feed, value: float, at: datetime, now: Now) -> None:
        """Take a value of a feed.

        Args:
            feed: the feed.
            value: what it says.
            at: of when.
            now: the present.
        """
        was_stuck = self.is_stuck(feed)
        self._add(feed, value, at)
        if self.is_stuck(feed) is not was_stuck:
            self._tell(feed, at, now)

    def is_stuck(self, feed: Feed) -> bool:
        """Whether a feed does not move, against all that it did before."""
        run = self._runs.get(feed)
        return run is not None and run.found is not None

    def of(self, source: str) -> Iterator[str]:
        """What is stuck of a source, in words."""
        for feed, run in self._runs.items():
            if feed.source == source and run.found is not None:
                yield _words(feed, run, run.found)

    def _add(self, feed: Feed, value: float, at: datetime) -> None:
        if feed in self._runs:
            self._runs[feed].add(value, at)
        else:
            self._runs[feed] = _Run(level=value, since_at=at)

    def _tell(self, feed: Feed, at: datetime, now: Now) -> None:
        run = self._runs[feed]
        found, since_at = run.found, run.since_at
        words = f"{feed.series} moves again" if found is None else _words(feed, run, found)
        facts = {
            "source": feed.source,
            "series": feed.series,
            "is_stuck": found is not None,
            "since": format_instant(since_at if found else at),
            "run_prob": None if found is None else _prob(found),
        }
        self._notices.tell(
            Notice(
                words=f"source {feed.source}: {words}",
                kind="feed",
                topic=f"feed {feed.source} {feed.series}",
                facts=facts,
                at=now.at,
                level=logging.INFO if found is None else logging.WARNING,
                burst=2,
            ),
            now_s=now.mono_s,
        )


def _words(feed: Feed, run: _Run, found: Flatline) -> str:
    return (
        f"{feed.series} is stuck at {run.level:,.2f} {feed.unit} since {format_instant(run.since_at)}:"
        f" {found.n_equal} times the same, by its own history less probable than {_prob(found):.0e}"
    )


def _prob(found: Flatline) -> float:
    """Never quite zero: a product of thousands of rates underflows."""
    return max(found.run_prob, _LEAST_PROB)
