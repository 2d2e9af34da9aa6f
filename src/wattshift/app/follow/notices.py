"""What a follower tells people, once: a line in the log and an entry in the ledger, never a storm of them."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from wattshift.report.figures import printable

__all__ = ["NOTICE_S", "Journal", "Notice", "Notices"]

NOTICE_S = 600.0
"""In that time at most so many notices of one topic as it may come in a row [s]."""

_log = logging.getLogger("wattshift.follow")


class Journal(Protocol):
    """Where notices are kept."""

    def record(self, kind: str, *, known_at: datetime, body: bytes) -> object:
        """Keep one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell.

    Args:
        words: one line for people; what came from outside is made safe when it is told.
        kind: kind of the entry in the ledger.
        topic: what notices of this sort have in common.
        facts: content of the entry.
        at: when it happened.
        level: of the log line.
        burst: how many of its topic may come in a row.
    """

    words: str
    kind: str
    topic: str
    facts: Mapping[str, object]
    at: datetime
    level: int = logging.INFO
    burst: int = 1


@dataclass(slots=True)
class _Topic:
    told_s: deque[float] = field(default_factory=deque)
    last: Notice | None = None
    """The newest notice that has not been told."""
    untold: int = 0


class Notices:
    """Tells each thing once; of many alike, the first and in time the last.

    Args:
        journal: where notices are kept.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._topics: dict[str, _Topic] = {}

    def tell(self, notice: Notice, *, now_s: float) -> None:
        """Log and keep a notice, or hold it back if its topic came up too often.

        Args:
            notice: what to tell.
            now_s: the present on the monotonic clock [s].
        """
        topic = self._topics.setdefault(notice.topic, _Topic())
        if topic.last is not None:
            topic.untold += 1
        topic.last = notice
        self._tell_last(topic, now_s)

    def flush(self, *, now_s: float) -> None:
        """Tell what was held back for long enough; `now_s` as in `tell`."""
        for topic in self._topics.values():
            self._tell_last(topic, now_s)

    def _tell_last(self, topic: _Topic, now_s: float) -> None:
        notice = topic.last
        while topic.told_s and now_s - topic.told_s[0] >= NOTICE_S:
            topic.told_s.popleft()
        if notice is None or len(topic.told_s) >= notice.burst:
            return
        topic.told_s.append(now_s)
        untold, topic.untold, topic.last = topic.untold, 0, None
        if untold:
            words = f"{notice.words} (the last of {untold + 1} such changes)"
            notice = replace(notice, words=words, facts={**notice.facts, "untold": untold})
        _log.log(notice.level, "%s", printable(notice.words))
        body = json.dumps(dict(notice.facts), sort_keys=True).encode()
        self._journal.record(notice.kind, known_at=notice.at, body=body)
