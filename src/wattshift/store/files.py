"""Files that are there whole or not at all: written beside, synced, renamed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from wattshift.errors import Unwritable

__all__ = ["sync_folder", "write_durably"]


def write_durably(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put a file in place so that after any crash it is the old one or the new one, whole.

    The new name survives a power cut only once `sync_folder` has returned.

    Args:
        path: where it goes.
        content: its bytes.
        mode: who may read it, as POSIX says; from its first byte on.

    Raises:
        Unwritable: if the machine refuses; the old file stays.
    """
    beside = path.with_name(f"{path.name}.part")
    try:
        beside.unlink(missing_ok=True)  # what a crash left may be open to others
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise _unwritable(path, error) from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut. Windows does that by itself.

    Raises:
        Unwritable: if the disk fails.
    """
    if os.name == "nt":
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(path: Path, error: OSError) -> Unwritable:
    return Unwritable(
        f"{path.name} cannot be written: {error.strerror}",
        file=path,
        hint="give it space and permission, then do the same again: a repeated append adds nothing",
    )
