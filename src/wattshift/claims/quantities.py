"""Finds the quantities of a sentence: digits in several styles, ranges, scales, hedges, number words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from wattshift.claims.quantity import Hedge, Quantity
from wattshift.claims.unit import Unit, spelling_at

__all__ = ["MAX_DIGITS", "quantities_of"]

MAX_DIGITS = 18
"""A longer run of digits is listed, not read."""

_THIN = "\u2009"
_NUMBER = re.compile(
    r"(?<![\w.,])(?<!\d')(?P<sign>[-+](?=[\d$]))?(?P<currency>US\$|\$|USD\s?|\u20ac"
    r"|\u00a3)?(?P<late_sign>[-+](?=\d))?"
    r"(?P<digits>\d{1,3}(?:\.\d{3}){1,5},\d{1,6}(?!\d)"
    r"|\d{1,3}(?:,\d{3}){1,6}(?!\d)(?:\.\d{1,9})?"
    rf"|[1-9]\d{{0,2}}(?:(?:'\d{{3}}){{1,6}}|(?:{_THIN}\d{{3}}){{1,6}}"
    rf"|(?: \d{{3}}){{1,6}})(?!\d)(?:[.,]\d{{1,9}})?"
    r"|\d++(?:[.,]\d{1,12}(?!\d))?)"
)
_WORDS = {
    word: number
    for number, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
}
_ORDINALS = {
    word: number
    for number, word in enumerate(
        ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"), 1
    )
}
_WORD_NUMBER = re.compile(
    rf"\b(?P<word>{'|'.join([*_WORDS, *_ORDINALS, 'twice', 'once'])})\b|\b(?P<ordinal>\d{{1,2}})(?:st|nd"
    rf"|rd|th)\b",
    re.IGNORECASE,
)
_SCALE = re.compile(
    r"[\s-]?(?P<scale>quadrillion|trillion|billion|million|thousand|tn|bn|mn|[kKMBT](?![\w/]))(?![a-z])",
    re.IGNORECASE,
)
_SCALES = {
    "quadrillion": 15,
    "trillion": 12,
    "tn": 12,
    "t": 12,
    "billion": 9,
    "bn": 9,
    "b": 9,
    "million": 6,
    "mn": 6,
    "m": 6,
    "thousand": 3,
    "k": 3,
}
_ABOUT = re.compile(
    r"(?:\b(?:about|around|roughly|approximately|approx\.?|nearly|almost|some|circa|close to|near"
    r"|an estimated|just over|just under"
    r"|just above|just below|slightly (?:over|under|above|below))|~)\s?(?:the )?(?:a )?$",
    re.IGNORECASE,
)
_ABOVE = re.compile(
    r"\b(?:above|over|more than|greater than|at least|exceed(?:s|ed|ing)?|surpass(?:es|ed|ing)?|topp(?:ed"
    r"|ing)|tops|north of|higher than"
    r"|crossed|past|breached|upwards of)\s(?:the |a |an )?$",
    re.IGNORECASE,
)
_BELOW = re.compile(
    r"\b(?:below|under|beneath|less than|lower than|fewer than|at most|south of|no more than"
    r"|sub-?)\s?(?:the |a |an )?$",
    re.IGNORECASE,
)
_JOIN = re.compile(r"\s?-\s?$|\sto\s(?:about |around |roughly |~)?$|\sand\s(?:about |around )?$")
_MONEY_BEFORE = re.compile(
    r"(?:\$|USD\s?)[\d.,]{1,12}\s?(?:million|billion|[MB])?(?:\s?-\s?|\s(?:to|and)\s)$"
)
_FROM = re.compile(
    r"\b(?:from|by)\s(?:\w+\s){0,3}?(?:~|about |around |roughly )?[-+]?(?:US\$|\$|USD\s?)?$", re.IGNORECASE
)
_BETWEEN = re.compile(
    r"\bbetween\s(?:\w+\s){0,2}?(?:~|about |around )?[-+]?(?:US\$|\$|USD\s?)?$", re.IGNORECASE
)
_MONTH_BEFORE = re.compile(
    r"\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?\s$", re.IGNORECASE
)
_HEIGHT_BEFORE = re.compile(r"\b(?:block height|block|height)(?: of| number)? #?$", re.IGNORECASE)
_COMPOUND_GAP = re.compile(r",?\s?(?:and\s)?")
_PERIOD_BEFORE = re.compile(r"\b(?:over|past)\s(?:the )?$", re.IGNORECASE)
_REACH = 40


def quantities_of(text: str, masked: Sequence[tuple[int, int]] = ()) -> list[Quantity]:
    """All quantities of a normalised sentence, in order.

    Args:
        text: the sentence.
        masked: spans that are dates or windows: their digits are no quantities.
    """
    text = _without(text, masked)
    found = [_of_digits(text, match) for match in _NUMBER.finditer(text)]
    found += [quantity for match in _WORD_NUMBER.finditer(text) if (quantity := _of_word(text, match))]
    found.sort(key=lambda quantity: (quantity.start, -quantity.end))
    apart: list[Quantity] = []
    for quantity in found:
        if not apart or quantity.start >= apart[-1].end:
            apart.append(quantity)
    return _compounds(text, _joined(text, apart))


def _without(text: str, masked: Sequence[tuple[int, int]]) -> str:
    for start, end in masked:
        text = text[:start] + "\x00" * (end - start) + text[end:]
    return text


def _of_digits(text: str, match: re.Match[str]) -> Quantity:
    digits, start, end = match["digits"], match.start(), match.end()
    if " " in digits and _MONTH_BEFORE.search(text[max(0, start - 12) : start]):
        digits = digits.split(" ", 1)[0]
        end = match.start("digits") + len(digits)
    sign = match["sign"] or match["late_sign"] or ""
    if sign and start and not text[start - 1].isspace() and text[start - 1] not in "(~\x00":
        start, sign = start + (match["sign"] is not None), ""
    if sum(char.isdigit() for char in digits) > MAX_DIGITS:
        return _quantity(text, Decimal(0), Decimal(1), start, end, sign="", has_currency=False, is_read=False)
    number, step = _value_of(digits)
    has_currency = (
        match["currency"] is not None
        or _MONEY_BEFORE.search(text[max(0, start - _REACH) : start]) is not None
    )
    return _quantity(text, number, step, start, end, sign=sign, has_currency=has_currency)


def _value_of(digits: str) -> tuple[Decimal, Decimal]:
    """The number and the value of its last digit, whichever style its separators follow."""
    digits = re.sub(rf"[' {_THIN}]", "", digits)
    if re.fullmatch(r"\d{1,3}(?:\.\d{3}){1,5},\d+", digits):
        digits = digits.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"\d+,\d+", digits) and (digits[0] == "0" or len(digits.split(",")[1]) != 3):
        digits = digits.replace(",", ".")
    else:
        digits = digits.replace(",", "")
    number = Decimal(digits)
    exponent = number.as_tuple().exponent
    return number, Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)


def _of_word(text: str, match: re.Match[str]) -> Quantity | None:
    word = (match["word"] or "").lower()
    if word in {"once", "twice"}:
        number, is_ordinal = Decimal(1 if word == "once" else 2), False
    else:
        is_ordinal = word not in _WORDS
        number = Decimal(_WORDS.get(word) or _ORDINALS.get(word) or int(match["ordinal"]))
    made = _quantity(text, number, Decimal(1), match.start(), match.end(), sign="", has_currency=False)
    if word in {"once", "twice"}:
        in_a_row = re.match(r" in a row\b", text[match.end() :][:12], re.IGNORECASE)
        return replace(made, unit=Unit.ORDINAL if in_a_row else Unit.TIMES)
    wanted = made.unit in {Unit.ORDINAL, Unit.TIMES} if is_ordinal else made.unit is not Unit.PLAIN
    return made if wanted else None


def _quantity(
    text: str,
    number: Decimal,
    step: Decimal,
    start: int,
    end: int,
    *,
    sign: str,
    has_currency: bool,
    is_read: bool = True,
) -> Quantity:
    number_end, before = end, text[max(0, start - _REACH) : start]
    unit, factor = (Unit.PLAIN if is_read else Unit.TOO_LONG), Decimal(1)
    if is_read:
        scale = _SCALE.match(text, end)
        if scale and not (scale["scale"] in {"m", "t", "b"} and not has_currency):
            power = _SCALES[scale["scale"].lower()]
            factor, end = Decimal(1).scaleb(power), scale.end()
        if _HEIGHT_BEFORE.search(before) and not has_currency and number >= 10_000:
            unit = Unit.HEIGHT
        elif spelled := spelling_at(text, end, has_currency=has_currency):
            unit, factor = spelled[0].unit, factor * spelled[0].factor
            end += len(text[end : spelled[1]].rstrip())
        elif has_currency:
            unit = Unit.USD
    return Quantity(
        low=number * factor,
        high=number * factor,
        step=step * factor,
        factor=factor,
        unit=unit,
        hedge=_hedge(before, unit),
        sign={"-": -1, "+": 1}.get(sign, 0),
        has_currency=has_currency,
        start=start,
        end=end,
        number_end=number_end,
    )


def _hedge(before: str, unit: Unit) -> Hedge:
    if unit is Unit.TIME and _PERIOD_BEFORE.search(before):
        return Hedge.EXACT
    for hedge, pattern in ((Hedge.ABOUT, _ABOUT), (Hedge.ABOVE, _ABOVE), (Hedge.BELOW, _BELOW)):
        if pattern.search(before):
            return hedge
    return Hedge.EXACT


def _joined(text: str, found: list[Quantity]) -> list[Quantity]:
    """Make one range of "57-129" and "between 57 and 129"; share units across "from 37 to 40"."""
    joined: list[Quantity] = []
    for quantity in found:
        before = joined[-1] if joined else None
        if before is None or not _JOIN.fullmatch(text[before.end : quantity.start]):
            joined.append(quantity)
            continue
        before = _with_unit_of(before, quantity)
        link = text[before.end : quantity.start].strip()
        lead = text[max(0, before.start - _REACH) : before.start]
        is_change = link.startswith("to") and _FROM.search(lead)
        is_pair = link.startswith("and") and not _BETWEEN.search(lead)
        if is_change or is_pair or before.unit is not quantity.unit or before.is_range:
            joined[-1] = before
            joined.append(quantity)
        elif before.low < quantity.low:
            joined[-1] = replace(
                quantity,
                low=before.low,
                high=quantity.high,
                start=before.start,
                hedge=before.hedge,
                sign=before.sign,
            )
        else:
            joined[-1] = before
            joined.append(quantity)
    return joined


def _with_unit_of(before: Quantity, quantity: Quantity) -> Quantity:
    """The first of two linked numbers takes the second's unit and scale if it has none of its own."""
    borrows = before.unit is Unit.PLAIN or (
        before.unit is Unit.USD and quantity.unit not in {Unit.USD, Unit.PLAIN} and quantity.has_currency
    )
    if not borrows or quantity.unit is Unit.PLAIN or before.end != before.number_end:
        return before
    factor = quantity.factor
    return replace(
        before,
        low=before.low * factor,
        high=before.high * factor,
        step=before.step * factor,
        factor=factor,
        unit=quantity.unit,
    )


def _compounds(text: str, found: list[Quantity]) -> list[Quantity]:
    """Make one duration of "10 minutes 21 seconds"."""
    merged: list[Quantity] = []
    for quantity in found:
        before = merged[-1] if merged else None
        if (
            before is not None
            and before.unit is quantity.unit is Unit.TIME
            and quantity.step < before.step
            and quantity.low < before.step
            and _COMPOUND_GAP.fullmatch(text[before.end : quantity.start])
        ):
            total = before.low + quantity.low
            merged[-1] = replace(before, low=total, high=total, step=quantity.step, end=quantity.end)
        else:
            merged.append(quantity)
    return merged
