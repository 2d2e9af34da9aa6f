"""How concentrated mining is: Herfindahl-Hirschman index and Nakamoto coefficient, with their uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.measures.pools import UNKNOWN, PoolMix

__all__ = ["Concentration", "NakamotoChance", "concentration"]

_DRAWS = 2_000
_JEFFREYS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class NakamotoChance:
    """How likely one value of the Nakamoto coefficient is.

    Args:
        pools: the value.
        prob: its posterior probability.
    """

    pools: int
    prob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration:
    """Concentration of block production.

    Unlabelled blocks count as many small miners in `hhi_ratio` and `nakamoto`; the two worst cases give
    them all to the largest pool.

    Args:
        hhi_ratio: sum of squared shares, 0 to 1, free of the bias that counting luck adds.
        low_ratio: lower end of its interval.
        high_ratio: upper end.
        hhi_worst_ratio: if the unlabelled blocks were the largest pool's.
        nakamoto: the most likely fewest pools that hold more than half of the hashrate.
        nakamoto_chances: every value with its probability.
        nakamoto_worst: from the observed shares, if the unlabelled blocks were the largest pool's.
        level: confidence level of the interval.
    """

    hhi_ratio: float
    low_ratio: float
    high_ratio: float
    hhi_worst_ratio: float
    nakamoto: int
    nakamoto_chances: tuple[NakamotoChance, ...]
    nakamoto_worst: int
    level: float


def concentration(mix: PoolMix, rng: np.random.Generator, *, draws: int = _DRAWS) -> Concentration:
    """Index and coefficient by simulation from the Dirichlet posterior of the shares.

    The prior spreads half a block over each label. The unlabelled part is one component that enters no
    sum of squares and no majority.

    Args:
        mix: the pools.
        rng: the source of randomness.
        draws: number of simulated share vectors.

    Raises:
        InputError: if no block carries a label, or there is only one block.
    """
    named = np.array([share.blocks for share in mix.pools if share.name != UNKNOWN], dtype=np.float64)
    hidden = float(sum(share.blocks for share in mix.pools if share.name == UNKNOWN))
    if not len(named) or mix.total.blocks < 2:
        raise InputError("no block of this window carries a pool's label", blocks=mix.total.blocks)
    alpha = np.append(named + _JEFFREYS, hidden + _JEFFREYS)
    shares = rng.dirichlet(alpha, size=draws)[:, :-1]
    total = named.sum() + hidden
    observed = named / total
    index = float((np.square(observed).sum() * total - observed.sum()) / (total - 1))
    # Squares of noisy shares are too large on average: centre them on the unbiased index.
    squares = np.square(shares).sum(axis=1)
    squares = np.clip(squares - squares.mean() + index, 0.0, 1.0)
    coefficient = _majority(shares)
    values, counts = np.unique(coefficient, return_counts=True)
    worst = observed.copy()
    worst[0] += hidden / total
    tail = (1 - mix.level) / 2
    low, high = np.quantile(squares, (tail, 1 - tail))
    return Concentration(
        hhi_ratio=index,
        low_ratio=float(low),
        high_ratio=float(high),
        hhi_worst_ratio=float(np.square(worst).sum()),
        nakamoto=int(values[counts.argmax()]),
        nakamoto_chances=tuple(
            NakamotoChance(pools=int(value), prob=int(count) / draws)
            for value, count in zip(values, counts, strict=True)
        ),
        nakamoto_worst=int(_majority(worst[None, :])[0]),
        level=mix.level,
    )


def _majority(shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """Fewest components of each row whose sum exceeds one half; all of them + 1 where none does."""
    ordered = -np.sort(-shares, axis=1)
    return np.asarray((np.cumsum(ordered, axis=1) <= 0.5).sum(axis=1) + 1)
