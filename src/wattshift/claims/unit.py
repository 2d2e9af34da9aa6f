"""The units of the trade as texts spell them: a table from spelling to unit and factor."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

__all__ = ["SPELLINGS", "Spelling", "Unit", "spelling_at"]


class Unit(Enum):
    """What a number counts; the value is (suffix of field names, how a report writes it)."""

    HASHRATE = ("ehs", "EH/s")
    HASHPRICE = ("usd_per_ph_day", "USD/PH/day")
    USD_PER_MWH = ("usd_per_mwh", "USD/MWh")
    USD_PER_MW = ("usd_per_mw", "USD/MW")
    USD_PER_MW_YEAR = ("usd_per_mw_year", "USD/MW-year")
    USD_PER_TH = ("usd_per_th", "USD/TH")
    USD_PER_GPU_H = ("usd_per_gpu_h", "USD/GPU-h")
    USD = ("usd", "USD")
    BTC = ("btc", "BTC")
    EFFICIENCY = ("j_per_th", "J/TH")
    POWER = ("mw", "MW")
    ENERGY = ("mwh", "MWh")
    PERCENT = ("frac", "%")
    TIME = ("s", "s")
    HEIGHT = ("height", "height")
    BLOCKS = ("blocks", "blocks")
    CONFIRMATIONS = ("confirmations", "confirmations")
    TIMES = ("count", "times")
    ORDINAL = ("count", "in a row")
    FOLD = ("ratio", "times as much")
    TOO_LONG = ("digits", "")
    PLAIN = ("difficulty", "")

    @property
    def suffix(self) -> str:
        """The last words of a field that holds it."""
        return self.value[0]

    @property
    def label(self) -> str:
        """How a report writes it."""
        return self.value[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """One way to write a unit behind a number.

    Args:
        unit: the unit.
        pattern: matches at the end of the number, the space before it included.
        factor: value in the unit = number x factor.
        money: whether a currency must stand before the number.
    """

    unit: Unit
    pattern: re.Pattern[str]
    factor: Decimal
    money: bool


_PER = r"(?:\s?/\s?|[\s-](?:per|a|an|each|for each|for every)[\s-])"
_SECOND = r"(?:\s?/\s?s(?:ec(?:ond)?)?\b|\s(?:per|a|each)\ssecond\b)"
_DAY = r"(?:" + _PER + r"d(?:ay)?\b|\sdaily\b)"
_CURRENCY_WORD = r"(?:\s?(?:USD|US dollars?|dollars?))?"


def _spelling(
    unit: Unit, pattern: str, factor: str | int = 1, *, money: bool = False, cased: bool = False
) -> Spelling:
    flags = re.ASCII if cased else re.ASCII | re.IGNORECASE
    return Spelling(unit=unit, pattern=re.compile(pattern, flags), factor=Decimal(str(factor)), money=money)


_PREFIXES = (
    ("Z", "zetta", "1000"),
    ("E", "exa", "1"),
    ("P", "peta", "0.001"),
    ("T", "tera", "0.000001"),
    ("G", "giga", "0.000000001"),
)


def _hashrates() -> list[Spelling]:
    found = []
    for letter, prefix, factor in _PREFIXES:
        words = rf"{prefix}[\s-]?hash(?:es)?"
        found.append(_spelling(Unit.HASHRATE, rf"[\s-]?(?:{letter}H|{words}){_SECOND}", factor))
        found.append(_spelling(Unit.HASHRATE, rf"[\s-]?(?:{letter}H(?:ps)?)\b(?!/)", factor, cased=True))
        found.append(_spelling(Unit.HASHRATE, rf"[\s-]?{words}\b", factor))
    return found


SPELLINGS: tuple[Spelling, ...] = (
    *_hashrates(),
    _spelling(
        Unit.HASHPRICE, rf"{_CURRENCY_WORD}{_PER}(?:PH|peta-?hash)(?:{_SECOND})?(?:{_DAY})?", money=True
    ),
    _spelling(
        Unit.HASHPRICE, rf"{_CURRENCY_WORD}{_PER}(?:TH|tera-?hash)(?:{_SECOND})?{_DAY}", 1000, money=True
    ),
    _spelling(
        Unit.HASHPRICE, rf"{_CURRENCY_WORD}{_PER}(?:EH|exa-?hash)(?:{_SECOND})?{_DAY}", "0.001", money=True
    ),
    _spelling(Unit.HASHPRICE, rf"\s?(?:\u00a2|c|cents?){_PER}(?:TH|tera-?hash)(?:{_SECOND})?(?:{_DAY})?", 10),
    _spelling(
        Unit.USD_PER_TH,
        rf"{_CURRENCY_WORD}{_PER}(?:TH|tera-?hash(?:es)?)(?:{_SECOND})?(?!{_DAY})",
        money=True,
    ),
    _spelling(Unit.USD_PER_MWH, rf"{_CURRENCY_WORD}{_PER}(?:MWh|megawatt[\s-]?hours?)\b", money=True),
    _spelling(Unit.USD_PER_MWH, rf"{_CURRENCY_WORD}{_PER}(?:kWh|kilowatt[\s-]?hours?)\b", 1000, money=True),
    _spelling(Unit.USD_PER_MWH, rf"\s?(?:\u00a2|c|cents?){_PER}(?:kWh|kilowatt[\s-]?hours?)\b", 10),
    _spelling(Unit.USD_PER_MW, rf"{_CURRENCY_WORD}{_PER}(?:MW|megawatt)\b(?![\s-]?(?:h\b|hour))", money=True),
    _spelling(
        Unit.USD_PER_MW_YEAR,
        rf"{_CURRENCY_WORD}{_PER}(?:MW|megawatt)(?:{_PER}|[\s-])(?:year|yr)\b",
        money=True,
    ),
    _spelling(
        Unit.USD_PER_GPU_H,
        rf"{_CURRENCY_WORD}{_PER}(?:GPU|H100|H200|B200|A100)?[\s-]?h(?:ou)?r\b",
        money=True,
    ),
    _spelling(Unit.USD, r"\s?(?:USD|US dollars|dollars)\b"),
    _spelling(Unit.BTC, r"\s?(?:BTC|bitcoins)\b(?!/)"),
    _spelling(
        Unit.EFFICIENCY, r"\s?(?:J/TH|W/TH|joules?(?: per |/)tera-?hash|watts?(?: per |/)tera-?hash)(?:/s)?\b"
    ),
    _spelling(Unit.POWER, r"[\s-]?(?:MW|megawatts?)\b(?![\s-]?h)"),
    _spelling(Unit.POWER, r"[\s-]?(?:GW|gigawatts?)\b(?![\s-]?h)", 1000),
    _spelling(Unit.POWER, r"[\s-]?(?:kW|kilowatts?)\b(?![\s-]?h)", "0.001"),
    _spelling(Unit.ENERGY, r"[\s-]?(?:TWh|terawatt[\s-]hours?)\b", 1_000_000),
    _spelling(Unit.ENERGY, r"[\s-]?(?:GWh|gigawatt[\s-]hours?)\b", 1000),
    _spelling(Unit.ENERGY, r"[\s-]?(?:MWh|megawatt[\s-]hours?)\b"),
    _spelling(Unit.PERCENT, r"\s?(?:%|percent(?:age points?)?\b|per cent\b|pct\b|pp\b)", "0.01"),
    _spelling(Unit.TIME, r"[\s-]?(?:seconds?|secs?|s)\b"),
    _spelling(Unit.TIME, r"[\s-]?(?:minutes?|mins?|m)\b", 60, cased=True),
    _spelling(Unit.TIME, r"[\s-]?(?:hours?|hrs?|h)\b", 3_600, cased=True),
    _spelling(Unit.TIME, r"[\s-]?days?\b", 86_400),
    _spelling(Unit.TIME, r"[\s-]?weeks?\b", 604_800),
    _spelling(Unit.TIME, r"[\s-]?months?\b", 2_629_800),
    _spelling(Unit.TIME, r"[\s-]?years?\b", 31_557_600),
    _spelling(Unit.ORDINAL, r"\s(?:consecutive|straight|successive)\b"),
    _spelling(Unit.ORDINAL, r"\s(?:\w+\s){1,3}in a row\b"),
    _spelling(Unit.CONFIRMATIONS, r"[\s-]?(?:block )?(?:confirmations?|confs?)\b"),
    _spelling(Unit.BLOCKS, r"[\s-]?blocks?\b"),
    _spelling(Unit.FOLD, r"\s?x\b|-fold\b|\stimes (?=as\b|more\b|less\b|higher\b|lower\b|what\b|the\b)"),
    _spelling(
        Unit.TIMES,
        r"\s(?:drop|decline|decrease|cut|increase|rise|reduction|(?:negative|positive|downward"
        r"|upward) (?:re)?adjustment)s?"
        r"\s(?:in|of|out of|over) (?=(?:the |its )?(?:last|past|previous|most recent)\b)",
    ),
    _spelling(
        Unit.TIMES, r"\stimes\b|\s(?:of|out of) (?=(?:the |its )?(?:last|past|previous|most recent)\b)"
    ),
)


def spelling_at(text: str, at: int, *, has_currency: bool) -> tuple[Spelling, int] | None:
    """The longest spelling of a unit at a place, and where it ends."""
    best: tuple[Spelling, int] | None = None
    for spelling in SPELLINGS:
        if spelling.money and not has_currency and not _names_currency(text, at):
            continue
        found = spelling.pattern.match(text, at)
        if found and found.end() > at and (best is None or found.end() > best[1]):
            best = spelling, found.end()
    return best


def _names_currency(text: str, at: int) -> bool:
    return re.match(r"\s?(?:USD|US dollars|dollars)", text[at : at + 12], re.IGNORECASE) is not None
