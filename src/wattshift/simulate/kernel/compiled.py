"""How the loops are compiled: without the interpreter's lock, kept on disk for the next process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numba

__all__ = ["compiled", "inlined"]

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

_LOOSE = {"contract", "reassoc", "nsz", "arcp"}
"""Sums may be reordered, which vectors need; infinities and NaN keep their meaning."""


def compiled(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """The same function, compiled at its first call."""
    return _compiled(function)


def inlined(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """The same, put into whoever calls it: handing over arrays costs more than a short loop."""
    return _compiled(function, forceinline=True)


def _compiled(function: Callable[_Given, _Result], **more: bool) -> Callable[_Given, _Result]:
    njit: Any = numba.njit
    result: Callable[_Given, _Result] = njit(
        cache=True, nogil=True, fastmath=_LOOSE, error_model="numpy", **more
    )(function)
    return result
