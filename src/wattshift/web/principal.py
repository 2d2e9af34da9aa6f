"""Who asks, and what they may. Whoever is not known may nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

__all__ = ["LOCAL", "NOBODY", "STATE_KEY", "Principal", "Scope", "principal_of", "require"]

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
LOCAL = Principal(name="local", scopes=frozenset({Scope.READ, Scope.COMPUTE}))
"""Whoever sits at the machine, where no tokens were ever made."""


def principal_of(connection: HTTPConnection) -> Principal:
    """Who sent a request; nobody, unless the guard has said otherwise."""
    found = getattr(connection.state, STATE_KEY, NOBODY)
    return found if isinstance(found, Principal) else NOBODY


def require(connection: HTTPConnection, scope: Scope) -> Principal:
    """Who sent a request, if they may do what it asks.

    Raises:
        Problem: 401 if nobody is known, 403 if whoever it is may not.
    """
    found = principal_of(connection)
    if scope in found.scopes:
        return found
    from wattshift.web.problems import Problem

    if found == NOBODY:
        raise Problem(
            status=401,
            detail="this needs a token",
            hint="send Authorization: Bearer TOKEN",
            headers={"WWW-Authenticate": "Bearer"},
        )
    raise Problem(
        status=403,
        detail=f"{found.name} may not do this: it needs the scope {scope.value}",
        hint="ask whoever runs the service for a token of that scope",
    )
