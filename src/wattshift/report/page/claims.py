"""A checked text as one self-contained HTML page: its words marked by verdict, then each statement in full.

The text is hostile: nothing of it is printed before it has been escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

from jinja2 import Environment
from markupsafe import Markup

from wattshift.report.documents.claims import ClaimsDocument, TextPiece
from wattshift.report.page.environment import open_environment
from wattshift.report.terminal.claims import MARKS

__all__ = ["CLAIMS_FILTERS", "claims_html", "claims_parts"]

_MOST_NUMBERS = 300
_TEXT_LENGTH = 900
_CLASSES = {verdict: f"v{place}" for place, verdict in enumerate(MARKS)}
_GAP = re.compile(r"\s*\n\s*\n\s*")


def claims_html(document: ClaimsDocument) -> str:
    """The whole page."""
    return _environment().get_template("claims.html.j2").render(**claims_parts(document))


def claims_parts(document: ClaimsDocument) -> Mapping[str, object]:
    """What the templates of a checked text are filled with."""
    return {
        "document": document,
        "text": Markup("").join(_marked(piece) for piece in document.pieces).strip(),
        "verdicts": [(verdict, count) for verdict, count in document.counts.items() if count],
        "numbers": document.unmatched[:_MOST_NUMBERS],
        "numbers_left": max(0, len(document.unmatched) - _MOST_NUMBERS),
    }


@cache
def _environment() -> Environment:
    return open_environment(CLAIMS_FILTERS, length=_TEXT_LENGTH)


def _marked(piece: TextPiece) -> Markup:
    """A piece of the text; a claim carries its number and its sign, and leads to its row."""
    plain = _GAP.sub("\n\n", piece.words)
    if piece.number is None or piece.verdict is None:
        return Markup("{}").format(plain)
    return Markup(
        '<mark class="{}" id="t{}">{}<sup><a href="#c{}" title="{}">{}&nbsp;{}</a></sup></mark>'
    ).format(
        _CLASSES[piece.verdict],
        piece.number,
        plain,
        piece.number,
        piece.verdict,
        piece.number,
        MARKS[piece.verdict],
    )


def _badge(verdict: str) -> Markup:
    return Markup('<span class="verdict {}"><span aria-hidden="true">{}</span> {}</span>').format(
        _CLASSES[verdict], MARKS[verdict], verdict
    )


CLAIMS_FILTERS: Mapping[str, Callable[..., object]] = MappingProxyType({"verdict": _badge})
"""The filters that those templates need."""
