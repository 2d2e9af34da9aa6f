"""Editions: the present as it was computed last, ready to be sent, and the board where they hang."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Condition

from wattshift.report.documents.now import NowDocument
from wattshift.report.jsontext import plain, to_json

__all__ = ["Board", "Edition", "Listener", "edition_of"]

Listener = Callable[["Edition"], None]
"""Is told each edition; it must return at once and raise nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The present, computed once and sent to everybody.

    Args:
        number: 1, 2, 3 ... since the service began.
        generation: of the kept history; a new one where history itself changed, not only the instant.
        now: the present.
        body: that as JSON.
        etag: strong hash of the body, in quotes, as HTTP wants it.
        live: what pages need to stay up to date: the figures and sentences alone, as one line of JSON.
    """

    number: int
    generation: int
    now: NowDocument
    body: bytes
    etag: str
    live: bytes

    @property
    def at(self) -> datetime:
        """The instant of knowledge."""
        return self.now.as_of

    def document(self, question: str) -> object | None:
        """What answers a question about this instant and nothing more; None if the present lacks it."""
        now = self.now
        held = {
            "hashrate": now.hashrate,
            "difficulty": now.difficulty,
            "hashprice": now.hashprice,
            "value": now.value,
        }
        return held.get(question)


def edition_of(now: NowDocument, *, number: int, generation: int) -> Edition:
    """Write the present down.

    Raises:
        CheckFailed: if a number is not finite.
    """
    body = to_json(now, name="now").encode()
    live = {
        "number": number,
        "as_of": plain(now.as_of),
        "lag_s": now.lag_s,
        "tip_height": now.tip_height,
        "tip_at": plain(now.tip_at),
        "is_move_real": now.is_move_real,
        "headlines": list(now.headlines),
        "decisions_in_words": now.decisions_in_words,
        "figures": plain(now.figures),
    }
    return Edition(
        number=number,
        generation=generation,
        now=now,
        body=body,
        etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        live=json.dumps(live, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode(),
    )


class Board:
    """Where the newest edition hangs. Any thread may look, wait and listen; one publishes."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._latest: Edition | None = None
        self._listeners: list[Listener] = []

    @property
    def latest(self) -> Edition | None:
        """The newest edition; None before the first."""
        return self._latest

    def publish(self, edition: Edition) -> None:
        """Hang up an edition, and tell who listens. A listener must return at once and raise nothing."""
        with self._changed:
            self._latest = edition
            self._changed.notify_all()
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(edition)

    def wait(self, timeout_s: float) -> Edition | None:
        """The newest edition, waiting for the first one if there is none; None if time ran out."""
        with self._changed:
            self._changed.wait_for(lambda: self._latest is not None, timeout_s)
            return self._latest

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have each new edition told; call what is returned to hear no more."""
        with self._changed:
            self._listeners.append(listener)

        def leave() -> None:
            with self._changed:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return leave
