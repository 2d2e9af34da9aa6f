"""How the loops of this room are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from wattshift.compiled import loop

__all__ = ["compiled"]

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def compiled(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """Compile a loop when it is first called.

    Sums may be taken in any order, and no comparison needs to know of NaN: `method` looks for that itself.
    """
    return loop(function, fastmath={"contract", "reassoc", "nsz", "nnan"})
