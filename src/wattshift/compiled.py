"""How loops are compiled: without the interpreter's lock, kept on disk until a file of their room changes.

A room is a package whose modules hold loops that call one another.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable, Set
from contextlib import suppress
from functools import cache
from hashlib import sha256
from typing import Any, ParamSpec, TypeVar

import numba

__all__ = ["is_kept", "loop"]

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def loop(
    function: Callable[_Given, _Result], *, fastmath: Set[str], **options: bool
) -> Callable[_Given, _Result]:
    """The same function, compiled at its first call.

    Args:
        function: what numba can compile.
        fastmath: what of a float's rules need not hold, in LLVM's words.
        options: more of numba's.
    """
    njit: Any = numba.njit
    made: Any = njit(cache=True, nogil=True, fastmath=set(fastmath), error_model="numpy", **options)(function)
    # To numba, what is kept is good while its own file stays as it is; but loops contain what they call.
    index, room = _index(made), function.__module__.rpartition(".")[0]
    index._source_stamp = (index._source_stamp, _sources_digest(room))  # noqa: SLF001 (as there)
    result: Callable[_Given, _Result] = made
    return result


def is_kept(function: Callable[..., Any]) -> bool:
    """Whether a loop is ready, in this process or on disk: else its first call takes long."""
    made: Any = function
    return bool(made.signatures) or bool(_index(made)._load_index())  # noqa: SLF001 (as there)


def _index(made: Any) -> Any:
    """What tells numba which compiled functions it has kept."""
    return made._cache._cache_file  # noqa: SLF001 (numba has no public way to it)


@cache
def _sources_digest(room: str) -> str:
    """Of all modules of a room, of the units, and of this one: what its loops can contain."""
    names = sorted(module.name for module in pkgutil.iter_modules(sys.modules[room].__path__))
    digest = sha256()
    for place, name in [*((room, name) for name in names), ("wattshift", "units"), ("wattshift", "compiled")]:
        with suppress(OSError):  # an application without sources does not change them either
            digest.update(pkgutil.get_data(place, f"{name}.py") or b"")
    return digest.hexdigest()
