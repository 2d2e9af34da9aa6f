"""Zip archives from outside: read in memory, under caps, and never as paths.

Names inside an archive are text for messages: nothing is written anywhere, so there is nowhere to climb to.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from wattshift.errors import Malformed

__all__ = ["ArchiveLimits", "Member", "leaves", "pack", "unpack"]

_ZIP_MAGIC = b"PK"
_END_SIZE = 22
_END_MAGIC = b"PK\x05\x06"
_LOCATOR_SIZE = 20
_LOCATOR_MAGIC = b"PK\x06\x07"
_MAX_COMMENT = 65_535
_MAX_ENTRY = 1_024
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MAX_NAME = 80
_AGAIN = "fetch or export the file again"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """What an archive may hold.

    Args:
        members: files in it.
        total_bytes: their sizes together, unpacked.
        expansion_ratio: unpacked over packed, for the archive as a whole.
    """

    members: int = 512
    total_bytes: int = 48 << 20
    expansion_ratio: float = 200.0


_LIMITS = ArchiveLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file of an archive; its name is for messages only."""

    name: str
    content: bytes


def unpack(data: bytes, *, name: str, limits: ArchiveLimits = _LIMITS) -> list[Member]:
    """The files of a zip archive, in its order; folders are left out.

    Sizes are proved from the directory before a byte is unpacked, and zlib stops at the size that was
    declared, so that no archive can cost more than its limits.

    Args:
        data: the bytes of the archive.
        name: its name, for the errors.
        limits: what it may hold.

    Raises:
        Malformed: if it is no zip archive, damaged, encrypted, packed in an unusual way, or over a limit.
    """
    _check_directory(data, name, limits)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_entries(entries, len(data), name, limits)
            return [_read(archive, entry) for entry in entries]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise Malformed(f"the archive is damaged: {error}", file=name, hint=_AGAIN) from None


def leaves(data: bytes, *, name: str, levels: int = 1, limits: ArchiveLimits = _LIMITS) -> Iterator[Member]:
    """The files in an archive and in the archives inside it, in order; data that is no archive is one file.

    Args:
        data: the bytes of an archive, or of a file.
        name: its name, for the errors; files inside are named after it.
        levels: how deep archives may lie in one another.
        limits: what all of them together may unpack to; members and expansion are those of each.

    Raises:
        Malformed: as `unpack`, or if archives lie too deep.
    """
    left = limits.total_bytes
    waiting = [(name, data, levels)]
    while waiting:
        inner, content, deeper = waiting.pop()
        if not content.startswith(_ZIP_MAGIC):
            yield Member(name=inner, content=content)
            continue
        if not deeper:
            raise Malformed(
                "archives are nested too deep",
                file=inner,
                hint="unpack the outer one, and give what is inside",
            )
        members = unpack(content, name=inner, limits=replace(limits, total_bytes=left))
        left -= sum(len(member.content) for member in members)
        waiting += [(f"{inner}/{member.name}", member.content, deeper - 1) for member in reversed(members)]


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Member:
    with archive.open(entry) as file:
        # With a size, zlib stops there; without one it would unpack whatever the archive holds.
        return Member(name=_shown(entry.filename), content=file.read(entry.file_size))


def pack(files: Mapping[str, bytes]) -> bytes:
    """Answers to several requests as one archive: stored, and the same bytes for the same answers."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def _check_directory(data: bytes, name: str, limits: ArchiveLimits) -> None:
    """Refuse a directory that would cost memory merely to list."""
    end = data.rfind(_END_MAGIC, max(0, len(data) - _END_SIZE - _MAX_COMMENT))
    if end < 0 or len(data) < end + _END_SIZE:
        raise Malformed("this is not a whole zip archive", file=name, hint=_AGAIN)
    if data[max(0, end - _LOCATOR_SIZE) : end].startswith(_LOCATOR_MAGIC):
        raise Malformed("the archive is a zip64", file=name, hint="pack it again as an ordinary zip")
    size = int.from_bytes(data[end + 12 : end + 16], "little")
    if size > limits.members * _MAX_ENTRY:
        raise _too_large("a directory", name, size, limits.members * _MAX_ENTRY)


def _check_entries(
    entries: list[zipfile.ZipInfo], packed_bytes: int, name: str, limits: ArchiveLimits
) -> None:
    if len(entries) > limits.members:
        raise _too_large("files", name, len(entries), limits.members)
    total = sum(entry.file_size for entry in entries)
    if total > limits.total_bytes:
        raise _too_large("bytes unpacked", name, total, limits.total_bytes)
    if total > limits.expansion_ratio * packed_bytes:
        raise _too_large("times its packed size", name, total // packed_bytes, limits.expansion_ratio)
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED:
            raise Malformed("the archive is encrypted", file=name, hint="unpack it, and give the file inside")
        if entry.compress_type not in _METHODS:
            raise Malformed(
                f"the archive is packed by method {entry.compress_type}",
                file=name,
                hint="pack it again as an ordinary zip (deflate)",
            )


def _too_large(what: str, name: str, found: float, limit: float) -> Malformed:
    return Malformed(
        f"the archive holds too much: {what}",
        file=name,
        found=found,
        limit=limit,
        hint="if it is genuine, unpack it and give the files one by one",
    )


def _shown(name: str) -> str:
    """The end of a name, with nothing in it that a terminal would obey."""
    return "".join(char if char.isprintable() else "?" for char in name[-_MAX_NAME:])
