"""A document in a few words, with its intervals: what an agent reads before it looks at the numbers."""

from __future__ import annotations

from collections.abc import Iterator

from wattshift.clock import format_instant
from wattshift.report import headlines
from wattshift.report.documents.network import DifficultyDocument, HashpriceDocument, HashrateDocument
from wattshift.report.documents.now import NowDocument
from wattshift.report.documents.site import ValueDocument
from wattshift.report.figures import printable

__all__ = ["document_in_words"]

_MOST_SIGNS = 600


def document_in_words(document: object) -> str:
    """What a document says, one line for each statement."""
    said = dict.fromkeys(printable(line, length=_MOST_SIGNS) for line in _lines(document) if line)
    return "\n".join(said)


def _lines(document: object) -> Iterator[str]:
    as_of = getattr(document, "as_of", None)
    if as_of is not None:
        yield f"as of {format_instant(as_of)}"
    match document:
        case HashrateDocument():
            yield headlines.hashrate_headline(document)
        case DifficultyDocument():
            yield headlines.difficulty_headline(document)
        case HashpriceDocument():
            yield headlines.hashprice_headline(document)
        case ValueDocument():
            yield from _uses(document)
        case NowDocument():
            yield from document.headlines
            yield document.decisions_in_words
            if document.value is not None:
                yield from _uses(document.value)
        case _:
            yield from getattr(document, "headlines", ())
    said = getattr(document, "in_words", ())
    yield from (said,) if isinstance(said, str) else said


def _uses(document: ValueDocument) -> Iterator[str]:
    for use in document.uses:
        between = f"{use.low_usd_per_mwh:,.1f} to {use.high_usd_per_mwh:,.1f}"
        yield f"a MWh in {use.name} is worth {use.worth_usd_per_mwh:,.1f} USD ({between})"
