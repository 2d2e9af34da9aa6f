"""Where moments come from: a store that is followed, or history that runs again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from wattshift.app.snapshot import Archive

__all__ = ["Feed", "Moment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant, and the history as it is known then.

    Args:
        at: the instant of knowledge: the newest one, or where the replay stands.
        archive: the history.
        generation: of the history; it grows whenever rows were added or corrected.
        is_replay: whether it is history that runs again.
        lag_s: how far `at` lies behind the present [s].
        has_ended: whether nothing comes any more.
    """

    at: datetime
    archive: Archive
    generation: int
    is_replay: bool
    lag_s: float = 0.0
    has_ended: bool = False


class Feed(Protocol):
    """Whoever tells what time it is and what is known. Only the loop's thread calls it."""

    def moment(self) -> Moment:
        """The present moment.

        Raises:
            StoreError: if the store cannot be read.
        """
        ...

    def wait(self, timeout_s: float) -> None:
        """Wait until there may be something new, at most so long [s]."""
        ...

    def close(self) -> None:
        """Stop whatever runs."""
        ...
