"""How long to wait before a message is sent again: longer each time, never in step with others."""

from __future__ import annotations

from random import Random

from wattshift.errors import InputError

__all__ = ["wait_s"]

_FIRST_S = 5.0
_LONGEST_S = 900.0
_MOST_DOUBLINGS = 10


def wait_s(attempt: int, rng: Random) -> float:
    """The wait after an attempt that failed: 5 s, doubled each time up to 15 min, half of it by chance [s].

    Args:
        attempt: 1 for the first one.
        rng: the source of randomness.

    Raises:
        InputError: if the attempt is not a positive number.
    """
    if attempt < 1:
        raise InputError("attempts are counted from 1", attempt=attempt, hint="pass 1 after the first one")
    longest_s = min(_LONGEST_S, _FIRST_S * 2.0 ** min(attempt - 1, _MOST_DOUBLINGS))
    return longest_s * rng.uniform(0.5, 1.0)
