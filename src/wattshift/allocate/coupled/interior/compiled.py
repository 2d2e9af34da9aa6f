"""How the loops of this room are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

__all__ = ["compiled"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compile a loop when it is first called; what was compiled is kept on disk, file by file.

    Sums may be taken in any order, and no comparison needs to know of NaN: `method` looks for that itself.
    """
    fast = {"contract", "reassoc", "nsz", "nnan"}
    wrap = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=fast)
    return cast("_Function", wrap(function))
