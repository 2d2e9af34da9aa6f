"""The tokens as the running service knows them: read again whenever their file has changed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from threading import Thread

from wattshift.clock import Clock
from wattshift.errors import StoreError
from wattshift.store.tokens import TokenFile, TokenRecord, matching
from wattshift.web.principal import Principal, Scope

__all__ = ["Keyring"]

_LOOK_EACH_S = 1.0
_log = logging.getLogger("wattshift.serve")

_Stamp = tuple[int, int, int]


class Keyring:
    """Who holds which token. A file that cannot be read lets nobody in.

    Args:
        file: where the tokens are kept; None where there are none.
        clock: tells what has expired.
        mono_s: the monotonic clock [s].
    """

    def __init__(self, file: TokenFile | None, *, clock: Clock, mono_s: Callable[[], float]) -> None:
        self._file = file
        self._clock = clock
        self._mono_s = mono_s
        self._looked_s = -_LOOK_EACH_S
        self._stamp: _Stamp | None = None
        self._records: tuple[TokenRecord, ...] = ()
        self._noted: dict[str, date] = {}

    @property
    def has_file(self) -> bool:
        """Whether there ever was a token: then nobody goes without."""
        self._look()
        return self._stamp is not None

    def principal(self, secret: str) -> Principal | None:
        """Who shows a token; None if it is none, was revoked, or has expired."""
        self._look()
        record = matching(self._records, secret, now=self._clock.now())
        if record is None:
            return None
        self._note_use(record)
        return _principal(record)

    def named(self, name: str) -> Principal | None:
        """Who holds the token of a name, while it is good: revoking it ends what was begun with it."""
        self._look()
        now = self._clock.now()
        found = (each for each in self._records if each.name == name and now < each.expires_at)
        return next((_principal(record) for record in found), None)

    def _look(self) -> None:
        now_s = self._mono_s()
        if self._file is None or now_s - self._looked_s < _LOOK_EACH_S:
            return
        self._looked_s = now_s
        stamp = _stamp(self._file)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._records = self._file.records()
        except StoreError as error:
            self._records = ()
            _log.error("nobody is let in: %s", error.message)

    def _note_use(self, record: TokenRecord) -> None:
        today = self._clock.now().date()
        if self._file is None or self._noted.get(record.name, record.used_on) == today:
            return
        self._noted[record.name] = today
        # Once a day and token; it syncs a file, which must not hold up everybody else.
        Thread(target=_note, args=(self._file, record.name, today), daemon=True).start()


def _note(file: TokenFile, name: str, today: date) -> None:
    with suppress(StoreError):  # a store that cannot be written keeps nobody out
        file.note_use(name, on=today)


def _principal(record: TokenRecord) -> Principal:
    known = {scope.value for scope in Scope}
    return Principal(
        name=record.name, scopes=frozenset(Scope(each) for each in record.scopes if each in known)
    )


def _stamp(file: TokenFile) -> _Stamp | None:
    """What tells apart one version of the file from another; None while there is none."""
    try:
        found = file.path.stat()
    except FileNotFoundError:
        return None
    except OSError:
        return (0, 0, 0)  # it may be there: better nobody than everybody
    return (found.st_mtime_ns, found.st_ino, found.st_size)
