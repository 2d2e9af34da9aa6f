"""Sentences, and the clauses inside them, as spans of the normalised text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Sentence", "clause_around", "sentences_of"]

_MAX_LENGTH = 1_200
_END = re.compile(r"(?<![.!?])[.!?]{1,4}[\"')\]]{0,3}(?=\s)|\n[ \u2009]{0,40}\n")
_ABBREVIATION = re.compile(
    r"\b(?i:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|approx|vs|no|inc|corp|ltd|co|est|ca|cf|avg|fig"
    r"|dr|mr|ms|st"
    r"|e\.g|i\.e|u\.s|a\.m|p\.m)$|(?<![\w/])(?<!\d )[A-Z]$"
)
_NEXT = re.compile(r"\s{1,200}[\"'(\[]?[A-Z0-9$~+-]")
_CLAUSE = re.compile(
    r"[;:]\s|\s?\|\s?|\s-{1,2}\s|\s\(|\)"
    r"|,?\s(?:while|whereas|but|although|though|however|compared (?:with|to)|versus)\s"
    r"|,\s(?=(?:the|its|their|marking|an?)\s(?:[\w-]+\s){0,3}"
    r"(?:largest|biggest|steepest|sharpest|deepest|lowest|highest|worst|weakest|smallest)\b)"
    r"|\sand\s(?=(?:is|are|was|were|has|have|had|will|would|it|they|could|may|might|currently|now"
    r"|(?:the|its|their|our) (?:company|firm|fleet|operator|pool|miner))\b)"
    r"|,\s(?:and|with|as|which|after|before|pushing|bringing|leaving|making|putting)\s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence.

    Args:
        start: its first character in the text.
        end: behind its last.
        text: its normalised words.
    """

    start: int
    end: int
    text: str


def sentences_of(plain: str) -> Iterator[Sentence]:
    """Cut a normalised text into sentences; a longer one than 1,200 characters is cut at a space."""
    start = 0
    for found in _END.finditer(plain):
        if found[0][0] != "\n" and not _is_end(plain, found):
            continue
        yield from _pieces(plain, start, found.end())
        start = found.end()
    yield from _pieces(plain, start, len(plain))


def _is_end(plain: str, found: re.Match[str]) -> bool:
    before = plain[max(0, found.start() - 8) : found.start()]
    if found[0][0] == "." and _ABBREVIATION.search(before):
        return False
    rest = plain[found.end() : found.end() + 200]
    return _NEXT.match(rest) is not None or not rest.strip()


def _pieces(plain: str, start: int, end: int) -> Iterator[Sentence]:
    while start < end and plain[start].isspace():
        start += 1
    while end > start and plain[end - 1].isspace():
        end -= 1
    while start < end:
        stop = end
        if end - start > _MAX_LENGTH:
            space = plain.rfind(" ", start + 1, start + _MAX_LENGTH)
            stop = space if space > start else start + _MAX_LENGTH
        yield Sentence(start=start, end=stop, text=plain[start:stop].replace("\n", " "))
        start = stop


def clause_around(text: str, start: int, end: int) -> tuple[int, int]:
    """The clause of a sentence that holds a stretch of it."""
    first, last = 0, len(text)
    for opens, closes in _joints(text):
        if closes <= start:
            first = closes
        elif opens >= end:
            last = opens
            break
    return first, last


@lru_cache(maxsize=64)
def _joints(text: str) -> tuple[tuple[int, int], ...]:
    """Where clauses meet; kept, because every quantity of a sentence asks."""
    return tuple(found.span() for found in _CLAUSE.finditer(text))
