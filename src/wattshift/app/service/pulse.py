"""The pulse: how old the newest edition has become, told now and then even if there is no news."""

from __future__ import annotations

import json
import time

from wattshift.app.service.edition import Board
from wattshift.app.service.loop import Loop
from wattshift.report.documents.pulse import PulseDocument
from wattshift.report.jsontext import plain
from wattshift.report.words import duration_in_words

__all__ = ["pulse_line", "pulse_of"]

_QUIET_S = 2 * 3_600.0
"""At a block in ten minutes, so long without one comes once in three years: rather a source is lost [s]."""

_STILL_S = 60.0
"""A turn that takes longer is no ordinary one [s]."""


def pulse_of(loop: Loop, board: Board) -> PulseDocument:
    """What a service would say of its newest edition now. Any thread may ask; it costs next to nothing."""
    latest, moment = board.latest, loop.moment
    turn_age_s = max(0.0, time.monotonic() - loop.turned_s)
    lag_s = 0.0
    if moment is not None and not moment.is_replay:
        lag_s = moment.lag_s + max(0.0, time.monotonic() - loop.seen_s)
    in_words = _trouble(loop, lag_s=lag_s, turn_age_s=turn_age_s)
    return PulseDocument(
        number=0 if latest is None else latest.number,
        as_of=None if latest is None else latest.at,
        lag_s=lag_s,
        turn_age_s=turn_age_s,
        has_ended=moment is not None and moment.has_ended,
        is_stale=bool(in_words),
        in_words=in_words,
    )


def pulse_line(pulse: PulseDocument) -> bytes:
    """A pulse as one line of JSON."""
    return json.dumps(plain(pulse), allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


def _trouble(loop: Loop, *, lag_s: float, turn_age_s: float) -> str:
    if turn_age_s > _STILL_S:
        return f"nothing was looked at for {duration_in_words(turn_age_s)}"
    if loop.trouble:
        return f"no newer figures: {loop.trouble}"
    if lag_s > _QUIET_S:
        return f"the newest block known is {duration_in_words(lag_s)} old"
    return ""
