"""Writing a report to a file: whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from wattshift.errors import InputError

__all__ = ["require_writable", "write_bytes", "write_text"]


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8, as `write_bytes` does.

    Raises:
        InputError: if the file cannot be written there.
    """
    write_bytes(path, text.encode("utf-8"))


def require_writable(path: Path) -> None:
    """Refuse a file that cannot be written, before anything is done for it.

    Raises:
        InputError: if its folder is missing or closed, or a folder stands in its place.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}."):
            pass
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    except OSError as error:
        raise _unwritable(path, error) from error


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file by way of a temporary one beside it, so that a reader never sees half of it.

    Raises:
        InputError: if the file cannot be written there.
    """
    temporary: str | None = None
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path} cannot be written: {error.strerror}", hint="choose a file in a folder that exists"
    )
