"""Where each key of a plainly written TOML file stands: good enough to point a person at a line.

The reading itself is tomllib's, which tells no lines.
"""

from __future__ import annotations

import re

__all__ = ["KeyPath", "dotted", "find_line"]

KeyPath = tuple[str | int, ...]
"""The keys and indices that lead to a value."""

_TABLE = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-\s\"']+?)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(r"^\s*([A-Za-z0-9_.\-\"']+)\s*=")


def dotted(keys: KeyPath) -> str:
    """A path as people write it: mining.classes[0].count."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def find_line(text: str, keys: KeyPath) -> int | None:
    """The line of a key, or of the nearest table around it; None if it cannot be told."""
    lines = _lines(text)
    for length in range(len(keys), 0, -1):
        if keys[:length] in lines:
            return lines[keys[:length]]
    return None


def _lines(text: str) -> dict[KeyPath, int]:
    """Where each table and key stands."""
    found: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            table = _resolve(_split(header[2]), counts, opens_item=header[1] == "[[")
            found.setdefault(table, number)
            if isinstance(table[-1], int):
                found.setdefault(table[:-1], number)
        elif assignment := _ASSIGNMENT.match(line):
            found.setdefault((*table, *_split(assignment[1])), number)
    return found


def _split(name: str) -> list[str]:
    return [part.strip().strip("\"'") for part in name.split(".")]


def _resolve(parts: list[str], counts: dict[KeyPath, int], *, opens_item: bool) -> KeyPath:
    """A header's path with the index of each list of tables that it passes through."""
    path: KeyPath = ()
    for position, part in enumerate(parts):
        path = (*path, part)
        if opens_item and position == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
