"""How much one client may ask: token buckets, a lock on guessing, and a count of what is open.

Clients are whatever keys them: the name of a token, or a network address. All forget the oldest client when
they know too many, so that no number of addresses fills the memory.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

__all__ = ["Buckets", "GuessLock", "OpenCount", "client_of", "whole_seconds"]

_MOST_CLIENTS = 10_000
_IPV6_SITE_BITS = 64


@dataclass(slots=True)
class _Bucket:
    level: float
    seen_s: float


class Buckets:
    """A token bucket a client.

    Args:
        burst: requests that a client may send at once.
        each_s: time in which it gains one more [s].
    """

    def __init__(self, *, burst: int, each_s: float) -> None:
        self._burst = burst
        self._each_s = each_s
        self._held: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, client: str, now_s: float) -> float:
        """Take one; 0 if it was there, else how long until there is one [s].

        Args:
            client: who takes.
            now_s: the monotonic clock [s].
        """
        bucket = self._held.get(client)
        if bucket is None:
            bucket = self._held[client] = _Bucket(float(self._burst), now_s)
            if len(self._held) > _MOST_CLIENTS:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(client)
        gained = (now_s - bucket.seen_s) / self._each_s
        bucket.level = min(float(self._burst), bucket.level + gained)
        bucket.seen_s = now_s
        if bucket.level < 1.0:
            return (1.0 - bucket.level) * self._each_s
        bucket.level -= 1.0
        return 0.0


class GuessLock:
    """Shuts out whoever guesses: so many wrong tokens within a while, and no more are looked at.

    Args:
        n_guesses: how many.
        guess_s: the while [s].
    """

    def __init__(self, *, n_guesses: int, guess_s: float) -> None:
        self._n_guesses = n_guesses
        self._guess_s = guess_s
        self._held: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, client: str, now_s: float) -> float:
        """How long a client stays shut out [s]; 0 if it is not.

        Args:
            client: whose token would be looked at.
            now_s: the monotonic clock [s].
        """
        wrong = self._held.get(client)
        if wrong is None or len(wrong) < self._n_guesses:
            return 0.0
        return max(0.0, wrong[0] + self._guess_s - now_s)

    def note_wrong(self, client: str, now_s: float) -> None:
        """Remember a wrong token.

        Args:
            client: who showed it.
            now_s: the monotonic clock [s].
        """
        wrong = self._held.setdefault(client, deque(maxlen=self._n_guesses))
        wrong.append(now_s)
        self._held.move_to_end(client)
        if len(self._held) > _MOST_CLIENTS:
            self._held.popitem(last=False)


class OpenCount:
    """How many requests of each client are open."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self.total = 0
        """Of all clients."""

    def of(self, client: str) -> int:
        """Of one client."""
        return self._open.get(client, 0)

    def enter(self, client: str) -> None:
        """One more."""
        self._open[client] += 1
        self.total += 1

    def leave(self, client: str) -> None:
        """One less."""
        self._open[client] -= 1
        self.total -= 1
        if self._open[client] <= 0:
            del self._open[client]


def client_of(address: str) -> str:
    """What keys a network address: itself, or the network of an IPv6 site, which has billions of them."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return f"{int(found) >> (128 - _IPV6_SITE_BITS):x}::/{_IPV6_SITE_BITS}"


def whole_seconds(wait_s: float) -> int:
    """A wait as Retry-After wants it: whole seconds, at least one."""
    return max(1, math.ceil(wait_s))
