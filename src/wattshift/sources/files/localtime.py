"""Local times to UTC, never by guessing: where clocks change, a time must say which one it means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from wattshift.clock import format_instant
from wattshift.errors import InputError, Malformed
from wattshift.sources.files.csvfile import quoted

__all__ = ["EPOCH", "WRITE_TIME", "parse_time", "time_zone_of", "to_us"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WRITE_TIME = "write it as 2026-01-19T06:00-06:00 or 2026-01-19T12:00Z"


def time_zone_of(name: str | None) -> ZoneInfo:
    """The IANA time zone of this name; None means UTC.

    Raises:
        InputError: if there is none.
    """
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        raise InputError("there is no such time zone", value=name, hint="write America/Chicago") from None


def parse_time(text: str, *, name: str, line: int) -> datetime:
    """An ISO 8601 time, with its offset where it has one.

    Raises:
        Malformed: for anything else.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(f"{quoted(text)} is not a time", file=name, line=line, hint=WRITE_TIME) from None


def to_us(time_at: datetime, zone: ZoneInfo, *, name: str, where: str) -> int:
    """Microseconds since 1970 of an instant, or of a local time that a clock change does not blur.

    Raises:
        Malformed: for a local time that the clocks skip or repeat, and for one out of range.
    """
    try:
        instant = time_at if time_at.tzinfo else _localised(time_at, zone, name, where)
        return (instant - EPOCH) // timedelta(microseconds=1)
    except OverflowError:
        raise Malformed(f"{time_at} is out of range", file=name, where=where, hint=WRITE_TIME) from None


def _localised(local: datetime, zone: ZoneInfo, name: str, where: str) -> datetime:
    early, late = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    if early.utcoffset() == late.utcoffset():
        return early
    exists = early.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) == local
    first, second = (format_instant(instant) for instant in (early, late))
    what = f"happens twice, at {first} and {second}" if exists else "does not exist: the clocks skip it"
    raise Malformed(
        f"the local time {local:%Y-%m-%d %H:%M} {what}",
        file=name,
        where=where,
        time_zone=zone.key,
        hint="give each time its UTC offset, or write the whole file in UTC",
    )
