"""Finds dates and periods, and resolves those that are relative to the text's own date."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from wattshift.claims.when import Role, When

__all__ = ["FIRST_YEAR", "Told", "dates_of", "day_span", "first_date"]

FIRST_YEAR = 2009
_LAST_YEAR = 2035
_DAY = timedelta(days=1)
_MONTH_NAMES = (
    "january jan",
    "february feb",
    "march mar",
    "april apr",
    "may",
    "june jun",
    "july jul",
    "august aug",
    "september sept sep",
    "october oct",
    "november nov",
    "december dec",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_M = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_Y = r"(?P<year>20[0-3]\d)(?!\d)"
_N = r"(?P<n>\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|couple of|few)"
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "couple of": 2, "few": 3,
}  # fmt: skip
_UNIT = r"(?P<unit>hours?|days?|weeks?|months?|quarters?|years?)\b"
_UNIT_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.0, "quarter": 91.0, "year": 365.0}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_QUARTERS = ("first", "second", "third", "fourth")
_PART = r"(?P<part>early|mid|late|the start of|the beginning of|the end of|the middle of)[\s-]?"
_TIME = r"(?:,? (?:at |around |by )?(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?: ?(?:UTC|GMT|Z)\b)?)?"
_SINCE = re.compile(
    r"\b(?:since|from|after)\s(?:the\s)?$|\bsince\s(?:[\w'-]+\s){1,6}(?:in|of)\s(?:the\s)?$", re.IGNORECASE
)
_PAYBACK = re.compile(r"(?:back|off|even|recoup\w*|itself|themselves)\s$", re.IGNORECASE)
_FUTURE = re.compile(
    r"\b(?:expected|projected|forecast|estimated|will|would|set to|due|upcoming|next|scheduled|poised"
    r"|likely|could|on track|anticipated|predicted)\b",
    re.IGNORECASE,
)
_MOVED = re.compile(
    r"\b(?:down|up|off|lost|shed|(?:f|gr)e(?:ll|w)|dropped|declined|slid|plunged|rose|jumped|gained|climbed"
    r"|surged|added)\b[^,;]*%\s$",
    re.IGNORECASE,
)
_HAPPENED = re.compile(
    r"\b(?:fell|dropped|rose|was|were|had|did|hit|declined|jumped|climbed|plunged|slid|adjusted|saw|reached)\b",
    re.IGNORECASE,
)
_HALVINGS = {2012: (11, 28), 2016: (7, 9), 2020: (5, 11), 2024: (4, 20)}
"""UTC days of blocks 210,000, 420,000, 630,000 and 840,000."""

_Span = tuple[datetime, datetime, Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """When a sentence was written and whether it looks ahead.

    Args:
        at: the end of the stretch in which it was written.
        is_future: whether it speaks of what is to come.
    """

    at: datetime
    is_future: bool


_Resolver = Callable[[re.Match[str], Told], _Span | None]


def dates_of(text: str, told_at: datetime) -> list[When]:
    """All dates of a normalised sentence, in order, none overlapping.

    A date without a year is the latest one not after the text, or the next one where the sentence speaks
    of the future.

    Args:
        text: the sentence.
        told_at: end of the stretch in which the text was written.
    """
    told = Told(at=told_at, is_future=_FUTURE.search(text) is not None)
    found = sorted(_found(text, told), key=lambda when: (when.start, -when.end))
    apart: list[When] = []
    for when in found:
        if not apart or when.start >= apart[-1].end:
            apart.append(_until_day(when, apart))
    return apart


def _until_day(when: When, earlier: list[When]) -> When:
    """A week as in "on 19 January it was down 5 % in a week" ends on that day."""
    days = [each for each in earlier if each.role is Role.AT and each.is_day]
    if not days or when.role is not Role.OVER or not when.words.startswith("in "):
        return when
    return replace(when, start_at=days[-1].end_at - (when.end_at - when.start_at), end_at=days[-1].end_at)


def _found(text: str, told: Told) -> Iterator[When]:
    for pattern, resolve in _TABLE:
        for match in pattern.finditer(text):
            span = resolve(match, told)
            if span is None:
                continue
            start_at, end_at, role = span
            if role is Role.AT and _SINCE.search(text[max(0, match.start() - 60) : match.start()]):
                role = Role.SINCE
            yield When(
                start_at=start_at,
                end_at=end_at,
                role=role,
                words=match[0].strip(" .,"),
                start=match.start(),
                end=match.end(),
                has_year=bool(match.groupdict().get("year")),
            )


def first_date(text: str, *, latest_at: datetime) -> date | None:
    """The first full date (day, month, year) of a text's head that is not after the newest data."""
    for pattern, resolve in _TABLE[:3]:
        for match in pattern.finditer(text):
            if match["year"]:
                span = resolve(match, Told(at=latest_at, is_future=False))
                if span is not None and span[0].date() <= latest_at.date() and span[1] - span[0] <= _DAY:
                    return span[0].date()
    return None


def day_span(day: date) -> tuple[datetime, datetime]:
    """A UTC day as a half-open span."""
    start_at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return start_at, start_at + _DAY


def _safe_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _dated(match: re.Match[str], told: Told) -> _Span | None:
    groups = match.groupdict()
    month = _month(match)
    day = int(groups["day"])
    year = groups["year"]
    found = _safe_date(int(year), month, day) if year else _nearest(month, day, told)
    if found is None or not FIRST_YEAR <= found.year <= _LAST_YEAR:
        return None
    start_at, end_at = day_span(found)
    if groups.get("last"):
        last = _safe_date(found.year, found.month, int(groups["last"]))
        if last is None or last <= found:
            return None
        end_at = day_span(last)[1]
    elif groups.get("hour"):
        start_at += timedelta(hours=int(groups["hour"]), minutes=int(groups["minute"]))
        end_at = start_at + timedelta(seconds=1)
    return start_at, end_at, Role.AT


def _month(match: re.Match[str]) -> int:
    text = match["month"].lower()
    return int(text) if text.isdigit() else _MONTHS[text]


def _nearest(month: int, day: int, told: Told) -> date | None:
    today = told.at.date()
    years = (today.year + 1, today.year, today.year - 1)
    dates = [found for year in years if (found := _safe_date(year, month, day))]
    if told.is_future:
        ahead = [found for found in dates if today <= found <= today + timedelta(days=60)]
        if ahead:
            return min(ahead)
    past = [found for found in dates if found <= today]
    return max(past) if past else None


def _month_span(match: re.Match[str], told: Told) -> _Span | None:
    groups, month = match.groupdict(), _month(match)
    first = _safe_date(int(groups["year"]), month, 1) if groups.get("year") else _nearest(month, 1, told)
    if first is None:
        return None
    start_at = day_span(first)[0]
    end_at = day_span((first.replace(day=28) + timedelta(days=4)).replace(day=1))[0]
    return (*_part_of(groups.get("part"), start_at, end_at), Role.AT)


def _part_of(part: str | None, start_at: datetime, end_at: datetime) -> tuple[datetime, datetime]:
    if not part:
        return start_at, end_at
    third, edge = (end_at - start_at) / 3, (end_at - start_at) / 10
    word = part.lower()
    if word in {"the start of", "the beginning of"}:
        return start_at, start_at + edge
    if word == "the end of":
        return end_at - edge, end_at
    if word == "early":
        return start_at, start_at + third
    if word in {"mid", "the middle of"}:
        return start_at + third, end_at - third
    return end_at - third, end_at


def _year_span(match: re.Match[str], _told: Told) -> _Span | None:
    year = int(match["year"])
    start_at, end_at = day_span(date(year, 1, 1))[0], day_span(date(year + 1, 1, 1))[0]
    quarter = match.groupdict().get("quarter")
    if quarter:
        number = int(quarter) if quarter.isdigit() else _QUARTERS.index(quarter.lower()) + 1
        start_at, end_at = _quarter(year, number)
    return (*_part_of(match.groupdict().get("part"), start_at, end_at), Role.AT)


def _length(match: re.Match[str]) -> timedelta:
    groups = match.groupdict()
    word = (groups.get("n") or "one").lower()
    count = int(word) if word.isdigit() else _NUMBERS[word]
    return timedelta(days=count * _UNIT_DAYS[match["unit"].lower().removesuffix("s")])


def _past_span(match: re.Match[str], told: Told) -> _Span | None:
    return told.at - _length(match), told.at, Role.OVER


def _short_span(match: re.Match[str], told: Told) -> _Span | None:
    days = {"y": 365, "m": 30, "w": 7}[match["short"].lower()]
    return told.at - days * _DAY, told.at, Role.OVER


def _extreme_span(match: re.Match[str], told: Told) -> _Span | None:
    length = _length(match)
    return told.at - 1.08 * length, told.at - 0.92 * length, Role.SINCE


def _ahead_span(match: re.Match[str], told: Told) -> _Span | None:
    lead = match.string[max(0, match.start() - 60) : match.start()]
    if _PAYBACK.search(lead[-16:]):
        return None
    if not told.is_future and _MOVED.search(lead):
        return _past_span(match, told)
    at = told.at + _length(match)
    return at, at + timedelta(seconds=1), Role.AHEAD


def _ago_span(match: re.Match[str], told: Told) -> _Span | None:
    unit = match["unit"].lower().removesuffix("s")
    at = told.at - _length(match)
    half = timedelta(days=min(_UNIT_DAYS[unit] / 2, 15))
    return at - half, min(at + half, told.at), Role.AT


def _named_span(match: re.Match[str], told: Told) -> _Span | None:
    words = match[0].lower()
    today = day_span(told.at.date())[0]
    if words in {"today", "currently", "right now"}:
        return today, today + _DAY, Role.AT
    if words == "yesterday":
        return today - _DAY, today, Role.AT
    if words.replace("-", " ") in {"year to date", "ytd", "so far this year", "this year"}:
        return day_span(date(today.year, 1, 1))[0], told.at, Role.OVER
    if words == "this month":
        return today.replace(day=1), told.at, Role.OVER
    if words == "this week":
        return today - timedelta(days=today.weekday()), told.at, Role.OVER
    if words == "last week":
        monday = today - timedelta(days=today.weekday() + 7)
        return monday, monday + 7 * _DAY, Role.AT
    if words == "last month":
        first = (today.replace(day=1) - _DAY).replace(day=1)
        return first, today.replace(day=1), Role.AT
    return day_span(date(today.year - 1, 1, 1))[0], day_span(date(today.year, 1, 1))[0], Role.AT


def _weekday_span(match: re.Match[str], told: Told) -> _Span | None:
    today = day_span(told.at.date())[0]
    lead = match.string[: match.start()]
    ahead = [found.start() for found in _FUTURE.finditer(lead)]
    if ahead and not _HAPPENED.search(lead, ahead[-1]):
        on = (_WEEKDAYS.index(match["weekday"].lower()) - today.weekday()) % 7
        return today + on * _DAY, today + (on + 1) * _DAY, Role.AT
    back = (today.weekday() - _WEEKDAYS.index(match["weekday"].lower())) % 7
    return today - back * _DAY, today - (back - 1) * _DAY, Role.AT


def _halving_span(match: re.Match[str], told: Told) -> _Span | None:
    days = [day_span(date(year, *month_day))[0] for year, month_day in _HALVINGS.items()]
    if match["year"]:
        days = [day for day in days if day.year == int(match["year"])]
    past = [day for day in days if day <= told.at]
    return (past[-1], past[-1] + _DAY, Role.SINCE) if past else None


def _bare_quarter_span(match: re.Match[str], told: Told) -> _Span | None:
    """A quarter without a year: the latest that has begun."""
    word = match["quarter"].lower()
    number = int(word) if word.isdigit() else _QUARTERS.index(word) + 1
    year = told.at.year if 3 * number - 2 <= told.at.month else told.at.year - 1
    return (*_quarter(year, number), Role.AT)


def _quarter(year: int, number: int) -> tuple[datetime, datetime]:
    start_at = day_span(date(year, 3 * number - 2, 1))[0]
    return start_at, day_span(date(year + number // 4, 3 * number % 12 + 1, 1))[0]


def _entry(pattern: str, resolve: _Resolver, *, cased: bool = False) -> tuple[re.Pattern[str], _Resolver]:
    return re.compile(pattern, re.ASCII if cased else re.ASCII | re.IGNORECASE), resolve


_TABLE: tuple[tuple[re.Pattern[str], _Resolver], ...] = (
    _entry(
        r"(?<!\d)(?P<year>20[0-3]\d)-(?P<month>\d{2})-(?P<day>\d{2})(?!\d)"
        r"(?:[T ](?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::\d{2})?(?: ?(?:Z|UTC)\b)?)?",
        _dated,
    ),
    _entry(
        rf"\b{_M} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|\.\d|,\d{{3}}"
        rf"|\s?%)(?:-(?P<last>\d{{1,2}})(?!\d))?(?:,? {_Y})?{_TIME}",
        _dated,
        cased=True,
    ),
    _entry(
        rf"(?<![\d.,])(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_M}(?:,? {_Y})?{_TIME}", _dated, cased=True
    ),
    _entry(rf"\b{_PART}{_M}(?:,? (?:of )?{_Y})?", _month_span, cased=True),
    _entry(rf"\b{_M}(?:,? (?:of )?{_Y})", _month_span, cased=True),
    _entry(rf"\b{_M.replace('|May', '')}(?:'s)?", _month_span, cased=True),
    _entry(
        r"\b(?:(?<=in )|(?<=since )|(?<=from )|(?<=during )|(?<=of )"
        r"|(?<=by ))(?P<month>May)\b(?:,? (?P<year>20[0-3]\d))?",
        _month_span,
        cased=True,
    ),
    _entry(rf"\bQ(?P<quarter>[1-4])[ -]{_Y}", _year_span),
    _entry(rf"\b(?P<quarter>first|second|third|fourth) quarter of {_Y}", _year_span),
    _entry(
        r"\bsince (?:the|its|last) (?:(?P<year>20[0-3]\d)|last|latest|most recent|recent)?"
        r"\s?(?:bitcoin(?:'s)? )?halving\b",
        _halving_span,
    ),
    _entry(r"(?<!fiscal )\bQ(?P<quarter>[1-4])\b(?! ?(?:FY|20|results?))", _bare_quarter_span),
    _entry(
        r"\b(?:in|during|over|for) the (?P<quarter>first|second|third|fourth) quarter\b(?! of)",
        _bare_quarter_span,
    ),
    _entry(rf"\b{_PART}{_Y}", _year_span),
    _entry(rf"(?<![\d.,$/-]){_Y}(?![\d.,]\d|[-/]\d| (?:blocks|EH|PH|MW|BTC|USD|J/TH|TH)\b|%)", _year_span),
    _entry(
        rf"\b(?:over|in|during|for|within)?\s?the (?:past|last|previous|trailing"
        rf"|prior) (?:{_N}[\s-])?{_UNIT}",
        _past_span,
    ),
    _entry(r"\b(?:over|during|for) the (?P<unit>month|week|year|quarter)\b", _past_span),
    _entry(
        rf"\b(?:lowest|highest|smallest|largest|biggest|weakest|steepest|sharpest"
        rf"|first time)(?: [\w-]+){{0,5}}? (?:in|for) (?:about |nearly |almost |more than "
        rf"|over )?{_N} {_UNIT}",
        _extreme_span,
    ),
    _entry(rf"\b{_N}-{_UNIT}[\s-](?:low|high)s?\b", _extreme_span),
    _entry(r"\b(?P<unit>day|week|month|quarter|year)[\s-](?:over|on)[\s-](?P=unit)\b", _past_span),
    _entry(r"\b(?P<short>[YMW])(?:/|o)(?P=short)\b", _short_span),
    _entry(
        rf"\b(?:in|within) (?:~|about |around |roughly |approximately |just |just over "
        rf"|less than )?{_N} {_UNIT}(?! of\b)",
        _ahead_span,
    ),
    _entry(rf"\b{_N} {_UNIT} from now", _ahead_span),
    _entry(rf"\b{_N} {_UNIT} (?:ago|earlier)", _ago_span),
    _entry(
        r"\b(?:today|currently|right now|yesterday|this (?:week|month|year)|so far this year"
        r"|year[ -]to[ -]date|YTD|last (?:week|month|year))\b",
        _named_span,
    ),
    _entry(
        r"\b(?:[Oo]n |since )(?P<weekday>Monday|Tuesday|Wednesday|Thursday|Friday|Saturday"
        r"|Sunday)\b(?!,? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|\d))",
        _weekday_span,
        cased=True,
    ),
)
"""(pattern, resolver): one line for each way to write a date; the first three carry day, month and year."""
