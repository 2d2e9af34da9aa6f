"""One file that holds a folder, and proves it: a tar whose first member lists what the others must be.

Reading is suspicious: only members that are listed, only plain files, only names that a store has, only as
many bytes as were told, and only if their hash is the one that was told.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from shutil import disk_usage
from typing import IO

from wattshift import __version__
from wattshift.clock import format_instant, to_unix
from wattshift.errors import Corrupt, Missing, SchemaMismatch, Unwritable

__all__ = ["pack", "unpack"]

_LIST = "backup.json"
_FORMAT = 1
_MOST_LIST_BYTES = 8 << 20
_CHUNK_BYTES = 1 << 20
_NAME = re.compile(
    r"(?:ledger|alerts|editions)\.sqlite|series/[a-z_]{1,60}/[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII
)
_HINT = "take another copy; this one was cut short, changed, or is no copy of a store"


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    size_bytes: int
    sha256: str


def pack(folder: Path, to: Path, *, now: datetime) -> None:
    """Write a folder into one file that only this user may read; it is on the disk when this returns.

    Args:
        folder: its files have names that `unpack` takes.
        to: the file.
        now: the present.

    Raises:
        OSError: if the machine refuses.
    """
    members = [_member(folder, path) for path in sorted(folder.rglob("*")) if path.is_file()]
    told = {
        "format": _FORMAT,
        "wattshift": __version__,
        "made_at": format_instant(now),
        "files": [asdict(member) for member in members],
    }
    handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            listed = json.dumps(told, indent=1).encode()
            _add(tar, _LIST, len(listed), io.BytesIO(listed), now)
            for member in members:
                with (folder / member.name).open("rb") as content:
                    _add(tar, member.name, member.size_bytes, content, now)
        file.flush()
        os.fsync(file.fileno())


def unpack(file: Path, folder: Path) -> None:
    """Read what `pack` wrote into a folder that is not there yet.

    Raises:
        Missing: if there is no such file.
        Corrupt: if it is not what was written.
        SchemaMismatch: if a newer version wrote it.
        Unwritable: if there is too little space.
        OSError: if the machine refuses to write.
    """
    with _read(file) as tar:
        members = _listed(tar, file)
        needed_bytes = sum(member.size_bytes for member in members.values())
        folder.mkdir()
        if disk_usage(folder).free < needed_bytes:
            raise Unwritable(
                "there is too little space for what the copy holds",
                folder=folder,
                needed_mib=needed_bytes >> 20,
                hint="free some, or name another folder",
            )
        while (entry := tar.next()) is not None:
            member = members.pop(entry.name, None)
            if member is None or not entry.isreg() or entry.size != member.size_bytes:
                raise _wrong(file, f"holds what it does not list: {entry.name[:80]!r}")
            content = tar.extractfile(entry)
            if content is None or _copied(content, folder / member.name) != member.sha256:
                raise _wrong(file, f"is damaged at {member.name}")
        if members:
            raise _wrong(file, f"lacks {min(members)}")


@contextmanager
def _read(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        opened = file.open("rb")
    except OSError as error:
        raise Missing(f"the copy cannot be read: {error.strerror}", file=file, hint="name another") from error
    with opened:
        try:
            # Never compressed: a small file must not become a large one.
            with tarfile.open(fileobj=opened, mode="r:") as tar:
                yield tar
        except (tarfile.TarError, EOFError) as error:
            raise _wrong(file, "is no copy of a store, or was cut short") from error


def _listed(tar: tarfile.TarFile, file: Path) -> dict[str, _Member]:
    first = tar.next()
    if first is None or first.name != _LIST or not first.isreg() or first.size > _MOST_LIST_BYTES:
        raise _wrong(file, "is no copy of a store")
    content = tar.extractfile(first)
    try:
        told = json.loads(b"" if content is None else content.read())
        if told["format"] > _FORMAT:
            raise SchemaMismatch("the copy is of a newer wattshift", file=file, hint="update wattshift")
        members = [
            _Member(str(row["name"]), int(row["size_bytes"]), str(row["sha256"])) for row in told["files"]
        ]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise _wrong(file, "has a list that makes no sense") from error
    if any(not _NAME.fullmatch(member.name) or member.size_bytes < 0 for member in members):
        raise _wrong(file, "lists what no store has")
    return {member.name: member for member in members}


def _member(folder: Path, path: Path) -> _Member:
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return _Member(path.relative_to(folder).as_posix(), path.stat().st_size, digest)


def _add(tar: tarfile.TarFile, name: str, size_bytes: int, content: IO[bytes], now: datetime) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size_bytes, 0o600, int(to_unix(now))
    tar.addfile(entry, content)


def _copied(content: IO[bytes], to: Path) -> str:
    """Write a file; the hash of its bytes."""
    to.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with to.open("xb") as file:
        while chunk := content.read(_CHUNK_BYTES):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _wrong(file: Path, words: str) -> Corrupt:
    return Corrupt(f"the copy {words}", file=file, hint=_HINT)
