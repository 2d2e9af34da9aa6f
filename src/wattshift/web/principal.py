"""Who asks, and what they may. Whoever is not known may nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

__all__ = ["NOBODY", "STATE_KEY", "Principal", "Scope", "principal_of"]

STATE_KEY = "principal"
"""Under which the guard leaves the principal in the state of a request."""


class Scope(StrEnum):
    """What a token may be good for."""

    READ = "read"
    """See everything."""

    COMPUTE = "compute"
    """Also have something computed: simulations, backtests, texts checked."""

    ALERTS = "alerts"
    """Also acknowledge and silence alerts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks.

    Args:
        name: of the token, or "local" for whoever sits at the machine.
        scopes: what they may.
    """

    name: str
    scopes: frozenset[Scope]


NOBODY = Principal(name="nobody", scopes=frozenset())


def principal_of(connection: HTTPConnection) -> Principal:
    """Who sent a request; nobody, unless the guard has said otherwise."""
    found = getattr(connection.state, STATE_KEY, NOBODY)
    return found if isinstance(found, Principal) else NOBODY
