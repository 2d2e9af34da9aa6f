"""From a text to its claims: sentences, dates, quantities, then the grammar's table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from wattshift.claims.claim import Claim, Kind, Subject, Told
from wattshift.claims.dates import dates_of
from wattshift.claims.direction import direction_at
from wattshift.claims.grammar import CONTEXT, NUMBERS, STATEMENTS, Entry
from wattshift.claims.quantities import quantities_of
from wattshift.claims.quantity import Quantity
from wattshift.claims.sentences import Sentence, clause_around, sentences_of
from wattshift.claims.subjects import Mention, governing, is_of_other_coin, is_owned, mentions_of
from wattshift.claims.text import SourceText
from wattshift.claims.unit import Unit
from wattshift.claims.when import Role, When

__all__ = ["MAX_CLAIMS", "MAX_NUMBERS", "Reading", "Unmatched", "read_claims"]

MAX_NUMBERS = 5_000
"""Numbers read in one text; a longer one is cut and says so."""

MAX_CLAIMS = 300
"""Claims judged in one text."""

_WINDOW = re.compile(
    r"\b(?P<days>\d{1,3})[\s-]day(?: simple| moving| rolling| trailing| exponential){0,2} (?:averages?"
    r"|means?|SMA|EMA|MA)\b"
    r"|\b(?P<week>seven-day|weekly|one-week)(?: moving| rolling| trailing)? (?:average|mean)\b"
    r"|\b(?:(?:moving|rolling) )?(?:average|SMA|MA) (?:of|over) (?P<over>\d{1,3}) days\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\b51\s?% attacks?\b|\b24/7\b|\b4CP\b|\b401\(?k\)?|\bSHA-?256\b|\bHut 8\b|\bF2Pool\b|\bH[12]00s?\b",
    re.IGNORECASE,
)
_FUTURE = re.compile(
    r"\b(?:expect|project|forecast|estimat|anticipat|predict)\w*|\b(?:will|would|due|upcoming|next|likely"
    r"|could|poised|set to|on track)\b",
    re.IGNORECASE,
)
_QUOTE = 320
_NEAR_BEFORE, _NEAR_AFTER = 48, 32
_LEAD = 30
_RIGHT_BEHIND = 12
_BREAK = re.compile(r"[;()|]|\b(?:from|and|but|than|versus|vs|against|compared)\b", re.IGNORECASE)
_NOW = re.compile(r"\b(?:is|are|now|currently|today|at present|stands|sits|remains)\b", re.IGNORECASE)
_COMPARED = re.compile(r"\b(?:from|than|versus|vs|compared|against)\b", re.IGNORECASE)

_PER_UNIT: dict[Unit, frozenset[Subject]] = {
    Unit.HASHRATE: frozenset({Subject.HASHRATE, Subject.MACHINE}),
    Unit.HASHPRICE: frozenset({Subject.HASHPRICE, Subject.MINING}),
    Unit.BTC: frozenset({Subject.SUBSIDY, Subject.OTHER, Subject.MINING}),
    Unit.USD: frozenset(set(Subject) - {Subject.DIFFICULTY, Subject.HASHRATE, Subject.BLOCK_TIME}),
    Unit.USD_PER_MWH: frozenset(
        {Subject.MINING, Subject.MACHINE, Subject.AI, Subject.HASHPRICE, Subject.POWER}
    ),
    Unit.USD_PER_MW: frozenset(
        {Subject.MINING, Subject.MACHINE, Subject.AI, Subject.HASHPRICE, Subject.POWER}
    ),
    Unit.POWER: frozenset({Subject.POWER, Subject.HASHRATE, Subject.MINING, Subject.AI, Subject.ATTACK}),
    Unit.ENERGY: frozenset({Subject.POWER, Subject.HASHRATE, Subject.MINING, Subject.AI}),
    Unit.TIMES: frozenset({Subject.DIFFICULTY, Subject.HASHRATE, Subject.HASHPRICE, Subject.MINING}),
    Unit.ORDINAL: frozenset({Subject.DIFFICULTY, Subject.HASHRATE, Subject.HASHPRICE}),
}
"""Subjects that a unit can count; the others do not draw its numbers to them."""

_RETYPED = frozenset({Kind.HASHPRICE_LEVEL, Kind.HASHPRICE_MEAN})
"""Kinds whose numbers often go without the rest of their unit: "hashprice of 40 dollars"."""

_PH_PER_TH = 1000

_OF_BITCOIN = frozenset({entry.kind for entry in STATEMENTS} - {Kind.ASIC_AI, Kind.CREDIT_SUPPORT})
"""Statements without a number about the network, so that no other coin may be meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """A number that no entry of the grammar takes.

    Args:
        start: its first character in the normalised text.
        end: behind the last.
        words: the number as printed.
        context: its sentence as printed.
        reason: what it is taken for.
    """

    start: int
    end: int
    words: str
    context: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that was read of a text.

    Args:
        claims: in the order of the text.
        unmatched: numbers that belong to no claim, in that order.
        is_cut: whether a limit on numbers or claims was reached.
    """

    claims: tuple[Claim, ...]
    unmatched: tuple[Unmatched, ...]
    is_cut: bool


@dataclass(slots=True)
class _Page:
    """One sentence being read."""

    source: SourceText
    sentence: Sentence
    told: Told
    whens: list[When]
    windows: list[re.Match[str]]
    quantities: list[Quantity]
    mentions: list[Mention]
    before: Subject | None
    previous: str
    around: str
    used: set[int] = field(default_factory=set)
    known: dict[int, tuple[Subject, str]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.sentence.text

    def governed(self, place: int) -> tuple[Subject, str]:
        """The subject of a quantity and the words of its clause, worked out once."""
        if place not in self.known:
            quantity = self.quantities[place]
            clause = clause_around(self.text, quantity.start, quantity.end)
            self.known[place] = _subject(self, quantity, clause), self.text[slice(*clause)]
        return self.known[place]


def read_claims(source: SourceText, told: Told) -> Reading:
    """Read a text.

    Args:
        source: the text.
        told: when it was written; relative dates count from its end.
    """
    claims: list[Claim] = []
    unmatched: list[Unmatched] = []
    before: Subject | None = None
    previous = ""
    numbers, is_cut = 0, False
    for sentence in sentences_of(source.plain):
        if numbers >= MAX_NUMBERS or len(claims) >= MAX_CLAIMS:
            is_cut = True
            break
        page = _page(source, sentence, told, before, previous)
        numbers += len(page.quantities)
        claims += _claims_of(page)
        unmatched += _unmatched_of(page)
        previous = sentence.text
        before = page.mentions[0].subject if page.mentions else None
    return Reading(claims=tuple(claims), unmatched=tuple(unmatched), is_cut=is_cut)


def _page(source: SourceText, sentence: Sentence, told: Told, before: Subject | None, previous: str) -> _Page:
    windows = list(_WINDOW.finditer(sentence.text))
    names = [*windows, *_NAME.finditer(sentence.text)]
    taken = [name.span() for name in names]
    whens = [
        when
        for when in dates_of(sentence.text, told.end_at)
        if not any(when.start < end and start < when.end for start, end in taken)
    ]
    return _Page(
        source=source,
        sentence=sentence,
        told=told,
        whens=whens,
        windows=windows,
        quantities=quantities_of(sentence.text, taken + [(when.start, when.end) for when in whens]),
        mentions=list(mentions_of(sentence.text)),
        before=before,
        previous=previous,
        around=f"{previous} {sentence.text}",
    )


def _claims_of(page: _Page) -> list[Claim]:
    claims = [claim for entry in NUMBERS for claim in _number_claims(page, entry)]
    kinds = {claim.kind for claim in claims}
    for entry in STATEMENTS:
        if entry.kind not in kinds and (claim := _statement_claim(page, entry)):
            kinds.add(entry.kind)
            claims.append(claim)
    return sorted(claims, key=lambda claim: (claim.start, claim.end))


def _number_claims(page: _Page, entry: Entry) -> Iterator[Claim]:
    """The claims of one entry; a quantity belongs to the first entry of the table that takes it."""
    units = {each.unit for each in page.quantities}
    if not entry.units & units or (entry.beside and not entry.beside & units):
        return
    if not entry.fits(sentence=page.text, around=page.around):
        return
    for place, quantity in enumerate(page.quantities):
        if place in page.used or quantity.unit not in entry.units or _is_one_of_a_row(page, quantity):
            continue
        subject, clause = page.governed(place)
        if subject in entry.subjects and entry.takes(clause=clause, near=_near(page, place)):
            context = CONTEXT.get(entry.kind, frozenset())
            page.used |= {place} | {at for at, each in enumerate(page.quantities) if each.unit in context}
            yield _claim(page, entry, subject, quantity, (quantity.start, quantity.end))


def _is_one_of_a_row(page: _Page, quantity: Quantity) -> bool:
    """Whether it shares a row of a table with another of its unit: what their columns say is not known."""
    return "|" in page.text and sum(each.unit is quantity.unit for each in page.quantities) > 1


def _subject(page: _Page, quantity: Quantity, clause: tuple[int, int]) -> Subject:
    if is_of_other_coin(page.text, quantity.start, page.previous):
        return Subject.OTHER_COIN
    if quantity.unit is Unit.HASHRATE and is_owned(page.text[slice(*clause)], quantity.start - clause[0]):
        return Subject.OWNED
    fitting = _PER_UNIT.get(quantity.unit)
    mentions = [each for each in page.mentions if fitting is None or each.subject in fitting]
    before = page.before if fitting is None or page.before in fitting else None
    return governing(page.text, quantity.start, quantity.end, mentions, before=before) or Subject.OTHER


def _statement_claim(page: _Page, entry: Entry) -> Claim | None:
    found = re.search(entry.clause, page.text, re.IGNORECASE)
    if found is None:
        return None
    start, end = found.span()
    if entry.kind in _OF_BITCOIN and is_of_other_coin(page.text, start, page.previous):
        return None
    mentions = [each for each in page.mentions if each.subject in entry.subjects]
    inside = next((each.subject for each in mentions if start <= each.start < end), None)
    subject = inside or governing(page.text, start, end, mentions, before=page.before) or Subject.OTHER
    if subject not in entry.subjects:
        return None
    if entry.kind in _OF_BITCOIN and _governed_by_other(page, start, end, entry):
        return None
    clause = clause_around(page.text, start, end)
    whens = _whens_for(page, start, end, clause)
    if entry.needs_when and not whens:
        return None
    if not entry.fits(sentence=page.text, around=page.around):
        return None
    if not entry.takes(clause=page.text[slice(*clause)], near=""):
        return None
    return _claim(page, entry, subject, None, (start, end))


def _governed_by_other(page: _Page, start: int, end: int, entry: Entry) -> bool:
    """Whether the nearest mention before the words in their clause is about something else."""
    first, _ = clause_around(page.text, start, end)
    earlier = [each for each in page.mentions if first <= each.start and each.end <= start]
    heads = [each for each in earlier if each.subject not in {Subject.MINING, Subject.MACHINE}]
    return bool(heads) and heads[-1].subject not in entry.subjects and entry.kind is not Kind.CAUSE


def _near(page: _Page, place: int) -> str:
    """The words next to a quantity, up to its neighbours."""
    quantity = page.quantities[place]
    start, end = max(0, quantity.start - _NEAR_BEFORE), quantity.end + _NEAR_AFTER
    if place:
        start = max(start, page.quantities[place - 1].end)
    if place + 1 < len(page.quantities):
        end = min(end, page.quantities[place + 1].start)
    stop = _BREAK.search(page.text, quantity.end, end)
    return page.text[start : stop.start() if stop else end]


def _whens_for(page: _Page, start: int, end: int, clause: tuple[int, int]) -> tuple[When, ...]:
    """The dates of a clause that belong to a stretch of it, the nearest first.

    A clause without a date takes the one that opens its sentence.
    """
    others = [each for each in page.quantities if each.start != start]
    unit = next((each.unit for each in page.quantities if each.start == start), None)
    rivals = [each for each in others if each.unit is unit]
    span = start, end
    inside = [
        when
        for when in page.whens
        if clause[0] <= when.start < clause[1] and not _belongs_to_another(page.text, when, span, others)
    ]
    if not inside and not _NOW.search(page.text, clause[0], end):
        # "Fell 2 % on November 12 to 152 T": a date behind a number of another kind is that of both.
        leading = [when for when in page.whens if when.end <= start and when.start <= _LEAD]
        inside = [when for when in leading if not _belongs_to_another(page.text, when, span, rivals)][:1]
    return tuple(sorted(inside, key=lambda when: min(abs(when.start - end), abs(start - when.end))))


def _belongs_to_another(text: str, when: When, span: tuple[int, int], others: list[Quantity]) -> bool:
    """Whether a date stands right behind another quantity, or before one that this one is compared with."""
    if when.role is not Role.AT:
        return False
    if any(0 <= when.start - other.end <= _RIGHT_BEHIND for other in others if other.end != span[1]):
        return True
    is_compared = _COMPARED.search(text[span[1] : when.start]) is not None
    return is_compared and any(other.start >= when.end for other in others)


def _claim(
    page: _Page, entry: Entry, subject: Subject, quantity: Quantity | None, span: tuple[int, int]
) -> Claim:
    first, last = clause_around(page.text, *span)
    at = page.sentence.start
    return Claim(
        kind=entry.kind,
        subject=subject,
        start=at + span[0],
        end=at + span[1],
        quote=page.source.quote(at + first, at + last)[:_QUOTE],
        sentence=page.text,
        clause=page.text[first:last],
        stated=_retyped(entry.kind, quantity) if quantity else None,
        others=tuple(each for each in page.quantities if each is not quantity),
        whens=_whens_for(page, *span, (first, last)),
        window_days=_window_days(page, first, last),
        direction=direction_at(page.text, span, (first, last), quantity),
        is_future=_FUTURE.search(page.text[first:last]) is not None,
        told=page.told,
    )


def _retyped(kind: Kind, quantity: Quantity) -> Quantity:
    if kind not in _RETYPED or quantity.unit is Unit.HASHPRICE:
        return quantity
    scale = _PH_PER_TH if quantity.unit is Unit.USD_PER_TH else 1
    return replace(
        quantity,
        unit=Unit.HASHPRICE,
        low=quantity.low * scale,
        high=quantity.high * scale,
        step=quantity.step * scale,
        factor=quantity.factor * scale,
    )


def _window_days(page: _Page, first: int, last: int) -> int | None:
    for window in page.windows:
        if first <= window.start() < last or (len(page.windows) == 1 and window.start() < first):
            return 7 if window["week"] else int(window["days"] or window["over"])
    return None


def _unmatched_of(page: _Page) -> Iterator[Unmatched]:
    at = page.sentence.start
    context = page.source.quote(at, page.sentence.end)[:_QUOTE]
    found = [
        (each.start, each.end, "a number that no rule here understands")
        for place, each in enumerate(page.quantities)
        if place not in page.used
    ]
    found += [(when.start, when.end, "a date") for when in page.whens]
    for start, end, reason in sorted(found):
        words = page.source.quote(at + start, at + end)
        if any(char.isdigit() for char in words) or reason != "a date":
            yield Unmatched(start=at + start, end=at + end, words=words, context=context, reason=reason)
