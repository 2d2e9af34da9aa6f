"""Browsers that have signed in: a cookie that no script sees, that no other site can send, that only reads.

A session lives in memory: a new start of the service asks everybody again. Whoever wants more than to read
shows the token itself, which no browser sends by itself.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable

from wattshift.web.keyring import Keyring
from wattshift.web.principal import Principal, Scope

__all__ = ["Sessions"]

_LIFE_S = 12 * 3_600
_MOST = 1_000
_ATTRIBUTES = "Path=/; HttpOnly; SameSite=Strict"


class Sessions:
    """The sessions of one service.

    Args:
        keyring: knows whether the token of a session is still good.
        is_tls: whether browsers speak TLS; without, a cookie cannot be held to it.
        mono_s: the monotonic clock [s].
    """

    def __init__(self, keyring: Keyring, *, is_tls: bool, mono_s: Callable[[], float]) -> None:
        self._keyring = keyring
        self._mono_s = mono_s
        # The prefix makes browsers refuse the cookie without TLS or from another host.
        self._cookie = "__Host-wattshift" if is_tls else "wattshift"
        self._secure = "; Secure" if is_tls else ""
        self._held: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def begin(self, principal: Principal) -> str:
        """Begin a session; the Set-Cookie header that hands it to the browser."""
        key = secrets.token_urlsafe(32)
        self._held[key] = (principal.name, self._mono_s() + _LIFE_S)
        if len(self._held) > _MOST:
            self._held.popitem(last=False)
        return f"{self._cookie}={key}; Max-Age={_LIFE_S}; {_ATTRIBUTES}{self._secure}"

    def end(self, header: str) -> str:
        """End the session of a Cookie header, if it has one; the Set-Cookie header that takes it back."""
        key = self.key(header)
        if key is not None:
            self._held.pop(key, None)
        return f"{self._cookie}=; Max-Age=0; {_ATTRIBUTES}{self._secure}"

    def key(self, header: str) -> str | None:
        """The session that a Cookie header names; None if it names none."""
        pairs = (each.strip().partition("=") for each in header.split(";"))
        return next((value for name, _, value in pairs if name == self._cookie and value), None)

    def principal(self, key: str) -> Principal | None:
        """Who holds a session; None if there is none, or its token is good no more."""
        name, until_s = self._held.get(key, ("", 0.0))
        holder = self._keyring.named(name) if self._mono_s() < until_s else None
        if holder is None:
            self._held.pop(key, None)
            return None
        return Principal(name=holder.name, scopes=holder.scopes & {Scope.READ})
