"""How templates are read: all is escaped but source that was made here, and nothing may be undefined."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from wattshift.provenance import Origin
from wattshift.report import figures, words
from wattshift.report.page.svg import tag

__all__ = ["badge", "open_environment"]

_FIGURE = re.compile(r"[+\N{MINUS SIGN}]?\d[\d,.]*(?: %)?(?: to [+\N{MINUS SIGN}]?\d[\d,.]*(?: %)?)?")
_PACKAGE = "wattshift.report.page"
_TEXT_LENGTH = 1_200


def open_environment(
    filters: Mapping[str, Callable[..., object]], *, length: int = _TEXT_LENGTH, package: str = _PACKAGE
) -> Environment:
    """An environment for one page, or for all pages of a package.

    Args:
        filters: those that only these pages need.
        length: of a text, beyond which it is cut.
        package: whose templates stand before those of the reports.
    """

    def finalized(value: object) -> object:
        """What a template prints: source made here as it is, every other text made printable."""
        if isinstance(value, str) and not isinstance(value, Markup):
            return figures.printable(value, length=length)
        return value

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(each) for each in dict.fromkeys((package, _PACKAGE))]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # a service goes on as it began, even while it is being upgraded
    )
    environment.filters |= {
        "age": words.age_in_words,
        "counted": words.counted,
        "figure_class": _figure_class,
        "freshness": _freshness_badge,
        "instant": figures.instant,
        "name": figures.name,
        "number": figures.number,
        "sentence": figures.sentence,
        "swatch": _swatch,
        **filters,
    }
    return environment


def badge(state: str) -> Markup:
    """A word with the mark of its class before it."""
    return Markup('<span class="badge {0}">{0}</span>').format(state)


def _figure_class(text: str) -> Markup:
    """The class of a cell that holds a figure, and nothing for others."""
    return Markup(' class="n"') if _FIGURE.fullmatch(text) else Markup("")


def _freshness_badge(origin: Origin) -> Markup:
    return badge("undated" if origin.age_s is None else origin.freshness.value)


def _swatch(style: str) -> Markup:
    """A small picture of a chart's mark, for its legend."""
    if not style:
        return Markup("")
    if style.startswith("line"):
        mark = tag("path", d="M0 6h18", class_=style)
    elif style.startswith("dot"):
        mark = tag("circle", cx=9, cy=6, r=4, class_=style)
    else:
        mark = tag("rect", x=1, y=1, width=16, height=10, class_=style)
    return Markup(tag("svg", mark, aria_hidden="true"))  # noqa: S704  # made of constants and our class names
