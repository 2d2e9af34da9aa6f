"""Curves that are held: computed when they are first asked for, and again when the history has changed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from threading import Lock

from wattshift.app.charts.curve import Curve
from wattshift.app.charts.history import CURVES, Builder
from wattshift.app.snapshot import Archive
from wattshift.errors import InputError, WattshiftError

__all__ = ["Library"]


class Library:
    """All curves of one history at a time. Any thread may ask; nothing is computed twice.

    While the curves of a newer history are being computed (`warm`), those of the one before are shown: nobody
    waits for them.

    Args:
        builders: who computes which curve.
    """

    def __init__(self, builders: Mapping[str, Builder] = CURVES) -> None:
        self._builders = builders
        self._locks = {name: Lock() for name in builders}
        self._held: dict[str, tuple[Archive, Curve]] = {}
        self._warming: Archive | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Which curves there are."""
        return tuple(self._builders)

    def held(self, name: str, archive: Archive) -> Curve | None:
        """A curve over a history, or the one before it while this one is being computed; None if neither."""
        found = self._held.get(name)
        is_shown = found is not None and (found[0] is archive or archive is self._warming)
        return found[1] if found is not None and is_shown else None

    def curve(self, name: str, archive: Archive) -> Curve:
        """A curve over a history.

        Raises:
            InputError: if there is no such curve.
            WattshiftError: whatever the history says.
        """
        if name not in self._builders:
            raise InputError(
                f"there is no curve {name[:40]!r}", hint=f"the curves are {', '.join(self._builders)}"
            )
        held = self.held(name, archive)
        return self._computed(name, archive) if held is None else held

    def warm(self, archive: Archive) -> None:
        """Compute all curves, so that nobody waits for them; what fails will fail again for who asks."""
        self._warming = archive
        for name in self._builders:
            with suppress(WattshiftError):
                self._computed(name, archive)
        if self._warming is archive:
            self._warming = None

    def _computed(self, name: str, archive: Archive) -> Curve:
        with self._locks[name]:
            held = self._held.get(name)
            if held is not None and held[0] is archive:
                return held[1]
            curve = self._builders[name](archive)
            self._held[name] = (archive, curve)
            return curve
