"""How the loops of this room are compiled.

Loops only read and write arrays that they are given: counting who holds an array would take longer than many
of them, so it is switched off, and a loop that makes an array does not compile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from wattshift.compiled import loop

__all__ = ["compiled", "inlined"]

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

_LOOSE = {"contract", "reassoc", "nsz", "arcp"}
"""Sums may be reordered, which vectors need; infinities and NaN keep their meaning."""


def compiled(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """The same function, compiled at its first call."""
    return loop(function, fastmath=_LOOSE, _nrt=False)


def inlined(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """The same, put into whoever calls it."""
    return loop(function, fastmath=_LOOSE, _nrt=False, forceinline=True)
