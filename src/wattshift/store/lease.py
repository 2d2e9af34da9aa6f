"""One writer at a time: an operating-system lock on a small file that names its holder.

The kernel frees the lock when its holder dies, so nobody has to clean up. POSIX systems use `flock`; Windows,
which lacks it, locks one byte far behind the text. A network file system that ignores locks is caught by
the ledger's fencing token.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Self

from wattshift.clock import format_instant, from_unix
from wattshift.errors import Locked, Unwritable

__all__ = ["FileLock"]

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        os.lseek(handle, 1 << 30, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


_PATIENCE_S = 0.25
_PAUSE_S = 0.01


def _is_locked(handle: int) -> bool:
    """Whether the lock is ours now."""
    try:
        _lock(handle)
    except OSError:
        return False
    return True


class FileLock:
    """The right to write beside a file, held until `release` or until the process ends.

    Args:
        path: the lock file; it is made if need be and stays.
        wait_s: how long to wait for another holder [s].

    Raises:
        Locked: when that time is up and another holder is alive; it names the process and since when.
        Unwritable: if the file cannot be made.
    """

    def __init__(self, path: Path, *, wait_s: float = 0.0) -> None:
        self.path = path
        try:
            self._handle: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise Unwritable(
                f"the lock file cannot be made: {error.strerror}",
                file=path,
                hint="make the folder, and let this user write to it",
            ) from error
        end_s = time.monotonic() + wait_s
        while not _is_locked(self._handle):
            if time.monotonic() >= end_s:
                locked = self._locked(self._handle)
                self.release()
                raise locked
            time.sleep(_PAUSE_S)
        # The time of this write is what others read as "since".
        with contextlib.suppress(OSError):
            os.ftruncate(self._handle, 0)
            os.write(self._handle, str(os.getpid()).encode())

    def _locked(self, handle: int) -> Locked:
        patience_s = _PATIENCE_S
        # The holder may have locked the file an instant ago and not yet have written into it.
        while not (pid := _text(handle)) and patience_s > 0:
            time.sleep(_PAUSE_S)
            patience_s -= _PAUSE_S
        return Locked(
            "another process is writing",
            pid=pid.decode(errors="replace") or "unknown",
            since=format_instant(from_unix(os.fstat(handle).st_mtime)),
            file=self.path,
            hint="stop that process, or read without writing",
        )

    def release(self) -> None:
        """Let go; a second call does nothing."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _text(handle: int) -> bytes:
    os.lseek(handle, 0, os.SEEK_SET)
    return os.read(handle, 32)
