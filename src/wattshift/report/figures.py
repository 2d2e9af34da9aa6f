"""Single figures, instants and names as people read them, safe to print anywhere.

Every string that came from outside (a site file, a provider) goes through `printable`: what it removes could
move a cursor, reverse the direction of a line or break a table.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import SupportsFloat

__all__ = [
    "chance",
    "day",
    "instant",
    "interval",
    "kind",
    "minute",
    "name",
    "number",
    "printable",
    "sentence",
    "short_day",
    "uncertainty",
]

_CERTAIN_PROB = 0.999
_NAME_LENGTH = 48
_TEXT_LENGTH = 1_200
_WORD_LENGTH = 80
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def number(value: SupportsFloat, digits: int = 0, *, signed: bool = False) -> str:
    """A figure with thousands separators and a real minus sign; never "-0"."""
    text = format(float(value), f"{'+' if signed else ''},.{digits}f")
    if not any(character in "123456789" for character in text):
        text = text.lstrip("+-")
    return text.replace("-", "\N{MINUS SIGN}")


def interval(low: SupportsFloat, high: SupportsFloat, digits: int = 0) -> str:
    """An interval in words: "930 to 1,057"."""
    return f"{number(low, digits)} to {number(high, digits)}"


def uncertainty(low: SupportsFloat, high: SupportsFloat, digits: int = 0) -> str:
    """An interval for a table: one digit more where its ends would read alike, empty for an exact figure."""
    for more in (0, 1):
        ends = [number(end, digits + more) for end in (low, high)]
        if ends[0] != ends[1]:
            return " to ".join(ends)
    return ""


def chance(value_prob: float) -> str:
    """A probability in percent; never a certainty."""
    ends = (1 - _CERTAIN_PROB, _CERTAIN_PROB)
    told = f"{100 * min(ends[1], max(ends[0], value_prob)):.1f} %"
    return f"over {told}" if value_prob > ends[1] else f"under {told}" if value_prob < ends[0] else told


def printable(text: str, *, length: int = _TEXT_LENGTH) -> str:
    """A text on one line without control or direction characters, neither it nor a word in it too long."""
    flat = " ".join(_shortened(word, _WORD_LENGTH) for word in text[: 16 * length].split())
    if not (flat.isascii() and flat.isprintable()):  # nearly all are, and pages are full of texts
        flat = "".join(
            _REPLACEMENT if unicodedata.category(character) in _UNSAFE_CATEGORIES else character
            for character in flat
        )
    return _shortened(flat, length)


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def name(text: str, *, length: int = _NAME_LENGTH) -> str:
    """A name that fits a table cell or an axis."""
    return printable(text, length=length)


def sentence(text: str) -> str:
    """A clause with a capital letter."""
    return text[:1].upper() + text[1:]


def kind(text: str) -> str:
    """A kind of use as people write it: "GPU cloud"."""
    return printable(text.replace("_", " ").replace("gpu", "GPU"))


def day(at: datetime) -> str:
    """A day of an instant in UTC: "19 Jan 2026"."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y}"


def short_day(at: datetime) -> str:
    """A day of a known year in UTC: "19 Jan"."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {utc:%b}"


def minute(at: datetime) -> str:
    """An instant of a known year: "19 Jan 12:00"."""
    return f"{short_day(at)} {at.astimezone(UTC):%H:%M}"


def instant(at: datetime) -> str:
    """An instant in full: "19 Jan 2026, 12:00 UTC"."""
    return f"{day(at)}, {at.astimezone(UTC):%H:%M} UTC"
