"""How the loops are compiled: without the interpreter's lock, kept on disk for the next process.

Loops only read and write arrays that they are given: counting who holds an array would take longer than many
of them, so it is switched off, and a loop that makes an array does not compile.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from typing import Any, ParamSpec, TypeVar

import numba

__all__ = ["compiled", "inlined", "is_kept"]

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

_LOOSE = {"contract", "reassoc", "nsz", "arcp"}
"""Sums may be reordered, which vectors need; infinities and NaN keep their meaning."""


def compiled(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """The same function, compiled at its first call."""
    return _compiled(function)


def inlined(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """The same, put into whoever calls it."""
    return _compiled(function, forceinline=True)


def is_kept(function: Callable[..., Any]) -> bool:
    """Whether a compiled function is ready, in this process or on disk: else its first call takes long."""
    loop: Any = function
    return bool(loop.signatures) or bool(_index(loop)._load_index())  # noqa: SLF001 (as there)


def _compiled(function: Callable[_Given, _Result], **more: bool) -> Callable[_Given, _Result]:
    njit: Any = numba.njit
    loop: Any = njit(cache=True, nogil=True, fastmath=_LOOSE, error_model="numpy", _nrt=False, **more)(
        function
    )
    # To numba, what is kept is good while its own file stays as it is; but loops contain what they call.
    index, package = _index(loop), function.__module__.rpartition(".")[0]
    index._source_stamp = (index._source_stamp, _sources_digest(package))  # noqa: SLF001 (as there)
    result: Callable[_Given, _Result] = loop
    return result


def _index(loop: Any) -> Any:
    """What tells numba which compiled functions it has kept."""
    return loop._cache._cache_file  # noqa: SLF001 (numba has no public way to it)


@cache
def _sources_digest(package: str) -> str:
    """Of all modules of a package, and of the units: what its loops can contain."""
    names = sorted(module.name for module in pkgutil.iter_modules(sys.modules[package].__path__))
    places = [(package, name) for name in names] + [(package.partition(".")[0], "units")]
    digest = sha256()
    for place, name in places:
        with suppress(OSError):  # an application without sources does not change them either
            digest.update(pkgutil.get_data(place, f"{name}.py") or b"")
    return digest.hexdigest()
