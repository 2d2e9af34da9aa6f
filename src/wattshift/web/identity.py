"""Finding out who asks: by a token in the header, by a browser's session, or because nobody else can."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from wattshift.clock import Clock
from wattshift.store.tokens import digest_of
from wattshift.web.asked import Asked
from wattshift.web.keyring import Keyring
from wattshift.web.limiting import GuessLock, whole_seconds
from wattshift.web.policy import Policy
from wattshift.web.principal import LOCAL, NOBODY, Principal, Scope
from wattshift.web.problems import Problem
from wattshift.web.sessions import Sessions

__all__ = ["Identity"]

_BEARER = "bearer "
_LONGEST = 200
_MOST_PROVEN = 1_000


class Identity:
    """Tells who asks.

    Args:
        policy: who may do what.
        clock: tells which tokens have expired.
        mono_s: the monotonic clock [s].
    """

    def __init__(self, policy: Policy, *, clock: Clock, mono_s: Callable[[], float]) -> None:
        self._policy = policy
        self._mono_s = mono_s
        self._keyring = Keyring(policy.tokens, clock=clock, mono_s=mono_s)
        self._sessions = Sessions(self._keyring, is_tls=policy.is_tls, mono_s=mono_s)
        limits = policy.limits
        # Apart, so that a browser with an old cookie is not kept from signing in.
        self._tokens, self._cookies = (
            GuessLock(n_guesses=limits.n_guesses, guess_s=limits.guess_s) for _ in range(2)
        )

        # Whoever was let in before stays in, whatever others at the same address try.
        self._proven: OrderedDict[tuple[str, str], None] = OrderedDict()

    @property
    def is_open(self) -> bool:
        """Whether whoever reaches it may read: only from this machine, and before there is any token."""
        return not (self._policy.needs_token or self._keyring.has_file)

    def who(self, asked: Asked) -> Principal:
        """Who sent a request; nobody, if it says nothing of that.

        Raises:
            Problem: 401 for a token that is none, 429 for the one after too many of these.
        """
        header = asked.headers.get(b"authorization")
        if header is not None:
            return self._by_token(header.decode("latin-1"), asked.client)
        cookie = asked.headers.get(b"cookie")
        found = None if cookie is None else self._by_cookie(cookie.decode("latin-1"), asked.client)
        if found is not None:
            return found
        return LOCAL if self.is_open else NOBODY

    def sign_in(self, token: str, client: str) -> str:
        """Take a token for a session; the Set-Cookie header.

        Raises:
            Problem: 401 for a token that is none or may not read, 429 after too many of these.
        """
        found = self._looked_up(token, client)
        if Scope.READ not in found.scopes:
            raise _no_token("this token may not read")
        return self._sessions.begin(found)

    def sign_out(self, asked: Asked) -> str:
        """End a browser's session; the Set-Cookie header."""
        return self._sessions.end(asked.headers.get(b"cookie", b"").decode("latin-1"))

    def _by_token(self, header: str, client: str) -> Principal:
        if not header.lower().startswith(_BEARER):
            raise _no_token("only tokens are taken")
        return self._looked_up(header[len(_BEARER) :].strip(), client)

    def _looked_up(self, token: str, client: str) -> Principal:
        now_s, proof = self._mono_s(), (client, digest_of(token))
        wait_s = self._tokens.wait_s(client, now_s)
        if wait_s > 0 and proof not in self._proven:
            raise Problem(
                status=429,
                detail="too many wrong tokens came from this address",
                hint="wait, then send the right one",
                headers={"Retry-After": str(whole_seconds(wait_s))},
            )
        found = self._keyring.principal(token) if len(token) <= _LONGEST and token.isascii() else None
        if found is None:
            self._tokens.note_wrong(client, now_s)
            raise _no_token("this token is not known, was revoked, or has expired")
        self._proven[proof] = None
        if len(self._proven) > _MOST_PROVEN:
            self._proven.popitem(last=False)
        return found

    def _by_cookie(self, header: str, client: str) -> Principal | None:
        key, now_s = self._sessions.key(header), self._mono_s()
        if key is None or self._cookies.wait_s(client, now_s) > 0:
            return None
        found = self._sessions.principal(key)
        if found is None:
            self._cookies.note_wrong(client, now_s)
        return found


def _no_token(detail: str) -> Problem:
    return Problem(
        status=401,
        detail=detail,
        hint="send Authorization: Bearer TOKEN, a token made by `wattshift tokens new`",
        headers={"WWW-Authenticate": "Bearer"},
    )
