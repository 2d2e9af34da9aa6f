"""The use-case `check`: reads a text and re-derives each of its statements."""

from __future__ import annotations

from datetime import datetime

from wattshift.app.evidence import ArchiveEvidence
from wattshift.app.snapshot import Archive
from wattshift.claims.check import Checked, check
from wattshift.claims.claim import Figure, Finding, Verdict
from wattshift.claims.judges.common import number_in_words
from wattshift.claims.quantity import Quantity
from wattshift.claims.text import SourceText
from wattshift.errors import OutOfSpan
from wattshift.provenance import Origin
from wattshift.report.documents.claims import (
    ClaimRow,
    ClaimsDocument,
    FigureRow,
    TextPiece,
    UnmatchedRow,
)

__all__ = ["check_text"]


def check_text(archive: Archive, content: bytes | str, *, as_of: datetime | None = None) -> ClaimsDocument:
    """Check every statement of a text by what was known when it was written.

    Args:
        archive: the kept history.
        content: plain text, Markdown or HTML; hostile or huge input is cut, never refused.
        as_of: when it was written; midnight means the whole UTC day. By default the date in its head, else
            the newest instant known.

    Raises:
        InputError: if `as_of` has no time zone.
    """
    checked = check(content, ArchiveEvidence(archive), as_of=as_of)
    newest = min(checked.told.end_at, archive.newest_at)
    rows = tuple(_row(number, each, checked.text) for number, each in enumerate(checked.findings, 1))
    counts = {verdict.value: sum(row.verdict == verdict.value for row in rows) for verdict in Verdict}
    return ClaimsDocument(
        as_of=newest,
        written_from_at=checked.told.start_at,
        written_to_at=checked.told.end_at,
        dated_by=checked.told.source,
        counts=counts,
        claims=rows,
        unmatched=tuple(
            UnmatchedRow(words=each.words, context=each.context, reason=each.reason)
            for each in checked.unmatched
        ),
        pieces=tuple(_pieces(checked)),
        is_cut=checked.is_cut,
        in_words=_in_words(counts),
        origins=_origins(archive, newest),
    )


def _row(number: int, found: Finding, text: SourceText) -> ClaimRow:
    claim = found.claim
    return ClaimRow(
        number=number,
        quote=claim.quote,
        kind=claim.kind.value,
        understood=found.understood,
        stated={} if claim.stated is None else _stated(claim.stated),
        verdict=found.verdict.value,
        figures=tuple(_figure_row(figure) for figure in found.figures),
        explanation=found.explanation,
        start=text.origin[claim.start],
        end=text.origin[claim.end - 1] + 1,
    )


def _stated(quantity: Quantity) -> dict[str, float]:
    suffix = quantity.unit.suffix
    return {f"low_{suffix}": float(quantity.low), f"high_{suffix}": float(quantity.high)}


def _figure_row(figure: Figure) -> FigureRow:
    suffix = figure.unit.suffix
    return FigureRow(
        estimator=figure.estimator.rstrip(":"),
        values={
            f"value_{suffix}": float(figure.amount),
            f"low_{suffix}": float(figure.low),
            f"high_{suffix}": float(figure.high),
        },
        unit=figure.unit.label,
        at=figure.at,
        in_words=number_in_words(figure.amount, figure.unit),
    )


def _pieces(checked: Checked) -> list[TextPiece]:
    """The words of the text, cut where claims stand; of overlapping claims the first is marked."""
    words, at = checked.text.words, 0
    pieces: list[TextPiece] = []
    for number, found in enumerate(checked.findings, 1):
        start, end = found.claim.start, found.claim.end
        if start < at:
            continue
        if start > at:
            pieces.append(TextPiece(words=words[at:start], number=None, verdict=None))
        pieces.append(TextPiece(words=words[start:end], number=number, verdict=found.verdict.value))
        at = end
    if at < len(words):
        pieces.append(TextPiece(words=words[at:], number=None, verdict=None))
    return pieces


def _in_words(counts: dict[str, int]) -> str:
    total = sum(counts.values())
    if not total:
        return "no statement here is understood"
    told = ", ".join(f"{count} {_told(verdict, count)}" for verdict, count in counts.items() if count)
    return f"{total} statement{'s' if total > 1 else ''}: {told}"


def _told(verdict: str, count: int) -> str:
    """A verdict as a verb that agrees with its count: "3 hold", "1 depends on the estimator"."""
    if count > 1:
        verdict = verdict.replace("holds", "hold").replace("depends", "depend")
    return verdict.replace("misstated", "with a misstated")


def _origins(archive: Archive, newest: datetime) -> tuple[Origin, ...]:
    """Where the figures come from; none before the chain is known, for then there are no figures."""
    try:
        snapshot = archive.as_of(newest)
    except OutOfSpan:
        return ()
    return snapshot.origins("blocks", "difficulty_periods", "block_fees", "btc_usd_daily")
