"""Documents for the tests of reports: a real one, and the same with other texts in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from wattshift.report.documents.brief import BriefDocument

__all__ = ["HOSTILE", "hostile", "rewritten", "texts"]

_Document = TypeVar("_Document")

HOSTILE = (
    "</title></style><script>alert(1)</script>",
    "\"' onload='alert(2)' x=\"",
    "\x1b[31mred\x1b]0;title\x07[bold]m[/bold][link=http://x]y",
    "two\nlines\r\tand \u202egnirts\u202c \u2028 {{ 7 * 7 }} {% raw %}",
    "n" * 10_000,
)


def rewritten(document: _Document, change: Callable[[str], str]) -> _Document:
    """The same document with every plain text changed."""
    changed: Any = _rewritten(document, change)
    return changed  # type: ignore[no-any-return]  # of the same type, field by field


def _rewritten(value: Any, change: Callable[[str], str]) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **{name: _rewritten(item, change) for name, item in fields.items()})
    if isinstance(value, tuple):
        return tuple(_rewritten(item, change) for item in value)
    return change(value) if type(value) is str else value


def hostile(document: BriefDocument) -> BriefDocument:
    """The document of a site whose name and whose uses attack whatever prints them."""
    names = (document.site, *document.month.series.uses)
    attacks = {name: HOSTILE[index % len(HOSTILE)] for index, name in enumerate(names)}

    def change(text: str) -> str:
        for name, attack in attacks.items():
            text = text.replace(name, attack)
        return text

    return rewritten(document, change)


def texts(value: object) -> Iterator[str]:
    """Every text within a document."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value
