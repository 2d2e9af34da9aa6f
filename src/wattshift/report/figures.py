"""Single figures, instants and names as people read them, safe to print anywhere.

Every string that came from outside (a site file, a provider) goes through `printable`: what it removes could
move a cursor, reverse the direction of a line or break a table.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

__all__ = ["day", "instant", "interval", "minute", "name", "number", "printable"]

_NAME_LENGTH = 48
_TEXT_LENGTH = 1_200
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def number(value: float, digits: int = 0, *, signed: bool = False) -> str:
    """A figure with thousands separators and a real minus sign; never "-0"."""
    text = f"{value:+,.{digits}f}" if signed else f"{value:,.{digits}f}"
    if not any(character in "123456789" for character in text):
        text = text.lstrip("+-")
    return text.replace("-", "\N{MINUS SIGN}")


def interval(low: float, high: float, digits: int = 0) -> str:
    """An interval in words: "930 to 1,057"."""
    return f"{number(low, digits)} to {number(high, digits)}"


def printable(text: str, *, length: int = _TEXT_LENGTH) -> str:
    """A text on one line, without control or direction characters, and not longer than `length`."""
    flat = " ".join(text[: 4 * length].split())
    safe = "".join(
        _REPLACEMENT if unicodedata.category(character) in _UNSAFE_CATEGORIES else character
        for character in flat
    )
    return safe if len(safe) <= length else f"{safe[: length - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def name(text: str, *, length: int = _NAME_LENGTH) -> str:
    """A name that fits a table cell or an axis."""
    return printable(text, length=length)


def day(at: datetime) -> str:
    """A day of an instant in UTC: "19 Jan 2026"."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y}"


def minute(at: datetime) -> str:
    """An instant within a known year: "19 Jan 12:00"."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {utc:%b %H:%M}"


def instant(at: datetime) -> str:
    """An instant in full: "19 Jan 2026, 12:00 UTC"."""
    return f"{day(at)}, {at.astimezone(UTC):%H:%M} UTC"
