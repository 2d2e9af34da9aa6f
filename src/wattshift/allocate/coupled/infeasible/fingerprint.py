"""What a problem is, as one short text: two problems with the same numbers have the same, others do not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from wattshift.allocate.coupled.problem import CoupledProblem

__all__ = ["fingerprint"]


def fingerprint(problem: CoupledProblem) -> str:
    """SHA-256 over every number and name of a problem, as hex digits."""
    told = hashlib.sha256()
    for piece in _pieces(problem):
        told.update(len(piece).to_bytes(8, "big"))
        told.update(piece)
    return told.hexdigest()


def _pieces(value: Any) -> Iterator[bytes]:
    if isinstance(value, np.ndarray):
        yield f"{value.dtype.str}{value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif is_dataclass(value):
        for field in fields(value):
            yield field.name.encode()
            yield from _pieces(getattr(value, field.name))
    elif isinstance(value, tuple):
        yield f"{len(value)} parts".encode()
        for item in value:
            yield from _pieces(item)
    else:
        yield repr(value).encode()
