"""Whether a feed is stuck: it says the same number again and again, longer than its own history explains.

Some series rest by nature: power prices at 0.00 in a glut and at the cap in a shortage, asking prices for
weeks. So a level is measured against its own rests before: at 0.00, where real prices have rested for six
hours, a feed must be silent for days until it counts as stuck; at 23.17, a few hours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Flatline", "flatline", "run_prob"]

_MAX_PROB = 1e-6
_Z = 3.09
"""One-sided 99.9 % bound: a rate seen in a short history may really be higher."""
_MIN_HISTORY = 100
_PRIOR_ON, _PRIOR_RUNS = 10, 20
"""Where hardly any run has been seen, every second one is taken to go on, as if 20 had been seen: of
ERCOT's real prices 60 % do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flatline:
    """A feed that does not move.

    Args:
        n_equal: how many values in succession are equal, up to the last.
        run_prob: upper bound of the probability of such a run, by the feed's own history.
    """

    n_equal: int
    run_prob: float


def flatline(values: pl.Series, history: pl.Series, *, max_prob: float = _MAX_PROB) -> Flatline | None:
    """Whether the values end in a run of equal ones that the history does not explain.

    The follower calls it on the accepted values of each feed after every poll and labels a stuck one;
    values are those since the last known change at least, one of each interval or poll.

    Args:
        values: the newest values of the feed, in order; nulls are passed over.
        history: what the feed said before, in the same rhythm.
        max_prob: a run less probable than this is no chance.

    Returns:
        The run, or None if it is within what the history shows. A history of fewer than 100 values shows
        nothing: None.
    """
    value = values.drop_nulls().cast(pl.Float64).to_numpy()
    known = history.drop_nulls().cast(pl.Float64)
    if not value.size or known.len() < _MIN_HISTORY:
        return None
    differs = np.flatnonzero(value != value[-1])
    n_equal = int(value.size - (differs[-1] + 1 if differs.size else 0))
    prob = run_prob(n_equal, float(value[-1]), known)
    return Flatline(n_equal=n_equal, run_prob=prob) if prob < max_prob else None


def run_prob(n_equal: int, at_level: float, history: pl.Series) -> float:
    """Upper bound of the probability that so many values in succession are equal, by a feed's history.

    The first repetition has the rate at which values repeat at all; each further one the rate at which
    a run goes on, which is higher, or that of runs at this very level if they go on longer still. Rates are
    the upper ends of Wilson's interval (Wilson 1927, JASA 22:209).

    Args:
        n_equal: length of the run.
        at_level: the value that repeats.
        history: what the feed said before, without nulls.
    """
    if n_equal < 2:
        return 1.0
    known = history.to_numpy()
    repeats = known[1:] == known[:-1]
    runs, goes_on = repeats[:-1], repeats[1:] & repeats[:-1]
    here = runs & (known[1:-1] == at_level)
    on = _rate_on(goes_on, runs)
    if here.any():
        on = max(on, _rate_on(goes_on & here, here))
    return _upper(int(repeats.sum()), repeats.size) * on ** (n_equal - 2)


def _rate_on(goes_on: NDArray[np.bool_], runs: NDArray[np.bool_]) -> float:
    return _upper(_PRIOR_ON + int(goes_on.sum()), _PRIOR_RUNS + int(runs.sum()))


def _upper(hits: int, trials: int) -> float:
    """Upper end of Wilson's interval of a rate."""
    if not trials:
        return 1.0
    share, weight = hits / trials, _Z * _Z / trials
    root = math.sqrt(share * (1.0 - share) * weight + weight * weight / 4.0)
    return min(1.0, (share + weight / 2.0 + root) / (1.0 + weight))
