"""The watch over plans: the coming day is planned anew whenever a price is settled, and compared."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Condition, Thread

from wattshift.alerts.observations import PlanSeen
from wattshift.alerts.plans import plan_seen
from wattshift.app.service.feeds.feed import Moment
from wattshift.errors import InputError, WattshiftError

__all__ = ["PlanWatch", "Planned"]

Planned = Mapping[tuple[datetime, str], float]
"""What each use draws in each interval [MW]."""

_log = logging.getLogger("wattshift.serve")


class PlanWatch:
    """Plans the coming day in a thread of its own, and says how the newest plan differs from the one before.

    Args:
        planned: plans the day after a moment.
    """

    def __init__(self, planned: Callable[[Moment], Planned]) -> None:
        self._planned = planned
        self._changed = Condition()
        self._next: Moment | None = None
        self._is_closed = False
        self._before: Planned = {}
        self._trouble = ""
        self.seen: PlanSeen | None = None
        """How the newest plan differs; None while there are no two plans."""
        self._thread = Thread(target=self._run, name="wattshift-plans", daemon=True)

    @property
    def is_alive(self) -> bool:
        """Whether it watches."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def look(self, moment: Moment) -> None:
        """A price was settled: plan anew, as soon as the plan before is made."""
        with self._changed:
            self._next = moment
            self._changed.notify()

    def close(self) -> None:
        """Plan no more; what is being planned comes to its end elsewhere."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def forget(self) -> None:
        """Time runs anew: no plan of before is compared."""
        self._before, self.seen = {}, None

    def turn(self, moment: Moment) -> None:
        """Plan once, and compare."""
        try:
            after = self._planned(moment)
            if self._before:
                self.seen = plan_seen(self._before, after, at=moment.at)
        except InputError as error:  # nothing in common: a day has passed between the two
            self._tell(error)
        except WattshiftError as error:
            self._tell(error)
            return
        else:
            self._trouble = ""
        self._before = after

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next is not None or self._is_closed)
                if self._is_closed:
                    return
                moment, self._next = self._next, None
            assert moment is not None  # noqa: S101  # it was waited for
            self.turn(moment)

    def _tell(self, error: WattshiftError) -> None:
        """Once, until it goes well again."""
        if self._is_closed:
            return
        if error.message != self._trouble:
            _log.info("the coming day has no plan: %s", error.message)
        self._trouble = error.message
