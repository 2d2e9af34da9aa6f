"""What the fields of a document mean: their docstrings, read once more for people who see only the data."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from wattshift.units import DIMENSIONLESS, SUFFIXES

__all__ = ["meanings_of", "summary_of", "unit_of"]

_ENTRY = re.compile(r"^ {4}(\w+): (.*)$")


@cache
def meanings_of(document: type) -> Mapping[str, str]:
    """The meaning of each field, by the `Args` section of its docstring."""
    found: dict[str, str] = {}
    name = None
    for line in _section(document, "Args:"):
        entry = _ENTRY.match(line)
        if entry:
            name = entry[1]
            found[name] = entry[2]
        elif name is not None and line.strip():
            found[name] += f" {line.strip()}"
    return MappingProxyType(found)


def summary_of(document: type) -> str:
    """The first line of a docstring."""
    return (inspect.getdoc(document) or "").partition("\n")[0]


def _section(document: type, title: str) -> list[str]:
    lines = (inspect.getdoc(document) or "").splitlines()
    if title not in lines:
        return []
    below = lines[lines.index(title) + 1 :]
    end = next((row for row, line in enumerate(below) if line and not line.startswith(" ")), len(below))
    return below[:end]


@cache
def unit_of(name: str) -> str:
    """The unit in which a name ends, in words; empty for what has none.

    Source: the closed table of `wattshift.units`.
    """
    fits = [suffix for suffix in SUFFIXES if f"_{name}".endswith(suffix)]
    if fits:
        return SUFFIXES[max(fits, key=len)]
    return "1" if name in DIMENSIONLESS else ""
