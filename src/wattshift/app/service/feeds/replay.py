"""History that runs again, as fast as one likes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event

from wattshift.app.service.feeds.feed import Moment
from wattshift.app.snapshot import Archive
from wattshift.clock import format_instant
from wattshift.errors import InputError, OutOfSpan

__all__ = ["ReplayFeed"]

_MAX_SPEED_RATIO = 1e6


class ReplayFeed:
    """Replays a kept history from an instant on; at its end it stands still, or begins anew.

    Args:
        archive: the history.
        start_at: where it begins.
        speed_ratio: seconds of history in one second.
        mono_s: the monotonic clock [s].
        is_looped: whether it begins anew at the end.

    Raises:
        InputError: if the speed makes no sense.
        OutOfSpan: if it would begin after the history's end.
    """

    def __init__(
        self,
        archive: Archive,
        *,
        start_at: datetime,
        speed_ratio: float,
        mono_s: Callable[[], float],
        is_looped: bool = False,
    ) -> None:
        if not 0 < speed_ratio <= _MAX_SPEED_RATIO:
            raise InputError(
                "a replay needs a speed above 0, up to a million",
                speed=speed_ratio,
                hint="600 replays ten minutes in a second",
            )
        if start_at >= archive.newest_at:
            raise OutOfSpan(
                "the replay would begin after the history's end",
                start=format_instant(start_at),
                end=format_instant(archive.newest_at),
                hint="begin earlier",
            )
        try:
            archive.as_of(start_at)
        except OutOfSpan as error:
            raise OutOfSpan(
                "the replay would begin before the history",
                start=format_instant(start_at),
                **{key: value for key, value in error.context.items() if key.startswith("known")},
                hint="begin later",
            ) from None
        self._archive = archive
        self._start_at = start_at
        self._speed_ratio = speed_ratio
        self._mono_s = mono_s
        self._begun_s = mono_s()
        self._is_looped = is_looped
        self._closed = Event()

    def moment(self) -> Moment:
        """Where the replay stands, in whole seconds."""
        length_s = (self._archive.newest_at - self._start_at).total_seconds()
        run_s = (self._mono_s() - self._begun_s) * self._speed_ratio
        lap = 0.0
        if self._is_looped:
            lap, run_s = divmod(run_s, length_s)
        at = self._start_at + timedelta(seconds=min(run_s, length_s))
        return Moment(
            at=at.replace(microsecond=0),
            archive=self._archive,
            generation=int(lap),
            is_replay=True,
            has_ended=run_s >= length_s,
        )

    def wait(self, timeout_s: float) -> None:
        """Wait; the replay runs on meanwhile."""
        self._closed.wait(timeout_s)

    def close(self) -> None:
        """Wait no more."""
        self._closed.set()
